"use strict";

// Tooltips: the values at the logged step nearest to the pointer.
const tip = document.getElementById("tip");

function exact(value, unit) {
  return unit === "share" ? (100 * value).toFixed(1) + " %" : String(Number(value.toPrecision(6)));
}

function nearest(steps, step) {
  let best = 0;
  for (let i = 1; i < steps.length; i++) {
    if (Math.abs(steps[i] - step) < Math.abs(steps[best] - step)) best = i;
  }
  return best;
}

function row(line, index, step, unit) {
  const p = document.createElement("p");
  const swatch = document.createElement("i");
  swatch.className = "s" + line.style;
  let text = `${line.name.replaceAll("_", " ")} ${exact(line.y[index], unit)}`;
  if (line.low) text += ` [${exact(line.low[index], unit)}, ${exact(line.high[index], unit)}]`;
  if (line.x[index] !== step) text += ` (step ${line.x[index]})`;
  p.append(swatch, text);
  return p;
}

for (const figure of document.querySelectorAll("[data-chart]")) {
  const { unit, axis, lines } = JSON.parse(figure.dataset.chart);
  const svg = figure.querySelector("svg");
  const guide = figure.querySelector(".guide");
  const hide = () => { tip.hidden = true; guide.style.opacity = 0; };
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * axis.width;
    const pointed = axis.from + (x - axis.left) / (axis.right - axis.left) * (axis.to - axis.from);
    const found = lines.map((line) => nearest(line.x, pointed));
    const steps = lines.map((line, i) => line.x[found[i]]);
    const step = steps[nearest(steps, pointed)];
    const at = axis.left + (step - axis.from) / (axis.to - axis.from) * (axis.right - axis.left);
    guide.setAttribute("x1", at);
    guide.setAttribute("x2", at);
    guide.style.opacity = 0.35;
    const head = document.createElement("p");
    head.textContent = `step ${step}`;
    tip.replaceChildren(head, ...lines.map((line, i) => row(line, found[i], step, unit)));
    tip.hidden = false;
    const left = event.clientX + 16 + tip.offsetWidth > innerWidth ? event.clientX - 16 - tip.offsetWidth : event.clientX + 16;
    const top = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 6);
    tip.style.transform = `translate(${Math.max(6, left)}px, ${top}px)`;
  });
  svg.addEventListener("pointerleave", hide);
  addEventListener("scroll", hide, { passive: true });
}

// A question's answers: one completion at a time is unfolded.
function unfold(button) {
  for (const other of button.parentElement.querySelectorAll("button")) {
    const open = other === button && other.getAttribute("aria-expanded") === "false";
    other.setAttribute("aria-expanded", open);
    document.getElementById(other.getAttribute("aria-controls")).hidden = !open;
  }
}

for (const strip of document.querySelectorAll(".strip")) {
  strip.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) unfold(button);
  });
}

// Filters: a card is shown if it passes all; each choice says how many cards it would leave.
const filters = document.getElementById("filters");
const cards = [...document.querySelectorAll("#questions .card")];

function passes(card, { type, outcome, task }) {
  return (!type || card.dataset.type === type) && (!task || card.dataset.task === task)
    && (!outcome || card.dataset.outcomes.split(" ").includes(outcome));
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

// Keys: j and k go from card to card, o unfolds the last completion.
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

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, textarea")) return;
  if (event.key === "j") go(1);
  if (event.key === "k") go(-1);
  const last = event.key === "o" && current >= 0 && cards[current].querySelector(".strip button:last-child");
  if (last) unfold(last);
});
