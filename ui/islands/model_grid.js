// The grid of model cards: made as one scrolls, walked with the arrow keys.
import { cover, factsOf, looksOf } from "./cards.js";
import { h, icon, keyed, setAttribute, show } from "./dom.js";

const PAGE = 60;

/** The grid; `show(rows)` draws them. `on`: open, use, remove and isUsed of a row, close(). */
export function createModelGrid(on) {
  const grid = h("div", { class: "model-grid", role: "listbox", "aria-label": "Models", tabindex: -1 });
  const more = h("div", { class: "library-more", "aria-hidden": "true" });
  const element = h("div", { class: "model-list" }, grid, more);
  const end = new IntersectionObserver((seen) => seen.at(-1).isIntersecting && extend(), {
    rootMargin: "800px",
  });
  let rows = [];
  let count = PAGE;
  let marked = ""; // the model that the keys act on
  let opened = "";

  function draw() {
    if (!rows.some((row) => row.id === marked)) marked = rows[0]?.id ?? "";
    keyed(grid, rows.slice(0, count), { key: looksOf, make: cell, update });
    show(more, count < rows.length);
    // Observing anew reports at once whether the end is in sight already.
    end.unobserve(more);
    if (count < rows.length) end.observe(more);
  }
  function extend() {
    if (count >= rows.length) return;
    count += PAGE;
    draw();
  }
  function cell(row) {
    const name = h("span", { class: "model-name", title: row.name }, row.name);
    const facts = h("span", { class: "model-facts" }, factsOf(row));
    const badge = row.problem && h("span", { class: "model-badge", title: row.problem }, icon("warning"));
    const label = [row.name, factsOf(row), row.problem].filter(Boolean).join(", ");
    const attributes = { role: "option", "aria-label": label, data: { id: row.id, problem: Boolean(row.problem) } };
    return h(
      "div",
      { class: "model-cell", ...attributes, on: { click: () => on.open(row), dblclick: () => on.use(row) } },
      cover(row),
      badge,
      h("div", { class: "model-words" }, name, facts),
    );
  }
  function update(node, row) {
    setAttribute(node, "tabindex", row.id === marked ? 0 : -1);
    setAttribute(node, "aria-selected", String(row.id === opened));
    node.classList.toggle("in-use", on.isUsed(row));
  }

  /** Brings the keys to a model. */
  function focus(id) {
    marked = id || marked;
    const index = rows.findIndex((row) => row.id === marked);
    while (index >= count) count += PAGE;
    draw();
    grid.querySelector(`[data-id="${marked}"]`)?.focus();
  }
  grid.addEventListener("keydown", (event) => {
    const index = rows.findIndex((row) => row.id === marked);
    const row = rows[index];
    if (!row) return;
    const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
    const ways = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
    const by = { ...ways, Home: -rows.length, End: rows.length }[event.key];
    if (by) {
      const next = rows[Math.min(rows.length - 1, Math.max(0, index + by))];
      focus(next.id);
      if (opened) on.open(next);
    } else if (event.key === "Enter") on.use(row);
    else if (event.key === " ") on.open(row);
    else if (event.key === "Delete") on.remove(row);
    else if (event.key === "Escape") on.close();
    else return;
    event.preventDefault();
  });

  return {
    element,
    focus,
    redraw: draw,
    /** Draws these; a new choice of rows begins at its top. */
    show(list, isNew = false) {
      if (isNew) count = PAGE;
      rows = list;
      draw();
    },
    /** Shows which one is open; "" for none. */
    mark(id) {
      opened = id;
      if (id) marked = id;
      draw();
    },
    /** The model after this one, or before it at the end. */
    beside(id) {
      const index = rows.findIndex((row) => row.id === id);
      return rows[index + 1] ?? rows[index - 1] ?? null;
    },
  };
}
