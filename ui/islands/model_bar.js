// The bar above the models: which kinds, which words, which family, in which order.
import { debounce, h, icon, iconButton, setAttribute, setText } from "./dom.js";
import { familyName } from "./words.js";

const KINDS = [
  ["checkpoint", "Checkpoints", (row) => row.kind === "checkpoint"],
  ["lora", "LoRAs", (row) => row.kind === "lora"],
  ["embedding", "Embeddings", (row) => row.kind === "embedding"],
  ["vae", "VAEs", (row) => row.kind === "vae"],
  ["controlnet", "ControlNets", (row) => row.kind === "controlnet"],
  ["other", "Other", (row) => ["ip_adapter", "upscaler", "other"].includes(row.kind)],
  ["problem", "Problems", (row) => Boolean(row.problem)],
];
const byName = (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true });
const ORDERS = {
  name: ["By name", byName],
  changed: ["Newest first", (a, b) => b.changed - a.changed || byName(a, b)],
  bytes: ["Largest first", (a, b) => b.bytes - a.bytes || byName(a, b)],
};

/** The bar; `onChange()` whenever other cards are wanted; `take(rows)` tells it what is there. */
export function createModelBar({ onChange, onRefresh, extra = [] }) {
  let kind = "checkpoint";
  let rows = [];
  const words = { class: "library-search", placeholder: "Search models", "aria-label": "Search models" };
  const search = h("input", { type: "search", ...words });
  const family = h("select", { "aria-label": "Family" });
  const order = h(
    "select",
    { "aria-label": "Order" },
    ...Object.entries(ORDERS).map(([value, [label]]) => h("option", { value }, label)),
  );
  const segments = h("div", { class: "segments", role: "radiogroup", "aria-label": "Kind" });
  const refresh = iconButton("retry", "Look at the folders now", onRefresh);
  const box = h("div", { class: "search-box" }, icon("search"), search);
  const tools = h("div", { class: "library-bar", role: "search" }, box, family, order, refresh, ...extra);
  const element = h("div", { class: "model-bar" }, segments, tools);
  const buttons = KINDS.map(([name, label]) => {
    const count = h("span", { class: "segment-count" });
    const button = h(
      "button",
      { type: "button", role: "radio", class: "segment", data: { kind: name }, on: { click: () => choose(name) } },
      label,
      count,
    );
    segments.append(button);
    return { name, button, count };
  });

  function choose(name) {
    if (name === kind) return onChange(); // back from the trash
    kind = name;
    drawKinds();
    drawFamilies();
    onChange();
  }
  const ofKind = () => rows.filter(KINDS.find(([name]) => name === kind)[2]);
  function drawKinds() {
    for (const { name, button, count } of buttons) {
      const number = rows.filter(KINDS.find(([one]) => one === name)[2]).length;
      setAttribute(button, "aria-checked", String(name === kind));
      setAttribute(button, "tabindex", name === kind ? 0 : -1);
      setText(count, number ? String(number) : "");
      button.hidden = name === "problem" && !number && kind !== name;
    }
  }
  function drawFamilies() {
    const there = [...new Set(ofKind().map((row) => row.family))].sort();
    const kept = family.options.length ? family.value : "*";
    const label = (one) => familyName(one) || "Unknown family";
    family.replaceChildren(
      h("option", { value: "*" }, "All families"),
      ...there.map((one) => h("option", { value: one }, label(one))),
    );
    family.value = there.includes(kept) ? kept : "*";
  }
  segments.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const shown = buttons.filter(({ button }) => !button.hidden);
    const next = shown.at((shown.findIndex(({ name }) => name === kind) + by) % shown.length);
    choose(next.name);
    next.button.focus();
  });
  search.addEventListener("input", debounce(onChange, 120));
  for (const field of [family, order]) field.addEventListener("change", onChange);
  return {
    element,
    take(list) {
      rows = list;
      drawKinds();
      drawFamilies();
    },
    /** Chooses the kind under which this model is listed. */
    chooseFor: (row) => choose(KINDS.find(([, , holds]) => holds(row))[0]),
    isNarrowed: () => Boolean(search.value.trim()) || family.value !== "*",
    widen() {
      search.value = "";
      family.value = "*";
      onChange();
    },
    /** The cards that are wanted, in their order; those that cannot be used come last. */
    chosen() {
      const asked = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const text = (row) =>
        [row.name, row.title, row.file, familyName(row.family), ...row.trigger_words].join(" ").toLowerCase();
      const sort = ORDERS[order.value][1];
      return ofKind()
        .filter((row) => family.value === "*" || row.family === family.value)
        .filter((row) => asked.every((word) => text(row).includes(word)))
        .sort((a, b) => Boolean(a.problem) - Boolean(b.problem) || sort(a, b));
    },
  };
}
