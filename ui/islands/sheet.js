// The contact sheet: eight drafts develop together, hold at a third, and the chosen ones go on to the end.
import { url } from "./api.js";
import { h, keyed, setAttribute, setText } from "./dom.js";
import { createStage } from "./stage.js";
import { hasPreview, isLive, previewOf } from "./store.js";

const PICK = matchMedia("(hover: none)").matches
  ? "Tap the ones to develop."
  : "Pick the ones to develop: click, or keys 1 to 8.";

/** Is this job shown as a contact sheet? */
export const isSheet = (job) => Boolean(job.request.draft_fraction) && isLive(job);

/** The sheet; `draw(job)` shows a job. Picking is allowed from the first step on, developing once all are held. */
export function createSheet({ verbs }) {
  const grid = h("div", { class: "sheet-grid", role: "group", "aria-label": "Drafts" });
  const hint = h("p", { class: "sheet-hint" });
  const develop = h("button", { type: "button", class: "primary", on: { click: run } });
  const element = h("div", { class: "sheet", hidden: true }, grid);
  const bar = h("div", { class: "sheet-bar" }, hint, develop);
  const stages = new Map();
  let job = null;
  let picked = new Set();
  let isSent = false;

  function draw(next) {
    if (job?.id !== next.id) {
      picked = new Set();
      isSent = false;
      stages.clear();
      grid.replaceChildren();
    }
    if (next.state !== "held") isSent = false;
    job = next;
    element.style.setProperty("--ratio", job.request.width / job.request.height);
    keyed(grid, job.pictures, { key: (picture) => picture.index, make, update });
    const isReady = job.state === "held" && !isSent;
    setText(develop, picked.size ? `Develop ${picked.size}` : "Develop");
    setAttribute(develop, "disabled", !(isReady && picked.size));
    setText(hint, isReady ? PICK : "Drafts stop at a third of the way; pick already if you like.");
  }
  function make(picture) {
    const stage = createStage();
    stages.set(picture.index, stage);
    stage.shape(job.request.width, job.request.height);
    const number = h("span", { class: "cell-number", "aria-hidden": "true" }, String(picture.index + 1));
    const cell = { type: "button", class: "cell", on: { click: () => toggle(picture.index) } };
    return h("button", cell, stage.element, number);
  }
  function update(node, picture) {
    const stage = stages.get(picture.index);
    if (picture.picture_id) stage.show(url(`api/v1/pictures/${picture.picture_id}/file`));
    else if (hasPreview(job, picture)) stage.show(previewOf(job, picture));
    node.dataset.state = picture.state;
    setAttribute(node, "aria-pressed", String(picked.has(picture.index)));
    setAttribute(node, "disabled", picture.state === "dropped");
    setAttribute(node, "aria-label", `Draft ${picture.index + 1}, seed ${picture.seed}, ${picture.state}`);
  }
  /** Have some been picked already, and the others dropped? */
  const isChosen = () => Boolean(job?.pictures.some((picture) => picture.state === "dropped"));

  function toggle(index) {
    if (!job?.pictures[index] || isSent || isChosen()) return;
    if (!picked.delete(index)) picked.add(index);
    draw(job);
  }
  async function run() {
    if (isSent || job?.state !== "held" || picked.size === 0) return;
    isSent = true;
    draw(job);
    const indices = [...picked].sort((a, b) => a - b);
    isSent = await verbs.develop(job.id, indices);
    draw(job);
  }
  return { element, bar, draw, toggle, run, isChosen };
}
