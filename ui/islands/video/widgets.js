// The widgets of what is set of a new video: numbers, texts, choices and switches, each with a place for what is wrong with it.
import { debounce, h, setAttribute, setText } from "../dom.js";

const TYPING_MS = 250;

/**
 * {element, name, draw(value)} for a field {name, label, kind, …}; `page` keeps ids apart, `change(value)` takes it over.
 * An empty number is null: `placeholder` says what holds then.
 */
export function createWidget({ field, page, change }) {
  return WIDGETS[field.kind]({ field, id: `${page}-${field.name.replaceAll(".", "-")}`, change });
}

/** Several of them: {element, draw(values)}; `draw` gets what each shows by its name. */
export function createWidgets({ fields, page, change, label }) {
  const rows = fields.map((field) => createWidget({ field, page, change: (value) => change(field.name, value) }));
  const element = h("div", { class: "maker-fields", role: "group", "aria-label": label }, ...rows.map((row) => row.element));
  return { element, draw: (values) => rows.forEach((row) => row.draw(values[row.name])) };
}

function framed({ field, id }, input) {
  const hint = field.hint && h("p", { class: "hint", id: `${id}-hint` }, field.hint);
  if (hint) setAttribute(input, "aria-describedby", hint.id);
  const label = h("label", { class: "label", for: id }, field.label);
  return h("div", { class: "maker-field", data: { at: field.name, wide: field.isWide ? "yes" : "no" } }, label, input, hint);
}

/** Takes what is typed after a pause, and at once when it is left, perhaps for the button. */
function typed(input, take) {
  input.addEventListener("input", debounce(take, TYPING_MS));
  input.addEventListener("change", take);
}

function write(input, text) {
  if (document.activeElement !== input && input.value !== text) input.value = text;
}

function createNumber({ field, id, change }) {
  const [min, max] = field.range ?? [];
  const input = h("input", { type: "number", id, min, max, step: field.step ?? "any", inputmode: "decimal", autocomplete: "off", placeholder: field.placeholder });
  let known;
  typed(input, () => {
    const value = input.value.trim() === "" ? (field.empty ?? null) : Number(input.value);
    if (!Number.isNaN(value) && value !== known) change(value);
  });
  function draw(value) {
    known = value ?? null;
    write(input, value === null || value === undefined || value === field.empty ? "" : String(value));
  }
  return { element: framed({ field, id }, input), name: field.name, draw };
}

function createSlider({ field, id, change }) {
  const [min, max] = field.range;
  const tell = field.tell ?? ((value) => String(value));
  const input = h("input", { type: "range", class: "strip-slider", id, min, max, step: field.step ?? 0.01, on: { input: () => change(Number(input.value)) } });
  const element = framed({ field: { ...field, isWide: true }, id }, input);
  const told = h("output", { class: "maker-value", for: id });
  element.firstElementChild.append(told);
  function draw(value) {
    input.value = value;
    setText(told, tell(value));
    setAttribute(input, "aria-valuetext", tell(value));
  }
  return { element, name: field.name, draw };
}

function createText({ field, id, change }) {
  const more = field.kind === "lines" ? { rows: field.rows ?? 3 } : { type: "text" };
  const input = h(field.kind === "lines" ? "textarea" : "input", { ...more, id, autocomplete: "off", placeholder: field.placeholder });
  let known;
  typed(input, () => input.value !== known && change(input.value));
  function draw(value) {
    known = value ?? "";
    write(input, known);
  }
  return { element: framed({ field, id }, input), name: field.name, draw };
}

function createChoice({ field, id, change }) {
  const select = h("select", { id, on: { change: () => change(select.value) } }, ...field.options.map(([value, label]) => h("option", { value }, label)));
  return { element: framed({ field, id }, select), name: field.name, draw: (value) => (select.value = value ?? "") };
}

function createSwitch({ field, id, change }) {
  const input = h("input", { type: "checkbox", id, on: { change: () => change(input.checked) } });
  const words = h("span", {}, field.label, field.hint && h("span", { class: "hint" }, field.hint));
  const element = h("div", { class: "maker-field", data: { at: field.name, wide: "yes" } }, h("label", { class: "maker-switch", for: id }, input, words));
  return { element, name: field.name, draw: (value) => (input.checked = Boolean(value)) };
}

const WIDGETS = { number: createNumber, slider: createSlider, text: createText, lines: createText, choice: createChoice, switch: createSwitch };
