// Animate: prompts over the frames, a camera that moves, and schedules on a timeline become a clip, frame after frame.
import { h, icon, setAttribute, setText, show } from "../dom.js";
import { takesPictures } from "../drop.js";
import { showProblems } from "../problems.js";
import { createDeforum } from "./animate_deforum.js";
import { createAnimateDraft } from "./animate_draft.js";
import { CLIP_FIELDS, MODES_OF_MOTION, counts, laneOf } from "./animate_lanes.js";
import { createPlayhead } from "./animate_playhead.js";
import { createPreview } from "./animate_preview.js";
import { createPrompts } from "./animate_prompts.js";
import { createStart } from "./animate_start.js";
import { createMakerFoot } from "./maker_foot.js";
import { OUTPUT_FIELDS } from "./output_fields.js";
import { createStillFields } from "./still_fields.js";
import { createTimeline } from "./timeline.js";
import { createWidgets } from "./widgets.js";

const TITLE = { name: "title", label: "Title", kind: "text", isWide: true, placeholder: "e.g. The lake" };

/** The mode; see MODES in modes.js. */
export function createAnimate({ videos, form, checkpoint, picker, toasts, onBegun, onBack }) {
  const draft = createAnimateDraft({ videos, checkpoint, toasts });
  const playhead = createPlayhead();
  const prompts = createPrompts({ draft, playhead });
  const preview = createPreview({ draft, playhead });
  const timeline = createTimeline({ draft, playhead, onPickPrompt: prompts.focus });
  const deforum = createDeforum({ draft, toasts });
  const motion = createMotion({ draft });
  const start = createStart({ draft });
  const clip = createWidgets({ fields: CLIP_FIELDS, page: "animate", change: draft.set, label: "Clip" });
  const still = createStillFields({ page: "animate", form, checkpoint, picker, change: draft.setStill });
  const file = createWidgets({ fields: [TITLE, ...OUTPUT_FIELDS], page: "animate", change: draft.setFile, label: "File" });
  const foot = createMakerFoot({ draft, id: "animate-begin", words: "Animate", onBegin: begin });
  const back = h("button", { type: "button", class: "quiet maker-back", "aria-label": "New video", on: { click: onBack } }, icon("chevron"), h("span", {}, "New video"));
  const anew = h("button", { type: "button", class: "quiet", on: { click: empty } }, "Begin anew");
  const head = h("header", { class: "video-head" }, back, h("h2", {}, "Animate"), ...deforum.buttons, anew);
  const main = h("div", { class: "maker-main" }, deforum.element, h("div", { class: "animate-top" }, prompts.element, preview.element), timeline.element);
  const parts = [section("Motion", motion.element), start.element, section("Clip", clip.element), still.element, section("File", file.element)];
  const side = h("div", { class: "video-side" }, h("div", { class: "video-scroll" }, ...parts), foot.element);
  const element = h("div", { class: "maker animate", hidden: true }, head, h("div", { class: "maker-body" }, main, side));

  function empty() {
    const undo = draft.clear();
    toasts.say("The animation is cleared.", { key: "videos", action: { label: "Undo", run: undo } });
  }
  async function begin() {
    if (draft.problems.some(({ isSent }) => !isSent)) return focusFirst();
    const video = await draft.begin();
    if (!video) return focusFirst();
    onBegun(video);
  }
  function draw() {
    show(main, Boolean(draft.settings));
    if (!draft.settings) return foot.draw([], false); // the server has yet to say how one begins
    for (const part of [prompts, preview, timeline, motion, start]) part.draw();
    clip.draw(draft.settings);
    for (const field of CLIP_FIELDS) show(clip.element.querySelector(`[data-at="${field.name}"]`), counts(field, draft.settings));
    still.draw(draft.still);
    file.draw(draft.file);
    // Lanes say themselves what is wrong with them.
    const others = draft.problems.filter(({ at }) => !laneOf(at) || !placeOf(at));
    foot.draw(showProblems(element, others, ({ at }) => placeOf(at)), true);
  }
  const placeOf = (at) => element.querySelector(`[data-at="${CSS.escape(at)}"]`);
  function focusFirst() {
    draw();
    const note = element.querySelector(".field-error, .lane-error:not([hidden])");
    note?.parentElement.querySelector("textarea, input, select, button")?.focus();
    note?.scrollIntoView({ block: "center" });
  }
  element.addEventListener("scrub", preview.stop);
  element.addEventListener("pointerdown", (event) => event.target.closest(".lane-key") && preview.stop());
  takesPictures(element, (file) => (isText(file) ? deforum.read(file) : start.take(file)));
  draft.onChange(draw);
  return { element, open: draw };
}

const section = (title, ...nodes) => h("section", { class: "maker-part", "aria-label": title }, h("h3", {}, title), ...nodes);

/** Settings of Deforum, which are text; all else is a picture or a movie. */
const isText = ({ name, type }) => /^(text|application\/json)/.test(type) || /\.(txt|json)$/i.test(name);

/** A camera, prompts that turn into each other, or a movie. */
function createMotion({ draft }) {
  const buttons = MODES_OF_MOTION.map(([value, label]) => h("button", { type: "button", role: "radio", class: "chip", data: { mode: value }, on: { click: () => draft.set("mode", value), keydown: walk } }, label));
  const about = h("p", { class: "hint" });
  const element = h("div", { data: { at: "mode" } }, h("div", { class: "chips maker-modes", role: "radiogroup", "aria-label": "Motion" }, ...buttons), about);

  function walk(event) {
    if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    const step = ["ArrowRight", "ArrowDown"].includes(event.key) ? 1 : buttons.length - 1;
    const other = buttons[(buttons.indexOf(event.currentTarget) + step) % buttons.length];
    draft.set("mode", other.dataset.mode);
    other.focus();
  }
  function draw() {
    for (const button of buttons) {
      const isChosen = button.dataset.mode === draft.settings.mode;
      setAttribute(button, "aria-checked", String(isChosen));
      setAttribute(button, "tabindex", isChosen ? 0 : -1);
    }
    setText(about, MODES_OF_MOTION.find(([value]) => value === draft.settings.mode)[2]);
  }
  return { element, draw };
}
