"use strict";
const at = id => document.getElementById(id);
const stage = at("stage"), painting = at("painting"), marks = at("marks");
let facts, state, labels, boxes, selected = 0, hovered = 0, writes = false, ended = false, shown = 0;
let view = { scale: 1, x: 0, y: 0 };
const seen = new Set();

function tabName() {
  let name = sessionStorage.getItem("tab");
  if (!name) {
    name = [...crypto.getRandomValues(new Uint8Array(12))].map(byte => byte.toString(16).padStart(2, "0")).join("");
    sessionStorage.setItem("tab", name);
  }
  return name;
}
const tab = tabName();
const say = text => { at("said").textContent = text; };

async function post(action, values = {}) {
  const answer = await fetch(action, { method: "POST", headers: { "X-Tab": tab }, body: JSON.stringify(values) });
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.json();
}
async function get(name) {
  const answer = await fetch(name);
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer;
}
// Steps are sent one after the other, in the order of the clicks.
let queue = Promise.resolve();
function step(action, values, words) {
  const started = performance.now();
  queue = queue.then(async () => {
    if (typeof values === "function") values = values();
    state = await post(action, values);
    await showPicture();
    at("time").textContent = `${Math.round(performance.now() - started)} ms`;
    say(words || "");
    refresh();
  }).catch(error => say(error instanceof TypeError ? "rltn does not answer: is it still running?" : error.message));
  return queue;
}
async function showPicture() {
  const version = state.version;
  const bitmap = await createImageBitmap(await (await get(`picture.png?${version}`)).blob(), { colorSpaceConversion: "none" });
  if (version < shown) return;
  shown = version;
  if (painting.width !== bitmap.width || painting.height !== bitmap.height) [painting.width, painting.height] = [bitmap.width, bitmap.height];
  painting.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
}

