"use strict";
// What clicks, strokes and keys do.
const seen = new Set();
let tool = "colour", stroke = null, cursor = null, drag = null;

function give(region, color) {
  if (!writes) return say("This page only reads.");
  const values = () => ({ region, color, alike: at("alike").checked, map: map.version });
  return step("fix", values, color ? `Region ${region} is ${color}.` : `Region ${region} is as rltn decides.`);
}
function nextColor(region) {
  const colors = map.alternatives[region].map(number => map.palette[number]);
  return colors[(colors.indexOf(state.colors[region]) + 1) % colors.length];
}
function paint(region) {
  if (!region) return;
  select(region);
  if (!writes) return say("This page only reads.");
  if (at("colored").checked) return give(region, at("color").value);
  // the next one is chosen when the steps before have been taken
  const values = () => ({ region, color: nextColor(region), alike: at("alike").checked, map: map.version });
  return step("fix", values, `Region ${region} has its next colour.`);
}
function choose(color) {
  at("color").value = color;
  at("colored").checked = true;
  say(`A click gives ${color}.`);
  refresh();
}
const open = region => region > 0 && map.places[region][0] >= 0;
function nextDoubtful() {
  if (!state) return;
  const fixed = new Set(state.fixed), speck = region => map.shares[region] < 0.0003;
  const waiting = map.places.map((_, region) => region).filter(region => open(region) && !fixed.has(region));
  let left = waiting.filter(region => !seen.has(region));
  if (!left.length) { seen.clear(); left = waiting; }
  left.sort((a, b) => speck(a) - speck(b) || state.confidence[a] - state.confidence[b]);
  if (!left.length) return say("Every region has a colour of yours.");
  seen.add(left[0]);
  goTo(left[0]);
}
function neighbour(by) {
  if (!state) return;
  let region = selected;
  do region = (region + by + map.places.length) % map.places.length; while (!open(region) && region !== selected);
  if (open(region)) goTo(region);
}
const undo = () => step("undo", {}, "Undone."), redo = () => step("redo", {}, "Done again.");
const save = () => step("save", {}, "Saved in the painting.");
function saveAll() {
  const numbers = chapter.pages.flatMap(({ unsaved }, i) => unsaved ? [i + 1] : []);
  queue = queue.then(async () => {
    for (const number of numbers) await post(here("save", number));
    await show(await getJson(here("state.json")));
    await showChapter();
    say(`Saved in ${numbers.length} paintings.`);
  }).catch(sayWrong);
}
async function usePalette(file) {
  if (!file) return;
  try {
    if (file.size > 1 << 20) throw new Error(`${file.name} is too large for a palette file`);
    const data = btoa(Array.from(new Uint8Array(await file.arrayBuffer()), byte => String.fromCharCode(byte)).join(""));
    const { colors } = await post("palette-file", { name: file.name, data });
    step("palette", { colors }, `Only the ${colors.length} colours of ${file.name} are used.`);
  } catch (error) { sayWrong(error); }
}
async function end() {
  await queue;
  await showChapter();
  const unsaved = chapter.pages.filter(one => one.unsaved).map(({ name }) => name);
  if (writes && unsaved.length && !confirm(`Not saved yet: ${unsaved.slice(0, 5).join(", ")}${unsaved.length > 5 ? " …" : ""}. The steps are kept for the next time. Done?`)) return;
  try { await post("done"); } catch (error) { return sayWrong(error); }
  ended = true;
  writes = false;
  refresh();
}

