// What moves in the photo: the list of effects, and the settings of the one in hand.
import { h, icon, iconButton, keyed, setAttribute, setText, show } from "../dom.js";
import { EFFECTS_MOST } from "./photo_draft.js";
import { EFFECTS, lacking } from "./photo_effects.js";
import { createField } from "./photo_fields.js";

/** The part; `draw()` brings it up to date with the draft. */
export function createPanel({ draft, toasts }) {
  const list = h("ul", { class: "photo-effects", "aria-label": "What moves" });
  const adding = h("div", { class: "photo-add", role: "group", "aria-label": "Add an effect" }, ...Object.entries(EFFECTS).map(([kind, { label, words }]) => h("button", { type: "button", class: "chip", title: words, data: { kind }, on: { click: () => draft.add(kind) } }, icon("plus"), label)));
  const fields = h("div", { class: "photo-settings" });
  const element = h("section", { class: "photo-panel", "aria-label": "What moves" }, h("h3", {}, "What moves"), list, adding, fields);
  let shown = null; // the effect whose fields stand there
  let rows = [];

  function draw() {
    keyed(list, draft.effects, { key: ({ key }) => key, make, update });
    for (const button of adding.children) button.disabled = isFull(button.dataset.kind);
    const effect = draft.effect();
    if (shown !== effect) build(effect);
    for (const row of rows) row.draw(effect.values[row.name]);
  }
  /** The camera has one path. */
  const isFull = (kind) => draft.effects.length >= EFFECTS_MOST || (kind === "parallax" && draft.effects.some((one) => one.kind === kind));

  function build(effect) {
    shown = effect;
    rows = EFFECTS[effect.kind].fields.map((field) => createField({ field, at: `${effect.key}.${field.name}`, change: (value) => draft.setValue(effect, field.name, value) }));
    fields.replaceChildren(...rows.map((row) => row.element));
  }
  function make({ key, kind }) {
    const { label } = EFFECTS[kind];
    const choose = h("button", { type: "button", class: "photo-effect", on: { click: () => draft.choose(key) } }, h("span", { class: "photo-effect-name" }, label), h("span", { class: "photo-effect-state" }));
    return h("li", { data: { at: `${key}.` } }, choose, iconButton("trash", `Remove ${label}`, () => remove(key, label)));
  }
  function update(node, effect) {
    const [choose, trash] = node.querySelectorAll("button");
    setAttribute(choose, "aria-pressed", String(effect === draft.effect()));
    setText(choose.lastElementChild, stateOf(effect));
    choose.toggleAttribute("data-lacks", Boolean(lacking(effect)));
    show(trash, draft.effects.length > 1);
  }
  function remove(key, label) {
    const undo = draft.remove(key);
    toasts.say(`${label} is removed.`, { key: "videos", action: { label: "Undo", run: undo } });
    list.querySelector("[aria-pressed=true]")?.focus();
  }
  return { element, draw };
}

/** What is still to be done for it, else what is there. */
function stateOf(effect) {
  const { kind, isPainted, lines } = effect;
  if (lacking(effect)) return lacking(effect);
  if (kind === "parallax") return isPainted ? "What is painted is near." : "Nearer from the top down. Paint what is near, or set a horizon.";
  return EFFECTS[kind].line === "arrow" ? `Painted, ${lines.length} ${lines.length === 1 ? "arrow" : "arrows"}.` : "Painted.";
}
