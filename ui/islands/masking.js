// The island of the mask's settings: the usual ones in sight, the rest in a fold.
import { h, setText } from "./dom.js";
import { createChoice, createSlider } from "./inputs.js";
import { showRefusal } from "./refusal.js";

const AREAS = { masked: "Only the masked part", picture: "The picture", whole: "Whole picture" };
const CONTENTS = { original: "Original", fill: "Fill", surroundings: "Surroundings", noise: "Noise", nothing: "Nothing" };
const px = (value) => `${Math.round(value)} px`;

// field, label, most, step, how it is shown
const SLIDERS = [
  ["padding", "Padding", 512, 8, px],
  ["blur", "Mask blur", 64, 1, px],
  ["conditioning_weight", "Mask conditioning weight", 1, 0.05, undefined],
];
const SWITCHES = [
  ["is_soft", "Soft inpainting", "A grey mask changes less than a white one: the new runs out softly into the old."],
  ["is_inverted", "Invert: change all but the masked part", ""],
  ["hides_seams", "Hide seams", "Bends the colours of the new part to those around it."],
];

/** Fills `host`. */
export function mountMasking(host, { inpainting, source }) {
  const choices = JSON.parse(document.getElementById("darkroom-choices").textContent);
  const set = (name) => (value) => inpainting.change({ [name]: value });
  const area = createChoice("Inpaint area", set("area"));
  const content = createChoice("Masked content", set("content"));
  const sliders = Object.fromEntries(
    SLIDERS.map(([name, label, most, step, shown]) => [name, createSlider({ label, most, step, take: set(name), ...(shown && { shown }) })]),
  );
  const switches = Object.fromEntries(SWITCHES.map(([name, label, says]) => [name, createSwitch(label, says, set(name))]));
  const areaHint = h("p", { class: "hint" });
  const contentHint = h("p", { class: "hint" });
  const fold = { type: "button", class: "fold", data: { fold: "masking" }, "aria-expanded": "false", "aria-controls": "fold-masking" };
  host.append(
    h("div", { class: "masking-field" }, content.element, contentHint),
    h("div", { class: "masking-field" }, area.element, areaHint),
    h("div", { class: "guide-pair" }, sliders.padding.element, sliders.blur.element),
    h("button", fold, "More for the mask"),
    h(
      "div",
      { id: "fold-masking" },
      switches.is_soft.element,
      switches.is_inverted.element,
      switches.hides_seams.element,
      sliders.conditioning_weight.element,
      h("p", { class: "hint" }, "For inpainting checkpoints: how strongly the mask hides the picture from them."),
    ),
  );

  inpainting.refuse = (error) => {
    const field = error.field.split(".")[1];
    const parts = { area, content, ...sliders, ...switches };
    showRefusal(parts[field]?.element ?? source.places.canvas ?? host, error);
    return true;
  };
  inpainting.onChange(() => {
    const { fields } = inpainting;
    area.draw(rows(AREAS, choices.areas), fields.area);
    content.draw(rows(CONTENTS, choices.contents), fields.content);
    setText(areaHint, sentence(choices.areas[fields.area] ?? ""));
    setText(contentHint, `It begins with ${choices.contents[fields.content] ?? ""}.`);
    for (const [name] of SLIDERS) sliders[name].draw(fields[name]);
    for (const [name] of SWITCHES) switches[name].draw(fields[name]);
    sliders.padding.element.toggleAttribute("data-off", fields.area !== "masked");
    const isSet = fields.is_soft || fields.is_inverted || !fields.hides_seams || fields.conditioning_weight !== 1;
    host.querySelector("[data-fold=masking]").classList.toggle("filled", isSet);
  });
}

function rows(names, says) {
  return Object.entries(says).map(([value, hint]) => ({ value, hint, text: names[value] ?? value }));
}

function createSwitch(label, says, take) {
  const input = h("input", { type: "checkbox", on: { change: () => take(input.checked) } });
  const words = h("span", {}, label, says && h("span", { class: "hint" }, says));
  const element = h("label", { class: "masking-switch" }, input, words);
  return { element, draw: (value) => (input.checked = value) };
}

const sentence = (text) => `${text.replace(/^./, (first) => first.toUpperCase())}.`;
