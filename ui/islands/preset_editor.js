// The dialogs of presets: settings of the form under a name, with the choice of which; and another name for one.
import { call } from "./api.js";
import { h, setText, show } from "./dom.js";
import { shortLabel } from "./form.js";

// What belongs to a picture and not to a kind of pictures is left out unless somebody wants it.
const RARELY = new Set(["prompt", "negative_prompt", "seed", "batch_size", "batch_count", "noise.variation_seed"]);

/** Asks which settings of the form, and under which name; `items`: the presets that there are. Ends when it is closed. */
export function openPresetEditor({ items, form, checkpoint, toasts }) {
  const start = form.beginning();
  const isHeld = ({ name }) => !["", null, undefined].includes(form.values[name]);
  const isWithin = ({ name }) => form.fields.some((field) => field.is_part && name.startsWith(`${field.name}.`));
  const isWanted = ({ name, follows_checkpoint: follows }) => !RARELY.has(name) && (follows || form.values[name] !== start[name]);
  const rows = form.fields
    .filter((field) => isHeld(field) && !isWithin(field))
    .map((field) => ({ field, box: h("input", { type: "checkbox" }) }));
  for (const { field, box } of rows) box.checked = isWanted(field);
  const model = h("input", { type: "checkbox" });

  const choice = (box, label, value) =>
    h("label", { class: "preset-choice" }, box, h("span", {}, label), h("span", { class: "preset-value" }, value));
  const choices = h(
    "div",
    { class: "preset-choices", role: "group", "aria-label": "Settings" },
    choice(model, "Checkpoint", checkpoint.name),
    ...rows.map(({ field, box }) => choice(box, shortLabel(field), textOf(form.values[field.name]))),
  );
  const hint = h("p", { class: "hint" }, "The settings that it brings. All others stay as they are when it is chosen.");

  return ask({ title: "Save as preset", inside: [hint, choices], items, replaces: true }, async (name) => {
    const some = form.asRequest(rows.filter(({ box }) => box.checked).map(({ field }) => field.name));
    const settings = model.checked ? { ...some, checkpoint: checkpoint.name } : some;
    await call("PUT", pathOf(name), { json: { settings } });
    toasts.say(`The preset ${name} is saved.`, { key: "preset" });
  });
}

/** Asks for another name of `row`. Ends when it is closed. */
export function openPresetName({ row, items, toasts }) {
  return ask({ title: `Rename ${row.name}`, inside: [], items, name: row.name }, async (name) => {
    if (name === row.name) return;
    await call("PUT", pathOf(name), { json: { settings: row.settings } });
    await call("DELETE", pathOf(row.name));
    toasts.say(`The preset is called ${name} now.`, { key: "preset" });
  });
}

export const pathOf = (name) => `api/v1/presets/${encodeURIComponent(name)}`;

/** A dialog with a name, what stands inside, and Save, which calls `save(name)`; an own preset of this name may be replaced. */
function ask({ title, inside, items, name = "", replaces = false }, save) {
  const box = h("input", { type: "text", maxlength: 60, required: true, autocomplete: "off" });
  const trouble = h("p", { class: "field-error", role: "alert", hidden: true });
  const button = h("button", { type: "submit", class: "primary" }, "Save");
  box.value = name;
  const cancel = h("button", { type: "button", class: "quiet", on: { click: () => dialog.close() } }, "Cancel");
  const form = h(
    "form",
    { on: { submit } },
    h("label", { class: "panel-field" }, h("span", { class: "label" }, "Name"), box),
    ...inside,
    trouble,
    h("div", { class: "panel-actions" }, button, cancel),
  );
  const dialog = h("dialog", { class: "shortcuts preset-editor", "aria-label": title }, h("h2", {}, title), form);
  const same = () => items.find((row) => row.name.toLowerCase() === box.value.trim().toLowerCase() && row.name !== name);

  box.addEventListener("input", () => setText(button, replaces && same() && !same().builtin ? "Replace" : "Save"));
  async function submit(event) {
    event.preventDefault();
    if (same() && (same().builtin || !replaces)) return say("There is a preset of this name. Choose another one.");
    try {
      await save(box.value.trim());
      dialog.close();
    } catch (error) {
      say([error.message, error.remedy].filter(Boolean).join(" "));
    }
  }
  function say(text) {
    setText(trouble, text);
    show(trouble, true);
  }
  document.body.append(dialog);
  dialog.showModal();
  box.focus();
  return new Promise((done) => dialog.addEventListener("close", () => (dialog.remove(), done())));
}

const textOf = (value) => (value === true ? "yes" : value === false ? "no" : String(value));
