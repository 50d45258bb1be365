// What its owner writes on a model's card: notes, trigger words, weight, licence, and what it is best used with.
import { h, show } from "./dom.js";

const NUMBERS = [
  ["width", "Width, px"],
  ["height", "Height, px"],
  ["steps", "Steps"],
  ["guidance_scale", "CFG scale"],
];

/** A fold with a form; `save(changes)` gets what has changed, as `PATCH api/v1/models/{id}` takes it. */
export function createModelEditor(model, { save }) {
  const notes = h("textarea", { rows: 3, maxlength: 10000 });
  notes.value = model.notes;
  const triggers = box(model.trigger_words.join(", "));
  const weight = box(model.preferred_weight ?? "", "number");
  const licence = box(model.licence.name, "text", { maxlength: 200, list: "licence-names" });
  const defaults = Object.fromEntries(NUMBERS.map(([name]) => [name, box(model.defaults?.[name] ?? "", "number")]));
  const numbers = NUMBERS.map(([name, label]) => row(label, defaults[name]));
  const trouble = h("p", { class: "field-error", role: "alert", hidden: true });
  const submit = h("button", { type: "submit", class: "secondary" }, "Save");
  const isTagged = ["lora", "embedding"].includes(model.kind);
  const form = h(
    "form",
    { class: "model-form", hidden: true },
    row("Notes", notes),
    isTagged && row("Trigger words, with commas between", triggers),
    model.kind === "lora" && row("Preferred weight", weight),
    row("Licence", licence),
    model.defaults && h("div", { class: "model-numbers" }, ...numbers),
    trouble,
    submit,
  );
  const fold = h("button", { type: "button", class: "fold", "aria-expanded": "false", on: { click: turn } }, "Edit");

  function turn() {
    const isOpen = form.hidden;
    show(form, isOpen);
    fold.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) notes.focus();
  }
  function changes() {
    const found = {};
    if (notes.value !== model.notes) found.notes = notes.value;
    if (isTagged && triggers.value !== model.trigger_words.join(", "))
      found.trigger_words = triggers.value
        .split(",")
        .map((word) => word.trim())
        .filter(Boolean);
    if (weight.value !== String(model.preferred_weight ?? ""))
      found.preferred_weight = weight.value === "" ? null : Number(weight.value);
    if (licence.value !== model.licence.name) found.licence = licence.value.trim() || null;
    const isOther = ([name]) => model.defaults && defaults[name].value !== String(model.defaults[name]);
    if (NUMBERS.some(isOther)) {
      const filled = NUMBERS.filter(([name]) => defaults[name].value !== "");
      const beside = `${model.name}.vae`; // is its own as long as it lies there
      const others = Object.entries(model.defaults).filter(([name, value]) => !(name in defaults) && value !== beside);
      found.defaults = {
        ...Object.fromEntries(others),
        ...Object.fromEntries(filled.map(([name]) => [name, Number(defaults[name].value)])),
      };
    }
    return found;
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    show(trouble, false);
    submit.disabled = true;
    try {
      await save(changes());
    } catch (error) {
      trouble.textContent = [error.message, error.remedy].filter(Boolean).join(" ");
      show(trouble, true);
    }
    submit.disabled = false;
  });
  return h("section", { class: "model-editor" }, fold, form);
}

function box(value, type = "text", attributes = {}) {
  const field = h("input", { type, autocomplete: "off", ...(type === "number" ? { step: "any" } : {}), ...attributes });
  field.value = value;
  return field;
}

function row(label, field) {
  return h("label", { class: "model-field" }, h("span", { class: "label" }, label), field);
}
