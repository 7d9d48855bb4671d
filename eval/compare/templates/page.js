"use strict";

// Filters: a card is shown if it passes all; each choice says how many cards it would leave.
const filters = document.getElementById("filters");
const cards = [...document.querySelectorAll("#flips .card")];

function passes(card, chosen) {
  return Object.entries(chosen).every(([name, value]) => !value || card.dataset[name] === value);
}

function filter() {
  const chosen = Object.fromEntries(new FormData(filters));
  for (const card of cards) card.hidden = !passes(card, chosen);
  document.getElementById("found").textContent = cards.filter((card) => !card.hidden).length;
  for (const input of filters.querySelectorAll("input")) {
    const left = cards.filter((card) => passes(card, { ...chosen, [input.name]: input.value }));
    input.parentElement.querySelector("[data-count]").textContent = left.length;
  }
}

if (filters) {
  filters.addEventListener("change", filter);
  filter();
}

// Keys: j and k go from card to card, o unfolds both completions.
let current = -1;

function go(by) {
  const shown = cards.filter((card) => !card.hidden);
  const place = shown.indexOf(cards[current]);
  const next = shown[place < 0 ? 0 : Math.min(Math.max(place + by, 0), shown.length - 1)];
  if (!next) return;
  current = cards.indexOf(next);
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "start" });
}

function unfold(card) {
  const completions = [...card.querySelectorAll(".given details")];
  const open = completions.some((each) => !each.open);
  for (const each of completions) each.open = open;
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, textarea")) return;
  if (event.key === "j") go(1);
  if (event.key === "k") go(-1);
  if (event.key === "o" && current >= 0) unfold(cards[current]);
});
