"use strict";
// What the server is asked, and what it has told: one page of the chapter at a time.
const at = id => document.getElementById(id);
let chapter, facts, state, map, labels, boxes, page = 1;
let writes = false, ended = false;

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
const sayWrong = error => say(error instanceof TypeError ? "rltn does not answer: is it still running?" : error.message);
const here = (name, number = page) => `pages/${number}/${name}`;

async function post(address, values = {}) {
  const answer = await fetch(address, { method: "POST", headers: { "X-Tab": tab }, body: JSON.stringify(values) });
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.json();
}
async function get(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer;
}
const getJson = async address => (await get(address)).json();
async function getPicture(address) {
  return createImageBitmap(await (await get(address)).blob(), { colorSpaceConversion: "none" });
}

// Steps are sent one after the other, in the order of the clicks.
let queue = Promise.resolve();
function step(action, values, words) {
  const started = performance.now(), number = page;
  queue = queue.then(async () => {
    if (typeof values === "function") values = values();
    const answer = await post(here(action, number), values || {});
    if (number !== page) return;
    await show(answer);
    if (answer.region) select(answer.region);
    at("time").textContent = `${Math.round(performance.now() - started)} ms`;
    say(words || "");
    if (chapter.pages.length > 1) await showChapter();
  }).catch(sayWrong);
  return queue;
}

// Shows a state of this page; regions are fetched again only where they have changed.
async function show(answer) {
  const number = page, isSame = map && answer.map === map.version;
  const [bitmap, told, data] = await Promise.all([
    getPicture(here(`picture.png?${answer.version}`)),
    isSame ? map : getJson(here("map.json")),
    isSame ? null : get(here("regions")).then(found => found.arrayBuffer()),
  ]);
  if (number !== page) return;
  if (!isSame) {
    [map, labels, selected, hovered] = [told, new Uint32Array(data), 0, 0];
    highlighted.clear();
    findBoxes();
    showPalette();
    [marks.width, marks.height] = map.size;
  }
  state = answer;
  showPicture(bitmap);
  refresh();
}

async function openPage(number) {
  await queue;
  [page, facts, state, map, labels] = [number, null, null, null, null];
  [selected, hovered, shown] = [0, 0, 0];
  seen.clear();
  clearStage();
  say("");
  refresh();
  at("page").value = number;
  sessionStorage.setItem("page", number);
  try {
    const [told, now] = await Promise.all([getJson(here("facts.json")), getJson(here("state.json"))]);
    if (number !== page) return;
    facts = told;
    for (const kind of ["png", "ora", "psd"]) at(kind).href = here(`export/${kind}`);
    say(facts.notices.join(" "));
    showFinishes();
    for (const id of ["drawing", "overlay"]) { at(id).src = here("drawing.png"); await at(id).decode(); }
    await Promise.all([show(now), showReferences()]);
    fit();
    await showChapter();
    post(here("prepare")).catch(() => {}); // so that another finish is there at once
  } catch (error) {
    if (number === page) refresh(error.message);
  }
}
async function claim() {
  if (ended) return;
  try {
    const before = writes;
    writes = (await post("claim")).writes && !(state && state.reads_only);
    if (state && (!writes || !before)) {
      const number = page, now = await getJson(here("state.json"));
      if (number === page && now.version !== state.version) await show(now);
    }
    if (before !== writes) refresh();
  } catch (error) { sayWrong(error); }
}
