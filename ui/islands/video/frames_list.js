// The frames that were put back into a movie: each in small with its number; a press goes there, a cross takes it out.
import { url } from "../api.js";
import { h, iconButton, keyed, setAttribute, show } from "../dom.js";

/** The list; `draw(edits)` as in `lent_frame.js`, `mark(frame)` is the one that is shown, `rowOf(index)` where an edit stands. */
export function createPutBack({ onPick, onRemove }) {
  const list = h("ul", { class: "frames-list", "aria-label": "Frames that were put back" });
  const hint = h("p", { class: "hint" }, "None yet. Take a frame to Image to image or Inpaint, change it there, and press “Put back” below the result.");
  const element = h("div", {}, list, hint);

  function draw(edits) {
    keyed(list, edits, { key: ({ frame, image }) => `${frame} ${image}`, make });
    show(list, edits.length > 0);
    show(hint, edits.length === 0);
  }
  function make({ frame, image }) {
    const picture = h("img", { src: url(`api/v1/assets/${image}/thumbnail`), alt: "", decoding: "async" });
    const there = h("button", { type: "button", class: "frames-edit", data: { frame }, on: { click: () => onPick(frame) } }, picture, `Frame ${frame}`);
    return h("li", {}, there, iconButton("close", `Take frame ${frame} out`, () => onRemove(frame)));
  }
  function mark(frame) {
    for (const button of list.querySelectorAll(".frames-edit")) setAttribute(button, "aria-current", Number(button.dataset.frame) === frame ? "true" : null);
  }
  return { element, draw, mark, rowOf: (index) => list.children[index] ?? null };
}
