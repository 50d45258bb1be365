// The foot of a photo that is about to come to life: what it will be, what is still missing, and the button.
import { h, icon, keyed, setText, show } from "../dom.js";
import { inWords } from "../problems.js";
import { duration, fileSize, plural } from "../words.js";
import { seconds } from "./telling.js";

/** The foot; `draw(problems)` shows what stands at no field, `onBegin()` is called by its button. */
export function createFoot({ draft, onBegin }) {
  const what = h("span");
  const cost = h("span");
  const estimate = h("p", { class: "video-estimate", role: "status" }, what, cost);
  const notes = h("ul", { class: "video-warnings" });
  const button = h("button", { type: "button", class: "primary", id: "photo-begin", on: { click: press } }, "Bring it to life");
  const element = h("div", { class: "video-foot" }, notes, estimate, button);
  let isSending = false;
  let shown = [];

  async function press() {
    if (isSending) return;
    isSending = true;
    draw(shown);
    await onBegin();
    isSending = false;
    draw(shown);
  }
  function draw(problems) {
    shown = problems;
    const { answer, photo } = draft;
    const texts = [...problems.map(inWords), ...(answer?.warnings ?? [])];
    keyed(notes, texts, { key: (text) => text, make: (text) => h("li", {}, icon("warning"), text) });
    show(notes, texts.length > 0);
    show(estimate, Boolean(photo));
    setText(what, answer ? lengthOf(answer) : draft.isAsking ? "Working it out …" : "");
    setText(cost, answer ? costOf(answer) : "");
    button.disabled = isSending || !photo || draft.isTaking;
    setText(button, isSending ? "Beginning …" : "Bring it to life");
  }
  return { element, draw };
}

function lengthOf({ frames, fps, width, height }) {
  return `${plural(frames, "frame")}, ${seconds(frames / fps)}, ${width} × ${height} px`;
}

function costOf({ bytes, seconds: lasts }) {
  return [`about ${fileSize(bytes)} on the disk`, lasts && `${duration(lasts)} to make`].filter(Boolean).join(", ");
}
