// A new training: the pictures on the left, what they are on the right, and the button that begins it, always in view.
import { h, icon } from "../dom.js";
import { takesPictures } from "../drop.js";
import { showProblems } from "../problems.js";
import { createAdvanced } from "./advanced.js";
import { createFields } from "./fields.js";
import { createFoot } from "./foot.js";
import { createPictures } from "./pictures.js";

// Missing so far, not wrong: said when Train is pressed, and not before.
const AWAITED = ["name", "class_word", "examples", "images"];
// What is missing for it can be said where everybody looks: pictures of the class are of what the class word says.
const ASKED_AT = { prior_pictures: { field: "class_word", why: "is open", remedy: "Say what kind of thing it is, so that other things of its kind stay as they are." } };

/** The view; `onBegun(training)` when it is on its way, `onBack()` to the list. */
export function createTeach({ draft, checkpoint, picker, toasts, onBegun, onBack }) {
  const pictures = createPictures({ draft, toasts });
  const fields = createFields({ draft, checkpoint, picker });
  const advanced = createAdvanced({ draft });
  const foot = createFoot({ draft, onTrain: begin });
  const back = h("button", { type: "button", class: "quiet", on: { click: onBack } }, icon("chevron"), "Trainings");
  const clear = h("button", { type: "button", class: "quiet", on: { click: empty } }, "Begin anew");
  const head = h("header", { class: "train-head" }, back, h("h2", {}, "New training"), clear);
  const side = h("section", { class: "teach-side", "aria-label": "What is taught" }, h("div", { class: "teach-scroll" }, fields.element, advanced.element), foot.element);
  const element = h("div", { class: "teach" }, head, h("div", { class: "teach-body" }, pictures.element, side));
  let isPressed = false;

  function empty() {
    const undo = draft.clear();
    toasts.say("Pictures and fields are cleared.", { key: "training", action: { label: "Undo", run: undo } });
  }
  async function begin() {
    isPressed = true;
    if (draft.problems.length && !draft.isAsking) return draw(), focusFirst();
    const training = await draft.begin();
    if (!training) return focusFirst();
    isPressed = false;
    onBegun(training);
  }
  function draw() {
    fields.draw();
    advanced.draw();
    back.hidden = !element.dataset.hasList;
    clear.hidden = draft.pictures.length === 0 && Object.keys(draft.plan).length === 0;
    const problems = draft.problems.map((one) => (one.field in draft.plan ? one : (ASKED_AT[one.field] ?? one)));
    const shown = problems.filter(({ field }) => isPressed || !AWAITED.includes(field) || field in draft.plan);
    foot.draw(showProblems(element, shown, ({ field }) => placeOf(element, field)));
  }
  function focusFirst() {
    const place = element.querySelector(".field-error")?.parentElement;
    if (place?.closest(".teach-advanced")) advanced.open();
    (place?.querySelector("input, textarea, select, button") ?? place)?.focus();
    place?.scrollIntoView({ block: "center" });
  }
  takesPictures(element, (first, files) => pictures.take(files));
  draft.onChange(draw);
  return {
    element,
    /** `hasList`: is there a list of trainings to go back to? */
    open(hasList) {
      if (hasList) element.dataset.hasList = "yes";
      else delete element.dataset.hasList;
      draw();
    },
  };
}

function placeOf(root, field = "") {
  const [top, index] = field.split(".");
  if (index !== undefined && /^\d+$/.test(index)) return root.querySelectorAll(".teach-card .teach-words")[Number(index)] ?? null;
  const name = top === "images" ? "examples" : top.replace(/^plan\./, "");
  return root.querySelector(`[data-plan="${CSS.escape(name)}"]`);
}
