// The frames of a video in small, side by side: they come while it is made, and lead to their place in the film.
import { call } from "../api.js";
import { h, keyed, setAttribute, show } from "../dom.js";
import { stripUrl } from "./telling.js";

const MOST = 60; // in the page at once

/** `draw(video, isOther)` asks for frames that are new; `onPick(frame)` chooses one, `mark(frame)` shows which is chosen. */
export function createStrip({ onPick }) {
  const list = h("ul", { class: "video-strip", tabindex: 0, "aria-label": "Frames" });
  const element = h("section", { class: "video-frames", "aria-label": "Frames", hidden: true }, h("h3", {}, "Frames"), list);
  let video = null;
  let known = "";
  let isAsking = false;

  async function draw(next, isOther) {
    video = next;
    if (isOther) (show(element, false), list.replaceChildren(), (known = ""));
    const now = video && `${video.id} ${video.frame} ${video.state}`;
    if (!video || !video.frame || now === known || isAsking) return;
    isAsking = true;
    const frames = await framesOf(video);
    isAsking = false;
    if (video?.id !== next.id) return video && draw(video, false);
    known = frames ? now : "";
    if (frames) put(frames);
    if (now !== `${video.id} ${video.frame} ${video.state}`) draw(video, false);
  }
  async function framesOf({ id }) {
    try {
      return (await call("GET", `api/v1/videos/${id}/strip`)).frames;
    } catch {
      return null; // asked again with the next news
    }
  }
  function put(frames) {
    const isAtEnd = list.scrollLeft + list.clientWidth > list.scrollWidth - 48;
    keyed(list, thinned(frames), { key: (frame) => frame, make });
    show(element, frames.length > 0);
    if (isAtEnd && video.state === "running") list.scrollLeft = list.scrollWidth;
  }
  /** The last one that is not after it. */
  function mark(frame) {
    const chosen = [...list.children].findLast((item) => Number(item.dataset.key) <= frame);
    for (const item of list.children) setAttribute(item.firstElementChild, "aria-pressed", String(item === chosen));
  }
  function make(frame) {
    const image = h("img", { src: stripUrl(video, frame), alt: "", loading: "lazy", decoding: "async" });
    const label = `Frame ${frame}`;
    return h("li", {}, h("button", { type: "button", title: label, "aria-label": label, on: { click: () => onPick(frame) } }, image));
  }
  return { element, draw, mark };
}

/** Evenly as many as may stand there, with the first and the last. */
function thinned(frames) {
  if (frames.length <= MOST) return frames;
  return Array.from({ length: MOST }, (_, place) => frames[Math.round((place * (frames.length - 1)) / (MOST - 1))]);
}
