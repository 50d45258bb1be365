// The loop: how long it is, its frames a second, the file that it becomes, its size, and its title.
import { debounce, h, show } from "../dom.js";
import { OUTPUT_FIELDS, hasQuality } from "./output_fields.js";
import { createField } from "./photo_fields.js";
import { SIDES } from "./photo_files.js";

const TYPING_MS = 250;
const RATES = [12, 15, 24, 25, 30, 50, 60];
const FIELDS = [
  { name: "loop_seconds", label: "Loop", range: [0.5, 30], kind: "slider", step: 0.5, tell: (value) => `${value} s` },
  { name: "fps", label: "Frames a second", options: RATES.map((rate) => [String(rate), `${rate} fps`]), kind: "choice" },
  ...OUTPUT_FIELDS,
];

/** The part; `draw()` brings it up to date with the draft. */
export function createLoop({ draft }) {
  const rows = FIELDS.map((field) => createField({ field, at: field.name, change: (value) => draft.change({ [field.name]: field.name === "fps" ? Number(value) : value }) }));
  const side = h("select", { id: "photo-side", on: { change: () => draft.resize(Number(side.value)) } });
  const size = h("div", { class: "photo-field", data: { at: "side" } }, h("label", { class: "label", for: "photo-side" }, "Size"), side);
  const title = h("input", { type: "text", id: "photo-title", autocomplete: "off", maxlength: 200, placeholder: "e.g. The brook" });
  const named = h("div", { class: "photo-field", data: { at: "title" } }, h("label", { class: "label", for: "photo-title" }, "Title"), title);
  const element = h("section", { class: "photo-loop", "aria-label": "Loop and file" }, h("h3", {}, "Loop and file"), ...rows.map((row) => row.element), size, named);
  const write = () => title.value.trim() !== draft.title && draft.change({ title: title.value.trim() });
  let known = null; // the upload whose sizes stand there

  title.addEventListener("input", debounce(write, TYPING_MS));
  title.addEventListener("change", write); // it is left, perhaps for the button
  function draw() {
    for (const row of rows) row.draw(draft[row.name]);
    show(rows.find(({ name }) => name === "quality").element, hasQuality(draft));
    if (document.activeElement !== title && title.value !== draft.title) title.value = draft.title;
    drawSides();
  }
  function drawSides() {
    const { photo } = draft;
    show(size, Boolean(photo));
    if (!photo) return;
    if (known !== photo.whole.id) side.replaceChildren(...sidesOf(photo.whole).map(([value, label]) => h("option", { value }, label)));
    known = photo.whole.id;
    side.value = Math.min(photo.side, Math.max(...[...side.options].map(({ value }) => Number(value))));
    side.disabled = draft.isTaking;
  }
  return { element, draw };
}

/** What is smaller than the photo, and the photo as it is where that can be animated. */
function sidesOf({ width, height }) {
  const longer = Math.max(width, height);
  const rows = SIDES.filter((side) => side < longer).map((side) => [side, label(width, height, side / longer)]);
  return longer > SIDES.at(-1) ? rows : [...rows, [longer, label(width, height, 1)]];
}

const label = (width, height, scale) => `${Math.round(width * scale)} × ${Math.round(height * scale)} px`;
