// A grid of pictures as a table: its rows and columns keep their labels in sight, and its cells fill as they are done.
import { url } from "./api.js";
import { h, keyed, setAttribute, setText, show } from "./dom.js";
import { createCell } from "./grid_cell.js";
import { keep, recall } from "./prefs.js";
import { isLive, tally } from "./store.js";

const SIZES = { min: 0.5, max: 2.5, step: 0.25 };
const CELL_PX = [88, 256]; // the picture of the library's thumbnail at most, unless it is zoomed
const LABELS_PX = [112, 44]; // beside the pictures, and above them
const GAP_PX = 6;
const PHONE = matchMedia("(max-width: 899px)"); // there the page is scrolled, so that the height is no bound
const DOWNLOADS = [
  ["grid.png", "Save as picture"],
  ["grid.html", "Save as page"],
];

/** The view; `draw(job)` shows a job. `layouts`: see `grid_layout.js`. `bar` stands below it. */
export function createGridView({ verbs, focus, layouts }) {
  const sheetsOf = h("span", { class: "label" });
  const chips = h("div", { class: "grid-chips", role: "group" });
  const sheets = h("div", { class: "grid-sheets" }, sheetsOf, chips);
  const table = h("table", { class: "grid-table" });
  const scroll = h("div", { class: "grid-scroll" }, table);
  const note = h("p", { class: "grid-note" });
  const element = h("div", { class: "grid-view", hidden: true }, sheets, note, scroll);
  const bar = createBar({ verbs, zoom: fit });
  const cells = new Map(); // picture's index → its cell, of the sheet in view
  let job = null;
  let built = ""; // job and sheet that the table shows
  let sheet = 0;
  let shape = { ratio: 1, columns: 1, rows: 1 };
  let marked = null; // the index of the picture whose cell the Tab key reaches

  function draw(next) {
    if (job?.id !== next.id) sheet = 0;
    job = next;
    const layout = layouts.of(job, () => job && draw(job));
    const isThere = Boolean(layout) && !layout.error;
    show(note, !isThere);
    show(scroll, isThere);
    setText(note, layout?.error ? layout.error.message : "The grid is being laid out …");
    bar.draw(job);
    if (!isThere) return show(sheets, false);
    drawSheets(layout);
    if (built !== `${job.id}/${sheet}`) build(layout);
    for (const [index, cell] of cells) if (job.pictures[index]) cell.draw(job, job.pictures[index]);
  }
  function drawSheets({ z }) {
    show(sheets, Boolean(z));
    if (!z) return;
    setText(sheetsOf, z.label);
    setAttribute(chips, "aria-label", z.label);
    keyed(chips, z.values.map((label, number) => ({ label, number })), {
      key: ({ number }) => `${job.id}/${number}`,
      make: ({ label, number }) => h("button", { type: "button", class: "chip", title: `${z.label}: ${label}`, on: { click: () => turn(number) } }, label),
      update: (node, { number }) => setAttribute(node, "aria-pressed", String(number === sheet)),
    });
  }
  function turn(number) {
    sheet = number;
    draw(job);
  }
  function build(layout) {
    built = `${job.id}/${sheet}`;
    cells.clear();
    const { x, y } = layout;
    shape = { ratio: job.request.width / job.request.height, columns: layout.columns, rows: layout.rows };
    fit();
    const heads = (x?.values ?? [""]).map((label) => h("th", { scope: "col", title: label }, h("span", {}, label)));
    const rows = Array.from({ length: layout.rows }, (_, row) => {
      const head = y && h("th", { scope: "row", title: y.values[row] }, h("span", {}, y.values[row]));
      return h("tr", {}, head, ...heads.map((_, column) => cell(layout, layout.indexOf(column, row, sheet))));
    });
    table.replaceChildren(
      h("caption", { class: "off-screen" }, [x, y].filter(Boolean).map((axis) => axis.label).join(" by ")),
      ...(x ? [h("thead", {}, h("tr", {}, y && corner(x, y), ...heads))] : []),
      h("tbody", {}, ...rows),
    );
    if (!cells.has(marked)) marked = layout.indexOf(0, 0, sheet);
    mark(marked);
  }
  /** All cells in sight, where they are not too small then. In px: lengths that follow a container take seconds to lay out. */
  function fit() {
    const { ratio, columns, rows } = shape;
    const across = (scroll.clientWidth - LABELS_PX[0]) / columns - GAP_PX;
    const down = PHONE.matches ? Infinity : ((scroll.clientHeight - LABELS_PX[1]) / rows - GAP_PX) * ratio;
    const px = Math.max(CELL_PX[0], Math.min(across, down, CELL_PX[1])) * recall("grid-zoom", 1);
    element.style.setProperty("--cell", `${Math.round(px)}px`);
    element.style.setProperty("--ratio", ratio);
  }
  const corner = (x, y) => h("td", { class: "grid-corner" }, h("span", {}, `${x.label} →`), h("span", {}, `${y.label} ↓`));
  function cell(layout, index) {
    const { id } = job;
    const one = createCell({
      words: layout.words(index),
      onOpen: () => (mark(index), focus.set(id, index)),
      makeAgain: (seed) => verbs.makeAgain(id, [index], seed),
    });
    one.element.dataset.index = index;
    cells.set(index, one);
    return one.element;
  }
  function mark(index) {
    for (const [other, { element: td }] of cells)
      for (const button of td.querySelectorAll("button")) button.tabIndex = other === index ? 0 : -1;
    marked = index;
  }
  /** Arrow keys go from cell to cell. */
  function move(event) {
    const by = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    const layout = job && layouts.of(job);
    if (!by || !layout || event.target.closest(".grid-cell") === null) return;
    event.preventDefault();
    const { x, y } = layout.placeOf(marked);
    const [column, row] = [x + by[0], y + by[1]];
    if (column < 0 || row < 0 || column >= layout.columns || row >= layout.rows) return;
    mark(layout.indexOf(column, row, sheet));
    const { open } = cells.get(marked);
    open.focus();
    open.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  new ResizeObserver(fit).observe(scroll);
  table.addEventListener("keydown", move);
  table.addEventListener("focusin", ({ target }) => {
    const index = Number(target.closest(".grid-cell")?.dataset.index ?? marked);
    if (index !== marked) mark(index);
  });
  return { element, bar: bar.element, draw };
}

/** Below the table: how much is there, what is left to be made, the size of the cells, and the ways to take it away. */
function createBar({ verbs, zoom }) {
  const words = h("span", { class: "grid-words" });
  const rest = h("button", { type: "button", class: "secondary", on: { click: () => verbs.again(job.id) } });
  const size = h("input", { type: "range", class: "strip-slider", ...SIZES, "aria-label": "Size of the pictures", title: "Size of the pictures", on: { input: take } });
  const links = DOWNLOADS.map(([, label]) => h("a", { class: "quiet", download: "" }, label));
  const element = h("div", { class: "grid-bar", hidden: true }, words, rest, size, ...links);
  let job = null;

  function take() {
    keep("grid-zoom", Number(size.value));
    zoom();
  }
  function draw(next) {
    job = next;
    const missing = job.pictures.filter((one) => one.state === "failed" || one.state === "cancelled").length;
    const isSome = job.pictures.some((one) => one.picture_id);
    setText(words, isLive(job) ? "" : tally(job));
    show(rest, !isLive(job) && missing > 0);
    setText(rest, missing === job.pictures.length ? "Make it again" : `Make the missing ${missing}`);
    links.forEach((link, place) => {
      show(link, isSome);
      setAttribute(link, "href", url(`api/v1/jobs/${job.id}/${DOWNLOADS[place][0]}`));
    });
  }
  size.value = recall("grid-zoom", 1);
  return { element, draw };
}