// Zoom and place are in pixels of the drawing.
function place() {
  for (const layer of [painting, at("overlay"), marks, at("drawing")]) {
    const width = layer.naturalWidth || layer.width || 1;
    layer.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale * facts.size[0] / width})`;
    layer.style.imageRendering = view.scale > 3 ? "pixelated" : "auto";
  }
}
function fit() {
  const [width, height] = facts.size;
  view.scale = Math.min(stage.clientWidth / width, stage.clientHeight / height);
  view.x = (stage.clientWidth - width * view.scale) / 2;
  view.y = (stage.clientHeight - height * view.scale) / 2;
  place();
}
function zoom(factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
  const scale = Math.min(40, Math.max(0.02, view.scale * factor));
  view.x = x - (x - view.x) * scale / view.scale;
  view.y = y - (y - view.y) * scale / view.scale;
  view.scale = scale;
  place();
}
function regionAt(event) {
  const box = stage.getBoundingClientRect(), [width, height] = facts.map;
  const x = Math.floor((event.clientX - box.left - view.x) / view.scale / facts.size[0] * width);
  const y = Math.floor((event.clientY - box.top - view.y) / view.scale / facts.size[1] * height);
  return x >= 0 && y >= 0 && x < width && y < height ? labels[y * width + x] : 0;
}
function findBoxes() {
  const [width, height] = facts.map;
  boxes = facts.places.map(() => [width, height, -1, -1]);
  for (let y = 0, i = 0; y < height; y++) for (let x = 0; x < width; x++, i++) {
    const box = boxes[labels[i]];
    if (x < box[0]) box[0] = x;
    if (y < box[1]) box[1] = y;
    if (x > box[2]) box[2] = x;
    if (y > box[3]) box[3] = y;
  }
}
function mark() {
  const context = marks.getContext("2d");
  context.clearRect(0, 0, marks.width, marks.height);
  for (const region of new Set([hovered, selected])) {
    if (!region) continue;
    const [left, top, right, bottom] = boxes[region], width = right - left + 1, height = bottom - top + 1;
    const data = new ImageData(width, height), across = facts.map[0];
    const wide = Math.max(1, Math.round((region === selected ? 3 : 1.5) * across / facts.size[0] / view.scale));
    const leaves = (x, y) => x < left || y < top || x > right || y > bottom || labels[y * across + x] !== region;
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
      const i = (top + y) * across + left + x;
      if (labels[i] !== region) continue;
      const edge = leaves(left + x - wide, top + y) || leaves(left + x + wide, top + y) || leaves(left + x, top + y - wide) || leaves(left + x, top + y + wide);
      if (edge) data.data.set([255, region === selected ? 0 : 255, 255, 255], 4 * (y * width + x));
    }
    const layer = new OffscreenCanvas(width, height);
    layer.getContext("2d").putImageData(data, 0, 0);
    context.drawImage(layer, left, top);
  }
}

function swatch(color, text, action) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "swatch";
  button.style.background = color;
  const [red, green, blue] = [1, 3, 5].map(i => parseInt(color.slice(i, i + 2), 16));
  button.style.color = 0.3 * red + 0.6 * green + 0.1 * blue > 140 ? "black" : "white";
  button.dataset.color = color;
  button.setAttribute("aria-label", text);
  button.title = text;
  button.addEventListener("click", action);
  return button;
}
const percent = share => `${Math.round(100 * share)} %`;
function describe() {
  const region = hovered || selected;
  if (!region) return;
  const isFixed = state.fixed.includes(region), share = facts.shares[region];
  at("about").textContent = `Region ${region}, ${state.colors[region]}${isFixed ? ", given by you" : `, ${percent(state.confidence[region])} sure`}. ` +
    `It covers ${(100 * share).toFixed(share < 0.01 ? 2 : 0)} % of the drawing.`;
  at("alternatives").replaceChildren(...facts.alternatives[region].map((number, i) => {
    const color = facts.palette[number], votes = percent(facts.votes[region][i]);
    const button = swatch(color, `${color}, ${votes} of the votes`, () => { select(region); give(region, color); });
    button.textContent = votes;
    button.setAttribute("aria-pressed", String(color === state.colors[region]));
    return button;
  }));
}
function refresh() {
  at("undo").disabled = !writes || !state.done;
  at("redo").disabled = !writes || !state.undone;
  at("save").disabled = !writes || !state.unsaved;
  for (const id of ["finish", "back"]) at(id).disabled = !writes;
  at("finish").value = state.finish;
  document.title = `${state.unsaved ? "* " : ""}${facts.name}`;
  at("banner").hidden = writes && !ended;
  if (!ended) at("banner").textContent = state.reads_only
    ? "Another process touches up this painting. This page only reads."
    : "Another tab touches up this painting. This one only reads until that is closed.";
  for (const button of at("palette").children)
    button.setAttribute("aria-pressed", String(at("colored").checked && button.dataset.color === at("color").value));
  describe();
  mark();
}
function select(region) {
  selected = region;
  describe();
  mark();
}
function give(region, color) {
  if (!writes) return say("This page only reads.");
  return step("fix", { region, color, alike: at("alike").checked }, color ? `Region ${region} is ${color}.` : `Region ${region} is as rltn decides.`);
}
function nextColor(region) {
  const colors = facts.alternatives[region].map(number => facts.palette[number]);
  return colors[(colors.indexOf(state.colors[region]) + 1) % colors.length];
}
function paint(region) {
  if (!region) return;
  select(region);
  if (!writes) return say("This page only reads.");
  if (at("colored").checked) return give(region, at("color").value);
  // the next one is chosen when the steps before have been taken
  return step("fix", () => ({ region, color: nextColor(region), alike: at("alike").checked }), `Region ${region} has its next colour.`);
}
function choose(color) {
  at("color").value = color;
  at("colored").checked = true;
  say(`A click gives ${color}.`);
  refresh();
}
function goTo(region) {
  hovered = 0;
  select(region);
  const [x, y] = facts.places[region], there = [view.x + x * view.scale, view.y + y * view.scale];
  if (there[0] < 0 || there[1] < 0 || there[0] > stage.clientWidth || there[1] > stage.clientHeight) {
    view.x = stage.clientWidth / 2 - x * view.scale;
    view.y = stage.clientHeight / 2 - y * view.scale;
    place();
  }
}
const open = region => region > 0 && facts.places[region][0] >= 0;
function nextDoubtful() {
  const fixed = new Set(state.fixed), speck = region => facts.shares[region] < 0.0003;
  const waiting = facts.places.map((_, region) => region).filter(region => open(region) && !fixed.has(region));
  let left = waiting.filter(region => !seen.has(region));
  if (!left.length) { seen.clear(); left = waiting; }
  left.sort((a, b) => speck(a) - speck(b) || state.confidence[a] - state.confidence[b]);
  if (!left.length) return say("Every region has a colour of yours.");
  seen.add(left[0]);
  goTo(left[0]);
}
function neighbour(by) {
  let region = selected;
  do region = (region + by + facts.places.length) % facts.places.length; while (!open(region) && region !== selected);
  if (open(region)) goTo(region);
}

async function claim() {
  if (ended) return;
  try {
    const answer = await post("claim"), before = writes;
    writes = answer.writes && !state.reads_only;
    if (answer.version !== state.version) {
      state = await (await get("state.json")).json();
      await showPicture();
      refresh();
    } else if (before !== writes) refresh();
  } catch { say("rltn does not answer: is it still running?"); }
}
async function showReferences() {
  for (let number = 1; number <= facts.references; number++) {
    const bitmap = await createImageBitmap(await (await get(`references/${number}`)).blob(), { colorSpaceConversion: "none" });
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Reference ${number}`);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(bitmap, 0, 0);
    canvas.addEventListener("click", event => {
      const box = canvas.getBoundingClientRect();
      const x = Math.min(canvas.width - 1, Math.floor((event.clientX - box.left) * canvas.width / box.width));
      const y = Math.min(canvas.height - 1, Math.floor((event.clientY - box.top) * canvas.height / box.height));
      choose("#" + [...context.getImageData(x, y, 1, 1).data].slice(0, 3).map(value => value.toString(16).padStart(2, "0")).join(""));
    });
    at("references").append(canvas);
  }
}
async function end() {
  if (writes && state.unsaved && !confirm("Not all is saved in the painting yet. The steps are kept for the next time. Done?")) return;
  await queue;
  try { await post("done"); } catch (error) { return say(error.message); }
  ended = true;
  writes = false;
  refresh();
  at("banner").textContent = "Done. You can close this page.";
}

