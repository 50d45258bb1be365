// What guides the model in a movie: ControlNets that follow each frame, and a mask of what may change.
import { h } from "../dom.js";
import { createGuides } from "../guides.js";
import { mountGuides } from "../guiding.js";
import { createMask } from "./movie_mask.js";

const KIND = "followed";

/**
 * The parts `mask` and `controls`, and `paint`, which takes the place of the player; `draw()`; `placeOf(at)` is where a
 * problem of theirs stands, or undefined.
 */
export function createMovieGuides({ draft, player, store, checkpoint, toasts }) {
  // Of the form, cards ask the size of what is drawn alone.
  const form = { own() {}, onChange() {}, values: {} };
  const guides = createGuides(KIND, { form, store, checkpoint });
  const host = h("div", { class: "movie-controls" });
  const controls = h("section", { class: "maker-part", "aria-label": "Guides" }, h("h3", {}, "Guides"), host);
  const mask = createMask({ draft, frame: player.frame, toasts });
  mountGuides(host, KIND, { guides, form, toasts });

  guides.onChange(() => {
    const asked = guides.list.map(({ key, ...fields }) => fields);
    if (JSON.stringify(asked) !== JSON.stringify(draft.still.controls ?? [])) draft.setStill("controls", asked);
  });
  function draw() {
    form.values = draft.answer ?? form.values;
    mask.draw();
  }
  function placeOf(at) {
    const number = at.match(/^controls\.(\d+)/)?.[1];
    if (number !== undefined) return host.querySelectorAll(".guide")[number] ?? host;
    return /^mask\b/.test(at) ? mask.element : undefined;
  }
  return { mask: mask.element, paint: mask.paint, controls, draw, placeOf };
}
