// The values of one axis: written as text, or picked from a list where there is one.
import { h, keyed, setAttribute, setText, show } from "./dom.js";

const SEARCH_FROM = 10;

/** Values as they are written, one from another by commas; quotes hold together what has a comma in it. */
export function split(text) {
  const parts = text.match(/\s*(?:"(?:[^"]|"")*"|[^,])*/g) ?? [];
  return parts
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => (/^".*"$/s.test(part) ? part.slice(1, -1).replaceAll('""', '"') : part));
}

/** The inverse of `split`. */
export function join(values) {
  return values.map((value) => (/[,"]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(", ");
}

/** A text box that grows with what is in it; `draw(values, label)`. */
export function createText(take) {
  const box = h("textarea", { class: "grid-text", rows: 1, spellcheck: "false", on: { input: () => take(box.value) } });
  function draw(values, label, placeholder) {
    if (box.value !== values) box.value = values;
    setAttribute(box, "aria-label", label);
    setAttribute(box, "placeholder", placeholder);
  }
  return { element: box, draw };
}

/** A list to pick from; `draw(choices, values, label)`. What is written and not in the list stays in sight, to be taken out. */
export function createPicks(take) {
  const search = h("input", { type: "search", class: "grid-search", placeholder: "Search", "aria-label": "Search values" });
  const list = h("div", { class: "grid-options", role: "group" });
  const all = h("button", { type: "button", class: "quiet", on: { click: () => pick(shown(), true) } }, "All");
  const none = h("button", { type: "button", class: "quiet", on: { click: () => pick(shown(), false) } }, "None");
  const count = h("span", { class: "grid-count" });
  const element = h("div", { class: "grid-picks" }, search, list, h("div", { class: "grid-picks-foot" }, count, all, none));
  let rows = [];
  let picked = new Set();

  const shown = () => rows.filter((row) => row.toLowerCase().includes(search.value.trim().toLowerCase()));

  function pick(values, isPicked) {
    for (const value of values) isPicked ? picked.add(value) : picked.delete(value);
    take(join(rows.filter((row) => picked.has(row))));
  }
  function option(value) {
    const box = h("input", { type: "checkbox", on: { change: () => pick([value], box.checked) } });
    return h("label", { class: "grid-option", title: value }, box, h("span", {}, value));
  }
  function drawList() {
    keyed(list, shown(), {
      key: (row) => row,
      make: option,
      update: (node, row) => (node.firstElementChild.checked = picked.has(row)),
    });
  }
  function draw(choices, values, label) {
    const written = split(values);
    rows = [...written.filter((value) => !choices.includes(value)), ...choices];
    picked = new Set(written);
    show(search, rows.length > SEARCH_FROM);
    setAttribute(list, "aria-label", label);
    setText(count, `${picked.size} of ${rows.length}`);
    drawList();
  }
  search.addEventListener("input", drawList);
  return { element, draw, clear: () => (search.value = "") };
}
