// Inputs of our own islands: a labelled choice and a labelled slider, drawn like those of the form.
import { h, setAttribute, setText } from "./dom.js";

/** A labelled <select>; `draw(choices, value)`, a choice being {value, text, hint, group}. */
export function createChoice(label, take) {
  const select = h("select", { on: { change: () => take(select.value) } });
  const element = h("label", { class: "guide-field" }, h("span", { class: "label" }, label), select);
  let drawn = "";
  function draw(choices, value) {
    const now = JSON.stringify(choices);
    if (now !== drawn) {
      const groups = Map.groupBy(choices, (choice) => choice.group ?? "");
      const options = ({ value: one, text, hint }) => h("option", { value: one, title: hint }, text);
      select.replaceChildren(
        ...[...groups].flatMap(([group, rows]) =>
          group ? [h("optgroup", { label: group }, ...rows.map(options))] : rows.map(options),
        ),
      );
      drawn = now;
    }
    select.value = value;
    select.title = choices.find((choice) => choice.value === value)?.hint ?? "";
  }
  return { element, draw };
}

/** A labelled slider that starts at 0; `draw(value)`. `low` and `high` say what its ends mean. */
export function createSlider({ label, most = 1, step = 0.05, shown = (value) => value.toFixed(2), low, high, take }) {
  const value = h("span", { class: "value" });
  const input = h("input", {
    type: "range",
    class: "strip-slider",
    min: "0",
    max: String(most),
    step: String(step),
    "aria-label": label,
    on: { input: () => take(Math.round(Number(input.value) * 100) / 100) },
  });
  const head = h("span", { class: "label-row" }, h("span", { class: "label" }, label), value);
  const ends = low && h("span", { class: "slider-ends", "aria-hidden": "true" }, h("span", {}, low), h("span", {}, high));
  function draw(now) {
    input.value = String(now);
    setText(value, shown(now));
    setAttribute(input, "aria-valuetext", shown(now));
  }
  return { element: h("label", { class: "guide-field" }, head, input, ends), draw };
}
