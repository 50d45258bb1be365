// Captions by a model that describes pictures, where the user has one: a button, and how far it is.
import { call } from "../api.js";
import { h, setText, show } from "../dom.js";

const TIMEOUT_MS = 120000; // the first picture waits for the model to be loaded

/** The button; `draw()` brings it up to date with the draft. Captions that the user has written stay. */
export function createDescribing({ draft, toasts }) {
  const element = h("button", { type: "button", class: "quiet", hidden: true, on: { click: run } });
  let left = 0;

  async function run() {
    const open = draft.pictures.filter((one) => one.caption === null && !one.text);
    left = open.length;
    draw();
    for (const { image } of open) {
      try {
        const { text } = await call("POST", "api/v1/trainings/describe", { json: { image }, timeoutMs: TIMEOUT_MS });
        if (draft.pictures.some((one) => one.image === image)) draft.setPicture(image, { text });
      } catch (error) {
        toasts.fail(error, { key: "training" });
        break;
      }
      left -= 1;
      draw();
    }
    left = 0;
    draw();
  }
  function draw() {
    const isOpen = draft.pictures.some((one) => one.caption === null && !one.text);
    show(element, Boolean(draft.answer?.captioner) && (isOpen || left > 0));
    element.disabled = left > 0;
    setText(element, left ? `Describing, ${left} to go …` : "Describe the pictures");
    element.title = draft.answer?.captioner ? `By ${draft.answer.captioner}, on this machine` : "";
  }
  return { element, draw };
}
