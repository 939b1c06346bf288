"use strict";
// The panel, the buttons and the list of pages: what is known of the region, and what can be done.
const percent = share => `${Math.round(100 * share)} %`;

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
function showPalette() {
  at("palette-name").textContent = map.own ? "Palette of the reference" : "Your palette";
  at("own").hidden = map.own;
  at("palette").replaceChildren(...map.palette.map((color, i) => {
    const button = swatch(color, `Colour ${i + 1}, ${color}`, () => choose(color));
    if (i < 9) button.textContent = i + 1;
    return button;
  }));
}
function showFinishes() {
  const legend = at("finishes").firstElementChild;
  at("finishes").replaceChildren(legend, ...Object.entries(facts.finishes).map(([name, meaning]) => {
    const label = document.createElement("label"), input = document.createElement("input");
    label.title = meaning;
    Object.assign(input, { type: "radio", name: "finish", value: name });
    input.addEventListener("change", () => step("finish", { finish: name }, `The finish is ${name}.`));
    label.append(input, name[0].toUpperCase() + name.slice(1));
    return label;
  }));
}
function describe() {
  const region = hovered || selected;
  if (!region || !map) {
    at("about").textContent = "Point at a region, or press N.";
    return at("alternatives").replaceChildren();
  }
  const isFixed = state.fixed.includes(region), share = map.shares[region];
  at("about").textContent = `Region ${region}, ${state.colors[region]}${isFixed ? ", given by you" : `, ${percent(state.confidence[region])} sure`}. ` +
    `It covers ${(100 * share).toFixed(share < 0.01 ? 2 : 0)} % of the drawing.`;
  at("alternatives").replaceChildren(...map.alternatives[region].map((number, i) => {
    const color = map.palette[number], votes = percent(map.votes[region][i]);
    const button = swatch(color, `${color}, ${votes} of the votes`, () => { select(region); give(region, color); });
    button.textContent = votes;
    button.setAttribute("aria-pressed", String(color === state.colors[region]));
    return button;
  }));
}
function select(region) {
  selected = region;
  describe();
  mark();
}
function bannerText(wrong) {
  if (ended) return "Done. You can close this page.";
  if (wrong) return wrong;
  if (writes || !state) return "";
  if (state.reads_only) return "Another process touches up this painting. This page only reads.";
  return "Another tab makes the changes. This one only reads until that is closed.";
}
function refresh(wrong = "") {
  at("undo").disabled = !writes || !state || !state.done;
  at("redo").disabled = !writes || !state || !state.undone;
  at("save").disabled = !writes || !state || !state.unsaved;
  for (const id of ["back", "next", "palette-file", "own", "fit"]) at(id).disabled = !state || (!writes && id !== "next" && id !== "fit");
  for (const input of document.querySelectorAll("#finishes input, #tools input")) input.disabled = !writes;
  for (const input of document.querySelectorAll("#finishes input")) input.checked = Boolean(state) && input.value === state.finish;
  for (const kind of ["png", "ora", "psd"]) at(kind).hidden = !state;
  document.title = `${state && state.unsaved ? "* " : ""}${chapter.pages[page - 1].name}`;
  at("banner").textContent = bannerText(wrong);
  at("banner").hidden = !at("banner").textContent;
  for (const button of at("palette").children)
    button.setAttribute("aria-pressed", String(at("colored").checked && button.dataset.color === at("color").value));
  describe();
  mark();
}

async function showChapter() {
  chapter = await getJson("chapter.json");
  const many = chapter.pages.length > 1;
  at("name").hidden = many;
  at("name").textContent = chapter.pages[0].name;
  for (const id of ["before", "page", "after"]) at(id).hidden = !many;
  at("before").disabled = page === 1;
  at("after").disabled = page === chapter.pages.length;
  at("page").replaceChildren(...chapter.pages.map(({ name, unsaved }, i) =>
    new Option(`${i + 1} of ${chapter.pages.length}: ${name}${unsaved ? " *" : ""}`, i + 1)));
  at("page").value = page;
  at("save-all").hidden = chapter.pages.filter(({ unsaved }, i) => unsaved && i + 1 !== page).length === 0;
  if (many) showOffers();
}
// What fixes of other pages suggest is looked for beside everything else.
async function showOffers() {
  const number = page;
  try {
    const told = await getJson(here("offers.json"));
    if (number !== page || !map || told.map !== map.version) return;
    at("offered").hidden = !told.offers.length;
    at("offers").replaceChildren(...told.offers.map(offer => offerRow(offer)));
  } catch (error) { sayWrong(error); }
}
function offerRow({ page: from, before, color, regions }) {
  const row = document.createElement("div"), text = document.createElement("p");
  row.className = "offer";
  const count = `${regions.length} region${regions.length > 1 ? "s" : ""}`;
  const chip = value => Object.assign(document.createElement("span"), { className: "chip", title: value, style: `background: ${value}` });
  text.append(chip(before), " → ", chip(color), ` ${count}, as on page ${from}`);
  const look = Object.assign(document.createElement("button"), { type: "button", textContent: "Look" });
  const take = Object.assign(document.createElement("button"), { type: "button", textContent: "Give" });
  look.setAttribute("aria-label", `Look at ${count} that may need ${color} instead of ${before}`);
  take.setAttribute("aria-label", `Give ${count} ${color} instead of ${before}`);
  let looked = 0;
  look.addEventListener("click", () => goTo(regions[looked++ % regions.length]));
  take.addEventListener("click", () => step("give", () => ({ regions, color, map: map.version }), `${count}: ${color}.`));
  const light = on => { highlighted.clear(); if (on) regions.forEach(region => highlighted.add(region)); mark(); };
  for (const [kind, on] of [["pointerenter", true], ["pointerleave", false], ["focusin", true], ["focusout", false]])
    row.addEventListener(kind, () => light(on));
  row.append(text, look, take);
  return row;
}
