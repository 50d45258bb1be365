// The widgets of settings: a slider that tells its value, and a choice; each with a place for what is wrong with it.
import { h, setAttribute, setText, show } from "../dom.js";

const FINE_STEPS = 200;

/** {element, name, draw(value)} for a field as in photo_effects.js; `at` is where problems of it stand, `change(value)` takes it over. */
export function createField({ field, at, change }) {
  return WIDGETS[field.kind]({ field, id: `photo-${at.replace(".", "-")}`, at, change });
}

function createSlider({ field, id, at, change }) {
  const [low, high] = field.shown ?? field.range;
  const range = field.isFine ? { min: 0, max: FINE_STEPS, step: 1 } : { min: low, max: high, step: field.step ?? (high - low) / 100 };
  const valueOf = (place) => (field.isFine ? neat(low * (high / low) ** (place / FINE_STEPS)) : Number(place));
  const placeOf = (value) => (field.isFine ? Math.round((Math.log(value / low) / Math.log(high / low)) * FINE_STEPS) : value);
  const input = h("input", { type: "range", class: "strip-slider", id, ...range, on: { input: () => change(valueOf(Number(input.value))) } });
  const told = h("output", { class: "photo-value", for: id });
  const none = h("button", { type: "button", class: "quiet photo-none", "aria-label": `No ${field.label.toLowerCase()}`, on: { click: () => change(null) } }, "None");
  const element = h("div", { class: "photo-field", data: { at } }, h("div", { class: "photo-label" }, h("label", { class: "label", for: id }, field.label), told), h("div", { class: "photo-slider" }, input, field.isOptional && none));

  function draw(value) {
    if (value !== null) input.value = placeOf(value);
    setText(told, field.tell(value));
    setAttribute(input, "aria-valuetext", field.tell(value));
    show(none, value !== null);
  }
  return { element, name: field.name, draw };
}

function createChoice({ field, id, at, change }) {
  const select = h("select", { id, on: { change: () => change(select.value) } }, ...field.options.map(([value, label]) => h("option", { value }, label)));
  const element = h("div", { class: "photo-field", data: { at } }, h("label", { class: "label", for: id }, field.label), select);
  return { element, name: field.name, draw: (value) => (select.value = value) };
}

/** Three digits: more is no meaning. */
const neat = (value) => Number(value.toPrecision(3));

const WIDGETS = { slider: createSlider, choice: createChoice };