// Strokes: drawn with the pointer, or point by point with arrows, Space and Enter.
function takeTool(name) {
  if (!writes) return say("This page only reads.");
  tool = name;
  document.querySelector(`#tools [value=${name}]`).checked = true;
  stage.classList.toggle("stroking", tool !== "colour");
  [stroke, cursor] = [null, null];
  drawStroke();
  say({ colour: "", merge: "Draw from a region into others: they become one, in the colour of the first.", split: "Draw through a region from edge to edge, or a loop around a part of it." }[tool]);
}
function drawStroke() {
  const points = (stroke || []).concat(cursor && stroke ? [cursor] : []).map(point => onScreen(point).join()).join(" ");
  for (const id of ["under", "line"]) at(id).setAttribute("points", points);
  at("cursor").setAttribute("visibility", cursor ? "visible" : "hidden");
  if (cursor) at("cursor").setAttribute("transform", `translate(${onScreen(cursor)})`);
}
const within = ([x, y]) => [Math.min(facts.size[0] - 1, Math.max(0, x)), Math.min(facts.size[1] - 1, Math.max(0, y))];
// The fewest points from which no other is farther away than `most` (Ramer, Douglas and Peucker).
function simplified(points, most) {
  const [first, last] = [points[0], points[points.length - 1]];
  const [dx, dy] = [last[0] - first[0], last[1] - first[1]], length = Math.hypot(dx, dy);
  let [far, index] = [most, 0];
  for (let i = 1; i < points.length - 1; i++) {
    const [x, y] = [points[i][0] - first[0], points[i][1] - first[1]];
    const away = length ? Math.abs(x * dy - y * dx) / length : Math.hypot(x, y);
    if (away > far) [far, index] = [away, i];
  }
  if (!index) return [first, last];
  return [...simplified(points.slice(0, index + 1), most).slice(0, -1), ...simplified(points.slice(index), most)];
}
function endStroke() {
  let points = (stroke || []).map(within), most = 0.7 / view.scale;
  const kind = tool;
  stroke = null;
  drawStroke();
  if (points.length < 2) return;
  let few = simplified(points, most);
  while (few.length > 64) few = simplified(points, most *= 1.5);
  step(kind, { stroke: few }, kind === "merge" ? "Merged. Undo takes it back." : "Split. The new part is chosen.");
}
function moveCursor(x, y) {
  if (!facts) return;
  const by = 1 / view.scale;
  cursor = within([Math.round((cursor || pointInMiddle())[0] + x * by), Math.round((cursor || pointInMiddle())[1] + y * by)]);
  hovered = regionAt(cursor);
  describe();
  mark();
  drawStroke();
}
function pointInMiddle() {
  if (selected) return map.places[selected];
  return within([Math.round((stage.clientWidth / 2 - view.x) / view.scale), Math.round((stage.clientHeight / 2 - view.y) / view.scale)]);
}
function strokeKey() {
  if (!cursor) return moveCursor(0, 0);
  if (!stroke) {
    stroke = [cursor];
    return say("A stroke begins here. Arrows move, Space bends it, Enter ends it, Escape gives it up.");
  }
  stroke.push(cursor);
  endStroke();
}
function bend() {
  if (stroke && cursor) stroke.push(cursor);
}
function giveUp() {
  [stroke, cursor, drag] = [null, null, null];
  drawStroke();
  say("");
}

stage.addEventListener("pointerdown", event => {
  if (!facts) return;
  const draws = tool !== "colour" && event.button === 0 && !event.shiftKey;
  drag = { x: event.clientX, y: event.clientY, from: { ...view }, moved: false, button: event.button, draws };
  cursor = null;
  if (draws) stroke = [pointAt(event)];
  stage.setPointerCapture(event.pointerId);
});
stage.addEventListener("pointermove", event => {
  if (!facts || !labels) return;
  if (drag && drag.draws && stroke) {
    for (const one of event.getCoalescedEvents().concat(event)) stroke.push(pointAt(one));
    return drawStroke();
  }
  if (drag) {
    const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
    drag.moved ||= Math.hypot(x, y) > 4;
    stage.classList.toggle("moving", drag.moved);
    if (drag.moved) { view.x = drag.from.x + x; view.y = drag.from.y + y; place(); }
    return;
  }
  const region = regionAt(pointAt(event));
  if (region === hovered) return;
  hovered = region;
  describe();
  mark();
});
stage.addEventListener("pointerup", event => {
  const was = drag;
  drag = null;
  stage.classList.remove("moving");
  if (!was || !facts) return;
  if (was.draws) return endStroke();
  if (!was.moved && was.button === 0 && tool === "colour") paint(regionAt(pointAt(event)));
});
stage.addEventListener("pointercancel", giveUp);
stage.addEventListener("pointerleave", () => { hovered = 0; describe(); mark(); });
stage.addEventListener("wheel", event => {
  event.preventDefault();
  const box = stage.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top);
}, { passive: false });
