// Photo to life: a photo is dropped, what moves is painted, and a loop without a seam comes of it.
import { h, icon, setText, show } from "../dom.js";
import { PICTURE_TYPES, takesPictures } from "../drop.js";
import { showProblems } from "../problems.js";
import { createMakerFoot } from "./maker_foot.js";
import { createPhotoDraft } from "./photo_draft.js";
import { createEasel } from "./photo_easel.js";
import { EFFECTS } from "./photo_effects.js";
import { createLoop } from "./photo_loop.js";
import { createPanel } from "./photo_panel.js";
import { createPreview } from "./photo_preview.js";
import { createRefine } from "./photo_refine.js";

/** The mode; see MODES in modes.js. */
export function createPhoto({ videos, form, checkpoint, picker, toasts, onBegun, onBack }) {
  const draft = createPhotoDraft({ videos, checkpoint, toasts });
  const easel = createEasel({ draft });
  const panel = createPanel({ draft, toasts });
  const preview = createPreview({ draft });
  const loop = createLoop({ draft });
  const refine = createRefine({ draft, form, checkpoint, picker });
  const foot = createMakerFoot({ draft, id: "photo-begin", words: "Bring it to life", onBegin: begin });
  const file = h("input", { type: "file", accept: PICTURE_TYPES, hidden: true, on: { change: takeChosen } });
  const words = h("span", { class: "empty-title" });
  const drop = h("button", { type: "button", class: "video-drop", on: { click: () => file.click() } }, icon("picture"), words, h("span", {}, "Or press here to choose one, or paste it. Water, smoke, clouds, grass, hair: what moves in life moves here."));
  const place = h("div", { class: "photo-place", data: { at: "photo" } }, drop, easel.element);
  const back = h("button", { type: "button", class: "quiet photo-back", "aria-label": "New video", on: { click: onBack } }, icon("chevron"), h("span", {}, "New video"));
  const other = h("button", { type: "button", class: "quiet", title: "Another photo", on: { click: () => file.click() } }, icon("picture"), "Replace");
  const anew = h("button", { type: "button", class: "quiet", on: { click: empty } }, "Begin anew");
  const head = h("header", { class: "video-head" }, back, h("h2", {}, "Photo to life"), other, anew);
  const side = h("div", { class: "video-side" }, h("div", { class: "video-scroll" }, panel.element, preview.element, loop.element, refine.element), foot.element);
  const element = h("div", { class: "photo", hidden: true }, head, h("div", { class: "photo-body" }, place, side), file);
  let isPressed = false;

  function takeChosen() {
    if (file.files.length) draft.take(file.files[0]);
    file.value = "";
  }
  function empty() {
    const undo = draft.clear();
    toasts.say("Photo and effects are cleared.", { key: "videos", action: { label: "Undo", run: undo } });
    drop.focus();
  }
  async function begin() {
    isPressed = true;
    const lack = draft.missing();
    if (lack) draft.choose(lack.effect.key);
    if (lack || draft.problems.length) return focusFirst();
    const video = await draft.begin();
    if (!video) return focusFirst();
    isPressed = false;
    onBegun(video);
  }
  /** What is missing is wrong only once the button was pressed; until then it says what to do next. */
  function problems() {
    const lack = isPressed && draft.photo ? draft.missing() : null;
    const missing = lack ? [{ at: `${lack.effect.key}.`, why: `${EFFECTS[lack.effect.kind].label} does not know yet what moves`, remedy: lack.words }] : [];
    return [...draft.problems, ...missing];
  }
  function draw() {
    const hasPhoto = Boolean(draft.photo);
    show(drop, !hasPhoto);
    show(easel.element, hasPhoto);
    show(other, hasPhoto);
    show(anew, hasPhoto);
    setText(words, draft.isTaking ? "The photo is on its way …" : "Drop a photo");
    element.toggleAttribute("data-empty", !hasPhoto);
    for (const part of [easel, panel, preview, loop, refine]) part.draw();
    foot.draw(showProblems(element, problems(), ({ at }) => element.querySelector(`[data-at="${CSS.escape(at)}"]`)), hasPhoto && !draft.isTaking);
  }
  function focusFirst() {
    draw();
    const at = element.querySelector(".field-error")?.parentElement;
    at?.querySelector("button, input, select")?.focus();
    at?.scrollIntoView({ block: "center" });
  }
  takesPictures(element, draft.take);
  draft.onChange(draw);
  return { element, open: draw };
}
