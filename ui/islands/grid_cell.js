// One picture in the table of a grid: it develops in small, opens large, says why it failed, and can be made again.
import { url } from "./api.js";
import { h, iconButton, setAttribute, setText, show } from "./dom.js";
import { hasPreview, isLive, previewOf } from "./store.js";

const STATES = { failed: "failed", cancelled: "not made", paused: "paused", dropped: "not made" };

/** Why a picture is not there, as far as it is known. */
export const failureOf = (job, picture) => (picture.error ?? job.error)?.message ?? "It failed.";

/** The cell of a picture; `draw(job, picture)` brings it up to date, and does nothing while all is as it was. */
export function createCell({ words, onOpen, makeAgain }) {
  const image = h("img", { alt: "", loading: "lazy", decoding: "async", draggable: "false" });
  const state = h("span", { class: "grid-state" });
  const fill = h("span", { class: "progress-fill" });
  const bar = h("span", { class: "progress-bar" }, fill);
  const open = h("button", { type: "button", class: "grid-open", tabindex: -1, on: { click: onOpen } }, image, state, bar);
  const still = { tabindex: -1 };
  const again = iconButton("retry", "Again: the same once more", () => makeAgain(null), still);
  const anew = iconButton("dice", "Again with a new seed", () => makeAgain(-1), still);
  const verbs = h("div", { class: "grid-verbs" }, again, anew);
  const element = h("td", { class: "grid-cell" }, open, verbs);
  let drawn = "";

  function draw(job, picture) {
    const isOver = !isLive(job);
    const seen = hasPreview(job, picture);
    const key = [picture.state, picture.step, picture.picture_id, seen && picture.preview_seq, isOver].join();
    if (key === drawn) return;
    drawn = key;
    element.dataset.state = picture.state;
    const src = picture.picture_id
      ? url(`api/v1/pictures/${picture.picture_id}/thumbnail`)
      : seen && previewOf(job, picture);
    setAttribute(image, "src", src || null);
    const isFailed = picture.state === "failed";
    setText(state, isFailed ? failureOf(job, picture) : (STATES[picture.state] ?? ""));
    show(bar, picture.state === "running");
    fill.style.transform = `scaleX(${picture.steps ? picture.step / picture.steps : 0})`;
    show(verbs, isOver && (picture.state === "done" || isFailed));
    setAttribute(open, "title", isFailed ? failureOf(job, picture) : words);
    setAttribute(open, "aria-label", `${words}, ${picture.state}`);
  }
  return { element, open, draw };
}
