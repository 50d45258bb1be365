// Everything else that a plan can say, folded away: an empty field is chosen from pictures and checkpoint, and shows how.
import { debounce, h, setAttribute, setText, show } from "../dom.js";
import { keep, recall } from "../prefs.js";
import { ADVANCED } from "./plan_fields.js";

const TYPING_MS = 250;

/** The fold; `draw()` brings it up to date; `open()` unfolds it. */
export function createAdvanced({ draft }) {
  const rows = ADVANCED.flatMap(([, fields]) => fields).map((field) => createField(draft, field));
  const groups = ADVANCED.map(([title, fields]) => {
    const own = rows.filter(({ field }) => fields.includes(field));
    return { own, element: h("fieldset", { class: "teach-group" }, h("legend", {}, title), ...own.map(({ element }) => element)) };
  });
  const automatic = h("button", { type: "button", class: "quiet", on: { click: reset } }, "Choose all by itself");
  const panel = h("div", { id: "teach-advanced", class: "teach-advanced", hidden: true }, h("p", { class: "hint" }, "Empty fields are chosen from your pictures and the checkpoint; the grey value is what is chosen now."), ...groups.map(({ element }) => element), automatic);
  const fold = h("button", { type: "button", class: "fold", "aria-controls": "teach-advanced", "aria-expanded": "false", on: { click: () => turn(panel.hidden) } }, "Advanced");
  const element = h("div", { class: "teach-fold" }, fold, panel);

  function turn(isOpen) {
    keep("training-advanced", isOpen);
    show(panel, isOpen);
    setAttribute(fold, "aria-expanded", String(isOpen));
  }
  function reset() {
    draft.change(Object.fromEntries(rows.map(({ field }) => [field.name, null])));
  }
  function draw() {
    const settled = draft.answer?.plan ?? {};
    const method = draft.plan.method ?? settled.method ?? "lora";
    for (const row of rows) {
      show(row.element, !row.field.only || row.field.only === method);
      row.draw(settled);
    }
    for (const { own, element: group } of groups) show(group, own.some((row) => !row.element.hidden));
    const isSet = rows.some(({ field }) => field.name in draft.plan);
    fold.classList.toggle("filled", isSet);
    show(automatic, isSet);
  }
  turn(recall("training-advanced", false));
  return { element, draw, open: () => turn(true) };
}

function createField(draft, field) {
  const id = `plan-${field.name}`;
  const input = WIDGETS[field.kind](field, id);
  const range = field.range ? `${field.range[0].toLocaleString()} … ${field.range[1].toLocaleString()}` : "";
  const beside = [field.unit, range].filter(Boolean).join(", ");
  const label = h("label", { class: "label", for: id }, field.label, beside && h("span", { class: "teach-unit" }, beside));
  const hint = field.hint && h("p", { class: "hint", id: `${id}-hint` }, field.hint);
  if (hint) setAttribute(input, "aria-describedby", hint.id);
  const element = h("div", { class: "teach-field", data: { plan: field.name, kind: field.kind } }, label, input, hint);
  const change = () => draft.change({ [field.name]: READ[field.kind](input) });
  if (input.tagName !== "SELECT") input.addEventListener("input", debounce(change, TYPING_MS));
  input.addEventListener("change", change); // it is left, perhaps for the button

  function draw(settled) {
    const own = draft.plan[field.name];
    const chosen = settled[field.name];
    if (field.kind === "choice" || field.kind === "switch") {
      const label = field.options.find(([value]) => value === String(chosen))?.[1];
      if (input.options[0].value === "") setText(input.options[0], label ? `automatic: ${label}` : "automatic");
      input.value = own === undefined ? "" : String(own);
    } else {
      setAttribute(input, "placeholder", inWords(chosen));
      const text = inWords(own);
      if (document.activeElement !== input && input.value !== text) input.value = text;
    }
  }
  return { field, element, draw };
}

const inWords = (value) => (Array.isArray(value) ? value.join("\n") : (value ?? "") === "" ? "" : String(value));
const select = ({ options }, id) => h("select", { id }, h("option", { value: "" }, "automatic"), ...options.map(([value, label]) => h("option", { value }, label)));

const WIDGETS = {
  text: (field, id) => h("input", { type: "text", id, autocomplete: "off", maxlength: 60 }),
  texts: (field, id) => h("textarea", { id, rows: 3 }),
  number: ({ step }, id) => h("input", { type: "number", id, step: step ?? "any", inputmode: "decimal" }),
  choice: select,
  switch: select,
};
const READ = {
  text: (input) => input.value.trim(),
  texts: (input) => input.value.split("\n").map((line) => line.trim()).filter(Boolean),
  number: (input) => (input.value === "" ? null : Number(input.value)),
  choice: (input) => input.value,
  switch: (input) => (input.value === "" ? null : input.value === "true"),
};
