// The photo in small as it will move, made anew a moment after each change, as soon as something can move.
import { call } from "../api.js";
import { debounce, h, setText, show } from "../dom.js";
import { lacking } from "./photo_effects.js";

const ASK_MS = 700;
const TIMEOUT_MS = 120000;

/** The part; `draw()` brings it up to date with the draft. It is only looked at: what is wrong is said by the draft. */
export function createPreview({ draft }) {
  const image = h("img", { class: "photo-moving", alt: "The photo as it will move" });
  const told = h("p", { class: "hint", role: "status" });
  const element = h("section", { class: "photo-preview", "aria-label": "Preview", hidden: true }, h("h3", {}, "Preview"), image, told);
  const look = debounce(ask, ASK_MS);
  let wanted = ""; // what it is to show, as text
  let shown = "";
  let isAsking = false;

  const ready = () => (draft.photo ? draft.ordered().filter((one) => !lacking(one)) : []);
  function draw() {
    const effects = ready();
    show(element, effects.length > 0);
    const now = effects.length ? keyOf(draft, effects) : "";
    if (now === wanted) return;
    wanted = now;
    if (now) look();
  }
  /** One at a time: each takes the machine a moment. */
  async function ask() {
    if (isAsking || !wanted || wanted === shown) return;
    isAsking = true;
    element.toggleAttribute("data-stale", true);
    const mine = wanted;
    setText(told, image.src ? "" : "Working it out …");
    const film = await fetched();
    if (film) put(film);
    shown = mine;
    isAsking = false;
    element.toggleAttribute("data-stale", wanted !== shown);
    setText(told, film || image.src ? "" : "There is no preview of it.");
    ask();
  }
  async function fetched() {
    try {
      const { settings } = await draft.order(ready());
      return await call("POST", "api/v1/video/photo", { json: settings, isBlob: true, timeoutMs: TIMEOUT_MS });
    } catch {
      return null; // a photo that is gone, or no connection: said elsewhere
    }
  }
  function put(film) {
    URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(film);
  }
  return { element, draw };
}

/** All that the movement depends on. */
function keyOf({ photo, loop_seconds, fps }, effects) {
  return JSON.stringify([photo.id, loop_seconds, fps, effects.map(({ key, values, lines, strokes }) => [key, values, lines, strokes])]);
}
