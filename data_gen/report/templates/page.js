"use strict";

const cards = [...document.querySelectorAll(".card.question")];
const filters = document.getElementById("filters");
const byId = (id) => document.getElementById(id);

// Flags stay with the data set where the browser keeps anything for a file, and in this window where it does not.
const SLOT = "robot-r1 flags " + document.querySelector("main").dataset.fingerprint;
let flags = new Set(recalled());

function recalled() {
  try {
    const kept = JSON.parse(localStorage.getItem(SLOT));
    return Array.isArray(kept) ? kept.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

function excludeText() {
  return [...flags].sort().map((id) => id + "\n").join("");
}

function showFlags() {
  for (const card of cards) {
    const on = flags.has(card.dataset.id);
    card.classList.toggle("flagged", on);
    card.querySelector(".flag").setAttribute("aria-pressed", on);
  }
  byId("flag-count").textContent = flags.size;
  byId("excluded").value = excludeText();
  for (const id of ["copy", "download", "unflag"]) byId(id).disabled = flags.size === 0;
  try {
    localStorage.setItem(SLOT, JSON.stringify([...flags]));
  } catch {
    // Storage is refused to some files: the list in this window is all there is.
  }
  filter();
}

function flag(card) {
  if (!flags.delete(card.dataset.id)) flags.add(card.dataset.id);
  showFlags();
}

byId("unflag").addEventListener("click", () => {
  flags = new Set();
  showFlags();
});

byId("copy").addEventListener("click", async () => {
  byId("excluded").select();
  try {
    await navigator.clipboard.writeText(excludeText());
    byId("copy").textContent = "copied";
  } catch {
    byId("copy").textContent = document.execCommand("copy") ? "copied" : "press Ctrl+C";
  }
  setTimeout(() => { byId("copy").textContent = "copy"; }, 1500);
});

byId("download").addEventListener("click", () => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([excludeText()], { type: "text/plain" }));
  link.download = "exclude.txt";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
});

// Filters: a card is shown if it passes all; each choice says how many cards it would leave.
const traits = new Map(cards.map((card) => [card, {
  strategies: JSON.parse(card.dataset.strategies),
  text: card.dataset.text.toLowerCase(),
}]));

function passes(card, { type, split, letter, strategy, task, flag, search }) {
  const { strategies, text } = traits.get(card);
  return (!type || card.dataset.type === type) && (!split || card.dataset.split === split)
    && (!letter || card.dataset.letter === letter) && (!task || card.dataset.task === task)
    && (!strategy || strategies.includes(strategy)) && (!flag || flags.has(card.dataset.id))
    && (!search || search.toLowerCase().split(/\s+/).every((word) => text.includes(word)));
}

function filter() {
  const chosen = Object.fromEntries(new FormData(filters));
  for (const card of cards) card.hidden = !passes(card, chosen);
  byId("found").textContent = cards.filter((card) => !card.hidden).length;
  byId("reset").hidden = !Object.values(chosen).some(Boolean);
  for (const input of filters.querySelectorAll("[type=radio]")) {
    const left = cards.filter((card) => passes(card, { ...chosen, [input.name]: input.value })).length;
    input.parentElement.querySelector("[data-count]").textContent = left;
    input.parentElement.classList.toggle("none", left === 0);
  }
}

filters.addEventListener("input", filter);
filters.addEventListener("submit", (event) => event.preventDefault());
byId("reset").addEventListener("click", () => {
  filters.reset();
  filter();
});

// Answers and marks.
function unfold(card) {
  const answer = card.querySelector(".answer");
  answer.open = !answer.open;
}

byId("unfold").addEventListener("click", (event) => {
  const open = event.target.getAttribute("aria-pressed") !== "true";
  event.target.setAttribute("aria-pressed", open);
  for (const answer of document.querySelectorAll(".answer")) answer.open = open;
});

byId("marks").addEventListener("click", (event) => {
  const on = event.target.getAttribute("aria-pressed") !== "true";
  event.target.setAttribute("aria-pressed", on);
  document.body.classList.toggle("bare", !on);
});

byId("page-questions").addEventListener("click", (event) => {
  const button = event.target.closest(".flag");
  if (button) flag(button.closest(".card"));
});

// Links: page.html#ID shows that question, even one that the filters hide.
function follow() {
  let id;
  try {
    id = decodeURIComponent(location.hash.slice(1));
  } catch {
    id = location.hash.slice(1);
  }
  const card = cards.find((each) => each.dataset.id === id);
  byId("missing").hidden = !id || Boolean(card) || document.getElementById(id) !== null;
  byId("missing").textContent = `The question ${id} is not among those shown here.`;
  if (card) {
    card.hidden = false;
    focusOn(card);
  } else if (!byId("missing").hidden) {
    byId("missing").scrollIntoView({ block: "center" });
  }
}

addEventListener("hashchange", follow);

// Keys.
let current = null;

function focusOn(card) {
  current = card;
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "start", behavior: "instant" });
}

function go(by) {
  const shown = cards.filter((card) => !card.hidden);
  const place = shown.indexOf(current);
  const next = shown[place < 0 ? 0 : Math.min(Math.max(place + by, 0), shown.length - 1)];
  if (next) focusOn(next);
}

addEventListener("focusin", (event) => {
  current = event.target.closest(".card.question") || current;
});

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("textarea, [type=search]")) return;
  const key = event.key;
  if (key.startsWith("Arrow") && event.target.matches("input")) return;
  if (key === "j" || key === "ArrowRight") go(1);
  if (key === "k" || key === "ArrowLeft") go(-1);
  if (!current || current.hidden) return;
  if (key === "o" || (key === "Enter" && !event.target.closest("a, button, summary, input"))) unfold(current);
  if (key === "f") flag(current);
});

showFlags();
follow();
