// Captions by a model that describes pictures, where the user has one: a button, how far it is, and what went wrong where.
import { ConnectionLost, call } from "../api.js";
import { h, setText, show } from "../dom.js";

const TIMEOUT_MS = 120000; // the first picture waits for the model to be loaded
const FAILURES = 2; // in a row: it is the model, and no picture

/**
 * The button; `draw()` brings it up to date with the draft. What a picture says of itself stays, and so do captions that
 * the user has written. `troubleOf(image)`: why it could not be described, "" if nothing is wrong.
 */
export function createDescribing({ draft, toasts, onChange }) {
  const element = h("button", { type: "button", class: "secondary", hidden: true, on: { click: run } });
  const troubles = new Map(); // image → why
  let left = 0;

  const isOpen = ({ image, caption, text }) => caption === null && !text && draft.exampleOf(image)?.is_described === false;
  const open = () => draft.pictures.filter(isOpen);

  async function run() {
    const images = open().map(({ image }) => image);
    let failures = 0;
    troubles.clear();
    for (left = images.length; left > 0 && failures < FAILURES; left -= 1) {
      onChange();
      failures = (await describe(images.at(-left))) ? 0 : failures + 1;
    }
    left = 0;
    onChange();
  }
  /** Answers whether it went well. A caption that was written meanwhile stays. */
  async function describe(image) {
    try {
      const { text } = await call("POST", "api/v1/trainings/describe", { json: { image }, timeoutMs: TIMEOUT_MS });
      if (open().some((one) => one.image === image)) draft.setPicture(image, { text });
      return true;
    } catch (error) {
      if (error instanceof ConnectionLost) toasts.fail(error, { key: "training" });
      else troubles.set(image, [error.message, error.remedy].filter(Boolean).join(" "));
      return false;
    }
  }
  function draw() {
    const captioner = draft.answer?.captioner ?? "";
    show(element, Boolean(captioner) && (left > 0 || open().length > 0));
    element.disabled = left > 0;
    setText(element, left ? `Describing, ${left} to go …` : "Describe the pictures");
    element.title = captioner ? `By ${captioner}, on this machine` : "";
  }
  const isMended = (image) => !draft.pictures.some((one) => one.image === image && isOpen(one));
  return { element, draw, troubleOf: (image) => (isMended(image) ? "" : (troubles.get(image) ?? "")) };
}
