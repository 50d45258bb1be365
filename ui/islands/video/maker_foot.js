// The foot of a new video: what it will be, what is still wrong or missing, and the button that begins it.
import { h, icon, keyed, setText, show } from "../dom.js";
import { inWords } from "../problems.js";
import { duration, fileSize, plural } from "../words.js";
import { seconds } from "./telling.js";

/** The foot; `draw(problems, isReady)` shows what stands at no field, `onBegin()` is called by its button, which says `words`. */
export function createMakerFoot({ draft, id, words, onBegin }) {
  const what = h("span");
  const cost = h("span");
  const estimate = h("p", { class: "video-estimate", role: "status" }, what, cost);
  const notes = h("ul", { class: "video-warnings" });
  const button = h("button", { type: "button", class: "primary", id, on: { click: press } });
  const element = h("div", { class: "video-foot" }, notes, estimate, button);
  let isSending = false;
  let shown = [[], true];

  async function press() {
    if (isSending) return;
    isSending = true;
    draw(...shown);
    await onBegin();
    isSending = false;
    draw(...shown);
  }
  function draw(problems, isReady) {
    shown = [problems, isReady];
    const { answer, isAsking } = draft;
    const texts = [...problems.map(inWords), ...(answer?.warnings ?? [])];
    keyed(notes, texts, { key: (text) => text, make: (text) => h("li", {}, icon("warning"), text) });
    show(notes, texts.length > 0);
    show(estimate, isReady);
    setText(what, answer ? lengthOf(answer) : isAsking ? "Working it out …" : "");
    setText(cost, answer ? costOf(answer) : "");
    button.disabled = isSending || !isReady;
    setText(button, isSending ? "Beginning …" : words);
  }
  return { element, draw };
}

function lengthOf({ frames, drawings, fps, width, height }) {
  const drawn = drawings && drawings !== frames ? `, ${drawings} drawn` : "";
  return `${plural(frames, "frame")}${drawn}, ${seconds(frames / fps)}, ${width} × ${height} px`;
}

function costOf({ bytes, seconds: lasts }) {
  return [`about ${fileSize(bytes)} on the disk`, lasts && `${duration(lasts)} to make`].filter(Boolean).join(", ");
}
