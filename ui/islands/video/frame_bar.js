// Below the frames of a video: which one is chosen, and what can be done with it.
import { insist } from "../api.js";
import { ask } from "../ask.js";
import { h, icon, setAttribute, setText, show } from "../dom.js";
import { PATIENCE_MS } from "../works.js";
import { createExport } from "./frames_export.js";
import { framesUrl, frameUrl } from "./telling.js";

const ANY_SEED = -1;

/**
 * The bar; `draw(video)`, `at(frame)` when another one is chosen; `onStep(frame)` goes to one, `onWork(frame)` takes it to
 * work on frames.
 */
export function createFrameBar({ videos, onStep, onWork }) {
  const words = h("span", { class: "frames-words", role: "status" });
  const step = (by, sign, label) => h("button", { type: "button", class: `icon-button frames-${sign}`, "aria-label": label, title: label, on: { click: () => onStep(Math.min(count() - 1, Math.max(0, frame + by))) } }, icon("chevron"));
  const work = action("film", "Work on this frame", "work", () => onWork(frame));
  const again = action("retry", "Remake from here", "remake", remake);
  const save = h("a", { class: "secondary", download: "", data: { act: "save-frame" } }, icon("download"), "Save frame");
  const exported = createExport({ urlOf: (...range) => framesUrl("videos", video.id, ...range), count: () => count() });
  const element = h("div", { class: "frames-actions frame-bar", hidden: true }, step(-1, "back", "The frame before"), words, step(1, "on", "The next frame"), h("span", { class: "frames-gap" }), work, again, save, exported.element);
  let video = null;
  let frame = 0;
  const count = () => video.film?.frames ?? video.frame;

  /** With the same seed the same frames would come again. */
  async function remake() {
    const { id } = video;
    if (!(await ask(questionOf(video, frame)))) return;
    const json = { frame, seed: ANY_SEED };
    await videos.attempt(async () => videos.put(await insist("POST", `api/v1/videos/${id}/remake`, { json }, PATIENCE_MS)));
  }
  function draw(next) {
    if (next?.id !== video?.id) frame = 0;
    video = next;
    if (!video) return show(element, false);
    const isDone = video.state === "done" && Boolean(video.film);
    const canRemake = Boolean(video.request) && video.frame > 0;
    show(element, isDone || canRemake);
    for (const one of [work, save, exported.element]) show(one, isDone);
    show(work, isDone && video.film.media_type !== "image/webp"); // which is no movie
    show(again, canRemake);
    at(Math.min(frame, Math.max(0, count() - 1)));
  }
  function at(next) {
    frame = next;
    setText(words, `Frame ${frame} / ${Math.max(0, count() - 1)}`);
    setAttribute(save, "href", frameUrl("videos", video.id, frame));
  }
  return { element, draw, at, frame: () => frame };
}

function action(sign, label, act, run) {
  return h("button", { type: "button", class: "secondary", data: { act }, on: { click: run } }, icon(sign), label);
}

function questionOf({ film, frame: done, frames }, frame) {
  const lost = Math.max(0, (film ? frames : done) - frame);
  const what = film ? "the film and its last" : "the last";
  return {
    title: `Make frame ${frame} and all after it anew?`,
    text: `This throws away ${what} ${lost.toLocaleString()} frames, and draws them again by another seed. Frames before it stay as they are. It cannot be undone.`,
    yes: "Remake",
    no: "Keep them",
  };
}
