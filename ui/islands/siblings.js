// The pictures of one job in a row, to choose which one is shown large.
import { url } from "./api.js";
import { h, keyed, setAttribute, show } from "./dom.js";
import { hasPreview, previewOf } from "./store.js";

/** The row; `draw(job, index)` shows a job's pictures, `clear()` none. */
export function createSiblings({ onPick }) {
  const group = { class: "siblings", role: "group", "aria-label": "Pictures of this job", hidden: true };
  const element = h("div", group);

  function draw(job, index) {
    const shown = job.pictures.filter((one) => one.state !== "dropped");
    show(element, shown.length > 1);
    if (element.hidden) return;
    keyed(element, shown, {
      key: (one) => `${job.id}/${one.index}`,
      make: (one) => {
        const button = { type: "button", class: "sibling", on: { click: () => onPick(job.id, one.index) } };
        return h("button", button, h("img", { alt: "", decoding: "async" }));
      },
      update: (node, one) => update(node, job, one, one.index === index),
    });
  }
  return { element, draw, clear: () => show(element, false) };
}

function update(node, job, one, isChosen) {
  const src = one.picture_id
    ? url(`api/v1/pictures/${one.picture_id}/thumbnail`)
    : hasPreview(job, one) && previewOf(job, one);
  if (src) setAttribute(node.firstElementChild, "src", src);
  node.dataset.state = one.state;
  setAttribute(node, "aria-pressed", String(isChosen));
  setAttribute(node, "aria-label", `Picture ${one.index + 1}, seed ${one.seed}, ${one.state}`);
}