let drag = null;
stage.addEventListener("pointerdown", event => {
  drag = { x: event.clientX, y: event.clientY, from: { ...view }, moved: false, button: event.button };
  stage.setPointerCapture(event.pointerId);
});
stage.addEventListener("pointermove", event => {
  if (drag) {
    const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
    drag.moved ||= Math.hypot(x, y) > 4;
    if (drag.moved) { view.x = drag.from.x + x; view.y = drag.from.y + y; place(); }
    return;
  }
  const region = regionAt(event);
  if (region === hovered) return;
  hovered = region;
  describe();
  mark();
});
stage.addEventListener("pointerup", event => {
  const was = drag;
  drag = null;
  if (was && !was.moved && was.button === 0) paint(regionAt(event));
});
stage.addEventListener("pointercancel", () => { drag = null; });
stage.addEventListener("pointerleave", () => { hovered = 0; describe(); mark(); });
stage.addEventListener("wheel", event => {
  event.preventDefault();
  const box = stage.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top);
}, { passive: false });

const undo = () => step("undo", {}, "Undone."), redo = () => step("redo", {}, "Done again.");
const save = () => step("save", {}, "Saved in the painting.");
function toggle(id) { at(id).checked = !at(id).checked; at(id).dispatchEvent(new Event("change")); }
const KEYS = {
  n: nextDoubtful, "[": () => neighbour(-1), "]": () => neighbour(1), Enter: () => paint(selected),
  a: () => { at("alternative").checked = true; refresh(); }, l: () => toggle("alike"), d: () => toggle("beside"),
  r: () => selected && give(selected, null), "+": () => zoom(1.25), "-": () => zoom(0.8), 0: fit,
  ArrowLeft: () => { view.x += 60; place(); }, ArrowRight: () => { view.x -= 60; place(); },
  ArrowUp: () => { view.y += 60; place(); }, ArrowDown: () => { view.y -= 60; place(); },
};
document.addEventListener("keydown", event => {
  if (!facts || event.altKey) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  let action = null;
  if (event.ctrlKey || event.metaKey) {
    action = { z: event.shiftKey ? redo : undo, y: redo, s: save }[key];
  } else if (/^[1-9]$/.test(key) && facts.palette[key - 1]) {
    action = () => choose(facts.palette[key - 1]);
  } else action = KEYS[key];
  const control = event.target.closest("button, a, input, select");
  if (!action || (control && /^(Enter|Arrow)/.test(key)) || (event.target.tagName === "SELECT" && key.length === 1 && !event.ctrlKey)) return;
  event.preventDefault();
  action();
});

async function start() {
  facts = await (await get("facts.json")).json();
  state = await (await get("state.json")).json();
  labels = new Uint32Array(await (await get("regions")).arrayBuffer());
  findBoxes();
  [marks.width, marks.height] = facts.map;
  at("name").textContent = facts.name;
  for (const [name, meaning] of Object.entries(facts.finishes)) {
    const option = new Option(name, name);
    option.title = meaning;
    at("finish").append(option);
  }
  at("palette").append(...facts.palette.map((color, i) => swatch(color, `Colour ${i + 1}, ${color}`, () => choose(color))));
  for (const id of ["drawing", "overlay"]) { at(id).src = "drawing.png"; await at(id).decode(); }
  await Promise.all([showPicture(), showReferences()]);
  const actions = { undo, redo, save, next: nextDoubtful, fit, done: end, back: () => selected && give(selected, null) };
  for (const [id, action] of Object.entries(actions)) at(id).addEventListener("click", action);
  at("finish").addEventListener("change", () => step("finish", { finish: at("finish").value }, `The finish is ${at("finish").value}.`));
  at("over").addEventListener("input", () => { at("overlay").style.opacity = at("over").value / 100; });
  at("color").addEventListener("input", () => choose(at("color").value));
  for (const id of ["alternative", "colored"]) at(id).addEventListener("change", refresh);
  at("beside").addEventListener("change", () => { at("drawing-pane").hidden = !at("beside").checked; fit(); });
  window.addEventListener("resize", fit);
  window.addEventListener("pagehide", () => { fetch("release", { method: "POST", headers: { "X-Tab": tab }, keepalive: true }); });
  await claim();
  setInterval(claim, 5000);
  fit();
  refresh();
  document.body.dataset.ready = "yes";
}
start().catch(error => { at("banner").hidden = false; at("banner").textContent = error.message; });
