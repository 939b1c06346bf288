"use strict";
// Keys, and how the page begins.
function toggle(id) { at(id).checked = !at(id).checked; at(id).dispatchEvent(new Event("change")); }
function turn(by) { if (page + by >= 1 && page + by <= chapter.pages.length) openPage(page + by); }
function arrow(x, y, fine) {
  if (tool === "colour") return move(60 * x, 60 * y);
  moveCursor(fine ? -x : -12 * x, fine ? -y : -12 * y);
}
const KEYS = {
  n: nextDoubtful, "[": () => neighbour(-1), "]": () => neighbour(1),
  Enter: () => tool === "colour" ? paint(selected) : strokeKey(), " ": bend, Escape: giveUp,
  c: () => takeTool("colour"), m: () => takeTool("merge"), s: () => takeTool("split"),
  a: () => { at("alternative").checked = true; refresh(); }, l: () => toggle("alike"), d: () => toggle("beside"),
  r: () => selected && give(selected, null), "+": () => zoom(1.25), "-": () => zoom(0.8), 0: fit,
  ArrowLeft: event => arrow(1, 0, event.shiftKey), ArrowRight: event => arrow(-1, 0, event.shiftKey),
  ArrowUp: event => arrow(0, 1, event.shiftKey), ArrowDown: event => arrow(0, -1, event.shiftKey),
  PageUp: () => turn(-1), PageDown: () => turn(1),
};
const MEANINGS = [
  ["N", "next doubtful region"], ["[ ]", "other regions"], ["Enter", "colour the region"], ["1 … 9", "a colour of the palette"],
  ["A", "the next alternative"], ["R", "as rltn decides"], ["L", "and all alike"], ["C M S", "colour, merge, split"],
  ["arrows", "move; the cursor of a stroke"], ["Space", "bend a stroke"], ["+ − 0", "zoom, fit"], ["D", "drawing beside"],
  ["Page Up, Down", "pages of a chapter"], ["Ctrl+Z, Y, S", "undo, redo, save"],
];
document.addEventListener("keydown", event => {
  if (!chapter || event.altKey) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  let action = null;
  if (event.ctrlKey || event.metaKey) {
    action = { z: event.shiftKey ? redo : undo, y: redo, s: save }[key];
  } else if (/^[1-9]$/.test(key) && map && map.palette[key - 1]) {
    action = () => choose(map.palette[key - 1]);
  } else action = KEYS[key];
  const control = event.target.closest("button, a, input, select, summary");
  if (!action || (control && /^(Enter|Arrow| |Page)/.test(key)) || (event.target.tagName === "SELECT" && key.length === 1 && !event.ctrlKey)) return;
  event.preventDefault();
  action(event);
});

async function start() {
  const stored = Number(sessionStorage.getItem("page")) || 1;
  chapter = await getJson("chapter.json");
  page = Math.min(stored, chapter.pages.length);
  at("keys").replaceChildren(...MEANINGS.flatMap(([keys, meaning]) =>
    [["dt", keys], ["dd", meaning]].map(([kind, text]) => Object.assign(document.createElement(kind), { textContent: text }))));
  const actions = { undo, redo, save, "save-all": saveAll, next: nextDoubtful, fit, done: end, before: () => turn(-1), after: () => turn(1), back: () => selected && give(selected, null), own: () => step("palette", { colors: null }, "The colours are the reference’s own.") };
  for (const [id, action] of Object.entries(actions)) at(id).addEventListener("click", action);
  at("page").addEventListener("change", () => openPage(Number(at("page").value)));
  at("palette-file").addEventListener("change", () => { usePalette(at("palette-file").files[0]); at("palette-file").value = ""; });
  for (const input of document.querySelectorAll("#tools input")) input.addEventListener("change", () => takeTool(input.value));
  at("over").addEventListener("input", () => { at("overlay").style.opacity = at("over").value / 100; });
  at("color").addEventListener("input", () => choose(at("color").value));
  for (const id of ["alternative", "colored"]) at(id).addEventListener("change", () => refresh());
  at("beside").addEventListener("change", () => { at("drawing-pane").hidden = !at("beside").checked; fit(); });
  window.addEventListener("resize", fit);
  window.addEventListener("pagehide", () => { fetch("release", { method: "POST", headers: { "X-Tab": tab }, keepalive: true }); });
  await claim();
  await openPage(page);
  setInterval(claim, 5000);
  refresh(at("banner").textContent);
  document.body.dataset.ready = "yes";
}
start().catch(error => { at("banner").hidden = false; at("banner").textContent = error.message; });
