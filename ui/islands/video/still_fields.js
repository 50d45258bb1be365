// What is asked of each drawn frame as of any picture: checkpoint, size, steps, guidance, sampler, seed. Kept flat, by names in a Request.
import { h, icon, setText } from "../dom.js";
import { familyName } from "../words.js";
import { createWidgets } from "./widgets.js";

const AS_USUAL = [["", "Checkpoint’s own"]];
export const STILL_START = { width: null, height: null, seed: -1, "sampling.steps": null, "sampling.guidance_scale": null, "sampling.sampler": "", "sampling.schedule": "" };

const fieldsOf = (namesOf) => [
  { name: "width", label: "Width, px", kind: "number", range: [64, 2048], step: 8 },
  { name: "height", label: "Height, px", kind: "number", range: [64, 2048], step: 8 },
  { name: "sampling.steps", label: "Steps", kind: "number", range: [1, 150], step: 1 },
  { name: "sampling.guidance_scale", label: "CFG scale", kind: "number", range: [0, 30] },
  { name: "sampling.sampler", label: "Sampler", kind: "choice", options: [...AS_USUAL, ...namesOf("sampling.sampler")] },
  { name: "sampling.schedule", label: "Schedule", kind: "choice", options: [...AS_USUAL, ...namesOf("sampling.schedule")] },
  { name: "seed", label: "Seed", kind: "number", range: [-1, 4294967295], step: 1, placeholder: "random", empty: -1 },
];

/** The part; `draw(still)`. `change(name, value)` takes over; `usual(name)` says what an empty field stands for, "" for the checkpoint's own. */
export function createStillFields({ page, form, checkpoint, picker, change, usual = () => "" }) {
  const base = h("span", { class: "maker-base" });
  const other = h("button", { type: "button", class: "secondary", "aria-label": "Choose another checkpoint", on: { click: () => picker.open() } }, base, icon("chevron"));
  const chosen = h("div", { class: "maker-field", data: { at: "checkpoint", wide: "yes" } }, h("span", { class: "label" }, "Checkpoint"), other);
  const widgets = createWidgets({ fields: fieldsOf(namesIn(form)), page, change, label: "Each frame" });
  widgets.element.prepend(chosen);
  const element = h("section", { class: "maker-part", "aria-label": "Each frame" }, h("h3", {}, "Each frame"), widgets.element);

  function draw(still) {
    const row = checkpoint.all.find((one) => one.name === checkpoint.name);
    setText(base, row ? `${row.name} · ${familyName(row.family)}` : "no checkpoint");
    for (const name of ["width", "height", "sampling.steps", "sampling.guidance_scale"]) {
      const input = widgets.element.querySelector(`[data-at="${name}"] input`);
      input.placeholder = usual(name) || String(checkpoint.defaults[name.split(".").pop()] ?? "");
    }
    widgets.draw(still);
  }
  return { element, draw };
}

/** As a Request has it; what is empty is left to the checkpoint. */
export function asRequest(still, checkpoint) {
  const request = { checkpoint: checkpoint.name || null };
  for (const [name, value] of Object.entries(still)) {
    if (value === null || value === "") continue;
    const [part, key] = name.split(".");
    if (key) (request[part] ??= {})[key] = value;
    else request[part] = value;
  }
  return request;
}

/** The names that a choice of the form has. */
const namesIn = (form) => (name) => form.fields.find((field) => field.name === name).choices.map((one) => [one, one]);
