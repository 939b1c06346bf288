"use strict";
// The picture, what is marked on it, and where on the screen it is. Places are in pixels of the drawing.
const stage = at("stage"), painting = at("painting"), marks = at("marks");
let selected = 0, hovered = 0, shown = 0, view = { scale: 1, x: 0, y: 0 };
const highlighted = new Set();

function showPicture(bitmap) {
  shown = state.version;
  if (painting.width !== bitmap.width || painting.height !== bitmap.height) [painting.width, painting.height] = [bitmap.width, bitmap.height];
  painting.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
}
function clearStage() {
  for (const canvas of [painting, marks]) canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  for (const id of ["drawing", "overlay"]) at(id).removeAttribute("src");
  for (const id of ["references", "offers", "palette"]) at(id).replaceChildren();
  at("offered").hidden = true;
}
function place() {
  if (!facts) return;
  for (const layer of [painting, at("overlay"), marks, at("drawing")]) {
    const width = layer.naturalWidth || layer.width || 1;
    layer.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale * facts.size[0] / width})`;
    layer.style.imageRendering = view.scale > 3 ? "pixelated" : "auto";
  }
  drawStroke();
}
function fit() {
  if (!facts) return;
  const [width, height] = facts.size, rim = 12;
  view.scale = Math.min((stage.clientWidth - rim) / width, (stage.clientHeight - rim) / height);
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
function move(x, y) {
  view.x += x;
  view.y += y;
  place();
}
const onScreen = ([x, y]) => [view.x + (x + 0.5) * view.scale, view.y + (y + 0.5) * view.scale];
function pointAt(event) {
  const box = stage.getBoundingClientRect();
  return [Math.floor((event.clientX - box.left - view.x) / view.scale), Math.floor((event.clientY - box.top - view.y) / view.scale)];
}
function regionAt([x, y]) {
  if (!labels || x < 0 || y < 0 || x >= facts.size[0] || y >= facts.size[1]) return 0;
  const [width, height] = map.size;
  return labels[Math.floor((y + 0.5) * height / facts.size[1]) * width + Math.floor((x + 0.5) * width / facts.size[0])];
}
function findBoxes() {
  const [width, height] = map.size;
  boxes = map.places.map(() => [width, height, -1, -1]);
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
  if (!labels) return;
  for (const region of new Set([...highlighted, hovered, selected])) {
    if (!region || !boxes[region]) continue;
    const [left, top, right, bottom] = boxes[region], width = right - left + 1, height = bottom - top + 1;
    if (width < 1) continue;
    const data = new ImageData(width, height), across = map.size[0];
    const wide = Math.max(1, Math.round((region === hovered && region !== selected ? 1.5 : 3) * across / facts.size[0] / view.scale));
    const colour = region === selected || highlighted.has(region) ? [255, 0, 190, 255] : [255, 255, 255, 235];
    const leaves = (x, y) => x < left || y < top || x > right || y > bottom || labels[y * across + x] !== region;
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
      const i = (top + y) * across + left + x;
      if (labels[i] !== region) continue;
      const edge = leaves(left + x - wide, top + y) || leaves(left + x + wide, top + y) || leaves(left + x, top + y - wide) || leaves(left + x, top + y + wide);
      if (edge) data.data.set(colour, 4 * (y * width + x));
    }
    const layer = new OffscreenCanvas(width, height);
    layer.getContext("2d").putImageData(data, 0, 0);
    context.drawImage(layer, left, top);
  }
}
function goTo(region) {
  hovered = 0;
  select(region);
  const there = onScreen(map.places[region]);
  if (there[0] < 0 || there[1] < 0 || there[0] > stage.clientWidth || there[1] > stage.clientHeight)
    move(stage.clientWidth / 2 - there[0], stage.clientHeight / 2 - there[1]);
}
async function showReferences() {
  const number = page, canvases = [];
  for (let reference = 1; reference <= facts.references; reference++) {
    const bitmap = await getPicture(here(`references/${reference}`, number));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Reference ${reference}`);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(bitmap, 0, 0);
    canvas.addEventListener("click", event => {
      const box = canvas.getBoundingClientRect();
      const x = Math.min(canvas.width - 1, Math.floor((event.clientX - box.left) * canvas.width / box.width));
      const y = Math.min(canvas.height - 1, Math.floor((event.clientY - box.top) * canvas.height / box.height));
      choose("#" + [...context.getImageData(x, y, 1, 1).data].slice(0, 3).map(value => value.toString(16).padStart(2, "0")).join(""));
    });
    canvases.push(canvas);
  }
  if (number === page) at("references").replaceChildren(...canvases);
}
