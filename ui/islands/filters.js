// The library's bar: search, filters, trash; what they say as a query of `api/v1/pictures`.
import { debounce, h, icon, setAttribute, setText, show } from "./dom.js";
import { plural } from "./words.js";

const DAY_SECONDS = 86400;
const AGES = [
  ["", "Date"],
  [1, "Last day"],
  [7, "Last 7 days"],
  [30, "Last 30 days"],
  [365, "Last year"],
];

/** The bar; `onChange()` is called whenever the query becomes another one. */
export function createFilters({ store, checkpoint, onChange }) {
  const words = { class: "library-search", placeholder: "Search prompts", "aria-label": "Search prompts" };
  const search = h("input", { type: "search", ...words });
  const model = select("Checkpoint", [["", "Checkpoint"]]);
  const sampler = select("Sampler", [["", "Sampler"]]);
  const age = select("Date", AGES);
  const total = h("span", { class: "library-total", role: "status" });
  const reading = h("span", { class: "library-reading", hidden: true });
  const button = { type: "button", class: "secondary", "aria-pressed": "false", on: { click: turn } };
  const trash = h("button", button, icon("trash"), "Trash");
  const box = h("div", { class: "search-box" }, icon("search"), search);
  const element = h("div", { class: "library-bar", role: "search" }, box, model, sampler, age, reading, total, trash);
  let isTrash = false;

  function turn() {
    isTrash = !isTrash;
    setAttribute(trash, "aria-pressed", String(isTrash));
    onChange();
  }
  /** Everything is shown again. */
  function widen() {
    for (const field of [search, model, sampler, age]) field.value = "";
    onChange();
  }
  function query() {
    const values = {
      q: search.value.trim(),
      checkpoint: model.value,
      sampler: sampler.value,
      after: age.value && Math.floor(Date.now() / 1000 - age.value * DAY_SECONDS),
      trash: isTrash ? 1 : 0,
    };
    return new URLSearchParams(Object.entries(values).filter(([, value]) => value !== ""));
  }
  search.addEventListener("input", debounce(onChange, 250));
  for (const field of [model, sampler, age]) field.addEventListener("change", onChange);
  checkpoint.onChange(() =>
    options(
      model,
      checkpoint.all.map((row) => row.name),
    ),
  );
  store.subscribe(() =>
    options(
      sampler,
      (store.about?.samplers ?? []).map((row) => row.name),
    ),
  );
  return {
    element,
    query,
    widen,
    turn,
    tell: (count) => setText(total, plural(count, "picture")),
    reading: ({ taken_over: read = 0, to_take_over: all = 0 }) => {
      show(reading, read < all);
      setText(reading, `reading old pictures: ${read.toLocaleString()} of ${all.toLocaleString()}`);
    },
    isTrash: () => isTrash,
    isNarrowed: () => Boolean(search.value.trim() || model.value || sampler.value || age.value),
  };
}

function select(label, rows) {
  return h("select", { "aria-label": label }, ...rows.map(([value, text]) => h("option", { value }, text)));
}

function options(field, names) {
  if (field.options.length === names.length + 1) return;
  field.replaceChildren(field.options[0], ...names.map((name) => h("option", { value: name }, name)));
}
