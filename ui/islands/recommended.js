// What the chosen checkpoint is best used with, said at each field that holds something else; a click takes it over.
import { h, setText, show } from "./dom.js";

const SIZE = ["width", "height"];

/** Is the picture much larger or smaller than those that the checkpoint has learnt? Its shape is free. */
export function isSizeOff(values, defaults) {
  const share = (values.width * values.height) / (defaults.width * defaults.height);
  return share < 0.7 || share > 1.4;
}

/** A hint that is hidden while there is nothing to recommend. */
export function createHint(onTake) {
  return h("button", { type: "button", class: "quiet recommended", hidden: true, on: { click: onTake } });
}

/** Shows `recommended: …` with what there is to recommend, or hides it. */
export function drawHint(hint, text) {
  setText(hint, `recommended: ${text}`);
  show(hint, Boolean(text));
}

/** The hints below the fields that follow the checkpoint. */
export function watchRecommended({ form, checkpoint }) {
  const rows = form.fields
    .filter((field) => field.follows_checkpoint)
    .map(({ name, id }) => {
      const key = name.split(".").pop();
      const best = () => checkpoint.defaults[key];
      return { name, id, key, best, hint: createHint(() => form.fill({ [name]: best() })) };
    });

  function isOff({ name, key, best }) {
    const value = form.values[name];
    if (!checkpoint.isKnown || value === null || best() === undefined || value === best()) return false;
    return !SIZE.includes(key) || isSizeOff(form.values, checkpoint.defaults);
  }
  function draw() {
    for (const row of rows) {
      const block = document.getElementById(row.id);
      if (!block) continue;
      if (row.hint.parentElement !== block) block.append(row.hint);
      drawHint(row.hint, isOff(row) ? row.best() : "");
    }
  }
  form.onChange(draw);
  checkpoint.onChange(draw);
}
