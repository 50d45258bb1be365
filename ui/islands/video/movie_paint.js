// The mask of a movie, painted on one of its frames.
import { h, icon, show } from "../dom.js";
import { createEasel } from "./photo_easel.js";
import { newEffect } from "./photo_effects.js";
import { createMaskSender } from "./photo_files.js";

const KIND = "ripple"; // an effect for which nothing is drawn but a mask

/** The easel; `open(asset)` lays a frame on it; `onDone(id)` has the mask as an upload, or null where there is none. */
export function createMaskPaint({ toasts, onDone }) {
  const board = { photo: null, effects: [newEffect(KIND, 1)], chosen: 1, size: () => board.photo ?? { width: 0, height: 0 }, effect: () => board.effects[0], touched: draw };
  const easel = createEasel({ draft: board });
  const send = createMaskSender();
  const use = h("button", { type: "button", class: "secondary", on: { click: done } }, icon("check"), "Use this mask");
  const end = h("button", { type: "button", class: "quiet", on: { click: close } }, "Cancel");
  const bar = h("div", { class: "paint-verbs" }, h("span", { class: "hint" }, "Paint what may change."), end, use);
  const element = h("div", { class: "movie-paint", hidden: true }, easel.element, bar);

  /** What was painted before is there again on a frame of the same size. */
  function open(asset) {
    const { mask } = board.effect();
    if (mask?.width !== asset.width || mask?.height !== asset.height) board.effects = [newEffect(KIND, 1)];
    board.photo = asset;
    show(element, true);
    element.scrollIntoView({ block: "center" });
    draw();
  }
  function draw() {
    use.disabled = !board.effect().isPainted;
    easel.draw();
  }
  async function done() {
    use.disabled = true;
    try {
      onDone(await send(board.effect()));
      shut();
    } catch (error) {
      toasts.fail(error, { key: "videos" });
      draw();
    }
  }
  function close() {
    shut();
    onDone(null);
  }
  function shut() {
    board.photo = null;
    show(element, false);
    easel.draw();
  }
  return { element, open, close, isOpen: () => board.photo !== null };
}
