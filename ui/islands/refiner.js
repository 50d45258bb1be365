// Which checkpoint goes on with the picture: a choice of what fits the chosen one.
import { createChoice } from "./choice.js";
import { show } from "./dom.js";

const FIELD = "refiner";
const NONE = { name: "", label: "None" };

/** The rows of the choice: made for it first, then other checkpoints of the same latents; never the base itself. */
export function choices(checkpoints, base, chosen) {
  const fits = (row) => !row.problem && row.latents === base?.latents && row.name !== base.name;
  const isMade = (row) => row.family.endsWith("_refiner");
  const rows = checkpoints
    .filter(fits)
    .sort((a, b) => isMade(b) - isMade(a) || a.name.localeCompare(b.name))
    .map(({ name }) => ({ name, label: name }));
  const isOff = chosen !== "" && !rows.some((row) => row.name === chosen);
  const why = checkpoints.some((row) => row.name === chosen) ? "does not fit" : "not there";
  return [NONE, ...(isOff ? [{ name: chosen, label: `${chosen} (${why})`, isOff }] : []), ...rows];
}

/** Keeps the choice and the field alike; the fold is there when there is something to choose. */
export function watchRefiner({ form, checkpoint }) {
  const choice = createChoice(form, FIELD);

  function draw() {
    const base = checkpoint.all.find((row) => row.name === checkpoint.name);
    const rows = choices(checkpoint.all, base, form.values[FIELD] ?? "");
    const fold = document.querySelector("[data-fold=refiner]"); // Gradio may draw it after the field
    if (choice.draw(rows) && fold) show(fold, rows.length > 1);
  }
  form.onChange(draw);
  checkpoint.onChange(draw);
}
