"use strict";

// Tables: a click on a column's name sorts by it, a second one turns the order round; what is missing stays last.
function sortBy(header) {
  const table = header.closest("table");
  const place = [...header.parentNode.children].indexOf(header);
  const down = header.getAttribute("aria-sort") === "ascending";
  const turn = down ? -1 : 1;
  const keyed = [...table.tBodies[0].rows].map((row) => {
    const cell = row.cells[place];
    const text = cell.textContent;
    if (!("value" in cell.dataset)) return { row, text, missing: text === "" };
    const value = cell.dataset.value;
    return { row, value: Number(value), missing: value === "" };
  });
  keyed.sort((one, other) => {
    if (one.missing || other.missing) return one.missing - other.missing;
    if ("value" in one && "value" in other) return one.value === other.value ? 0 : turn * (one.value < other.value ? -1 : 1);
    return turn * (one.text ?? "").localeCompare(other.text ?? "", undefined, { numeric: true });
  });
  table.tBodies[0].append(...keyed.map((item) => item.row));
  for (const cell of header.parentNode.children) cell.setAttribute("aria-sort", "none");
  header.setAttribute("aria-sort", down ? "descending" : "ascending");
}

for (const button of document.querySelectorAll("table.sortable thead button")) {
  button.addEventListener("click", () => sortBy(button.parentNode));
}

// Filter: every word must be in a row, or in a card of images.
const filter = document.getElementById("filter");
const rows = [...document.querySelectorAll("main table.sortable tbody tr")].filter((row) => !row.closest(".card"));
const cards = [...document.querySelectorAll(".card")];
const texts = new Map([...rows, ...cards].map((item) => [item, textOf(item)]));

function textOf(item) {
  const names = item.matches(".card") ? item.querySelectorAll("h3, .reasons, table") : [item];
  return [...names].map((part) => part.textContent).join(" ").toLowerCase();
}

function applyFilter() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shownRows = 0;
  let shownCards = 0;
  for (const [item, text] of texts) {
    item.hidden = !words.every((word) => text.includes(word));
    if (!item.hidden) item.matches(".card") ? shownCards++ : shownRows++;
  }
  const images = cards.length ? `, ${shownCards} of ${cards.length} images` : "";
  document.getElementById("found").value = words.length ? `${shownRows} of ${rows.length} rows${images}` : "";
}

filter.addEventListener("input", applyFilter);
applyFilter();

// Cards: the left image is shown up to the slider, the right one behind it.
function placeLine(card) {
  const range = card.querySelector("input[type=range]");
  card.querySelector(".stage").style.setProperty("--at", `${range.value}%`);
}

function showSides(card) {
  const selects = card.querySelectorAll("select");
  if (!selects.length) return; // its sides are fixed
  const chosen = {};
  for (const select of selects) chosen[select.dataset.side] = select.value;
  for (const image of card.querySelectorAll(".stage img")) {
    for (const side of ["left", "right"]) image.classList.toggle(side, image.dataset.layer === chosen[side]);
  }
  const range = card.querySelector("input[type=range]");
  const name = (side) => card.querySelector(`select[data-side=${side}]`).selectedOptions[0].text;
  range.setAttribute("aria-label", `How much of ${name("left")} is shown over ${name("right")}`);
}

function follow(stage, range, event) {
  const box = stage.getBoundingClientRect();
  range.value = (100 * (event.clientX - box.left)) / box.width;
  placeLine(stage.closest(".card"));
}

for (const card of cards.filter((one) => one.querySelector(".stage.two"))) {
  const stage = card.querySelector(".stage");
  const range = card.querySelector("input[type=range]");
  range.addEventListener("input", () => placeLine(card));
  for (const select of card.querySelectorAll("select")) select.addEventListener("change", () => showSides(card));
  stage.addEventListener("pointerdown", (event) => {
    if (document.body.classList.contains("beside")) return;
    stage.setPointerCapture(event.pointerId);
    follow(stage, range, event);
    event.preventDefault();
  });
  stage.addEventListener("pointermove", (event) => {
    if (stage.hasPointerCapture(event.pointerId)) follow(stage, range, event);
  });
  showSides(card);
  placeLine(card); // a browser may have kept the slider where it was before the page was loaded again
}

// Controls of all cards at once.
for (const select of document.querySelectorAll(".controls select")) {
  select.addEventListener("change", () => {
    for (const card of cards) {
      const own = card.querySelector(`select[data-side=${select.dataset.side}]`);
      if (!own) continue;
      const wanted = select.value === "" ? own.dataset.first : select.value;
      if ([...own.options].some((option) => option.value === wanted)) own.value = wanted;
      showSides(card);
    }
  });
}

const beside = document.getElementById("beside");
if (beside) beside.addEventListener("change", () => document.body.classList.toggle("beside", beside.checked));
