// What the model may draw over in a photo that moves: whether, how far, and what it is told.
import { h, show } from "../dom.js";
import { STILL_START, createStillFields } from "./still_fields.js";
import { createWidgets } from "./widgets.js";

const percent = (value) => `${Math.round(value * 100)} %`;
const SWITCH = [{ name: "isOn", label: "Refine with the model", kind: "switch", hint: "It draws over what moves: clear water where it was smeared. Slower; the loop stays whole." }];
const FIELDS = [
  { name: "strength", label: "Strength: how far it may change a frame", kind: "slider", range: [0, 1], tell: percent },
  { name: "spacing", label: "Frames from one to the next, at most", kind: "slider", range: [1, 24], step: 1 },
];
const WORDS = [
  { name: "prompt", label: "Prompt", kind: "lines", isWide: true, placeholder: "What is there, e.g. a clear mountain river" },
  { name: "negative_prompt", label: "Not to be seen", kind: "text", isWide: true, placeholder: "e.g. text, blur" },
];

/** How it begins. `still`: a Request, kept flat as in still_fields.js. */
export const REFINE_START = { isOn: false, strength: 0.3, spacing: 12, still: { ...STILL_START, prompt: "", negative_prompt: "" } };
/** As the server takes it. */
export const asRefine = ({ isOn, strength, spacing }) => (isOn ? { strength, spacing } : null);

/** The part; `draw()` brings it up to date with the draft. */
export function createRefine({ draft, form, checkpoint, picker }) {
  const set = (name, value) => draft.change({ refine: { ...draft.refine, [name]: value } }, name);
  const setStill = (name, value) => draft.change({ refine: { ...draft.refine, still: { ...draft.refine.still, [name]: value } } }, name);
  const isOn = createWidgets({ fields: SWITCH, page: "refine", change: set, label: "Refine" });
  const words = createWidgets({ fields: WORDS, page: "refine", change: setStill, label: "Words" });
  const how = createWidgets({ fields: FIELDS, page: "refine", change: set, label: "How far" });
  const still = createStillFields({ page: "refine", form, checkpoint, picker, change: setStill, usual: (name) => (["width", "height"].includes(name) ? "as the photo" : "") });
  const more = h("div", { class: "refine-more" }, words.element, how.element, still.element);
  const element = h("section", { class: "maker-part", "aria-label": "Refine" }, h("h3", {}, "Refine"), isOn.element, more);

  function draw() {
    const { refine } = draft;
    show(more, refine.isOn);
    isOn.draw(refine);
    words.draw(refine.still);
    how.draw(refine);
    still.draw(refine.still);
  }
  return { element, draw };
}
