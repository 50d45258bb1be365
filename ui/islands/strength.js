// The island that says how far the source may change, and how it comes to the size of the result.
import { h, setText } from "./dom.js";
import { createChoice, createSlider } from "./inputs.js";

/** Fills `host`, in every mode that has a source. */
export function mountStrength(host, { source }) {
  const { resizes } = JSON.parse(document.getElementById("darkroom-choices").textContent);
  const choices = Object.entries(resizes).map(([value, hint]) => ({ value, hint, text: capital(value) }));
  const ends = { low: "keeps the composition", high: "invents anew" };
  const slider = (field, options) => {
    const made = createSlider({ step: 0.01, take: (value) => source.change({ [field]: value }), ...options });
    source.places[field] = made.element;
    return made;
  };
  const strength = slider("strength", { label: "Strength", ...ends });
  const noise = slider("noise_multiplier", { label: "Noise multiplier", most: 1.5 });
  const resize = createChoice("Resize", (value) => source.change({ resize: value }));
  const hint = h("p", { class: "hint" });
  const way = h("div", { class: "in-modes in-image" }, resize.element, hint);
  source.places.resize = way;
  host.append(
    strength.element,
    way,
    h("button", { type: "button", class: "fold", data: { fold: "noise" }, "aria-expanded": "false", "aria-controls": "fold-noise" }, "Noise"),
    h(
      "div",
      { id: "fold-noise" },
      noise.element,
      h("p", { class: "hint" }, "Above 1 more is invented in what changes, below 1 it comes out smoother. 1 is right nearly always."),
    ),
  );
  source.onChange(() => {
    const { fields } = source;
    strength.draw(fields.strength);
    noise.draw(fields.noise_multiplier);
    resize.draw(choices, fields.resize);
    setText(hint, `${capital(resizes[fields.resize] ?? "")}.`);
    host.querySelector("[data-fold=noise]").classList.toggle("filled", fields.noise_multiplier !== 1);
  });
}

const capital = (text) => text.replace(/^./, (first) => first.toUpperCase());
