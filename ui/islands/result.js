// The right half of the first tab: what develops, then the finished picture with its settings; or what went wrong.
import { h, setText, show } from "./dom.js";
import { createProgress } from "./progress.js";
import { createSheet, isSheet } from "./sheet.js";
import { createSiblings } from "./siblings.js";
import { createStage } from "./stage.js";
import { hasPreview, isGrid, isOnlyToys, previewOf } from "./store.js";
import { failure } from "./telling.js";

const IDEAS = [
  "a red heart on a white background",
  "a yellow star at night",
  "a blue house in a green meadow",
];

const EMPTY = {
  text: "Write what the picture shows, then press Generate. Or drop a picture here to take up its settings, whichever program made it.",
  image: "Choose the picture to start from, write what it is to become, then press Generate.",
};

/** Builds the island; answers with {seedInView(), sheetInView()}. */
export function mountResult(host, { store, focus, verbs, pictureVerbs, records, toasts, picker, form, goTo }) {
  const stage = createStage();
  const sheet = createSheet({ verbs });
  const progress = createProgress({ onCancel: verbs.cancelInView, onPause: verbs.pauseInView, beside: sheet.bar });
  const siblings = createSiblings({ onPick: focus.set });
  const message = h("div", { class: "stage-message", hidden: true });
  const toys = createToys(goTo);
  const empty = createEmpty(form, toys);
  const canvas = h("div", { class: "canvas" }, empty, stage.element, sheet.element, message);
  const under = h("div", { class: "under" }, progress.element, siblings.element);
  const element = h("section", { class: "result", "aria-label": "Result" }, canvas, under, progress.live);
  let inView = ""; // job and picture
  let view = null; // of a finished picture; it is loaded with the first one, as is what shows a grid
  let grid = null;
  let isLoading = false;

  async function loadGrid() {
    if (isLoading) return;
    isLoading = true;
    const { createGridResult } = await import("./grid_result.js");
    grid = createGridResult({ verbs, focus });
    message.before(grid.view.element);
    progress.element.before(grid.place.element);
    progress.element.after(grid.view.bar);
    draw();
  }

  async function loadView() {
    const { createPictureView } = await import("./picture.js");
    view ??= createPictureView(stage, { ...pictureVerbs, trash, restore }, toasts);
    under.append(view.element);
  }

  function draw() {
    const job = focus.job();
    if (job && isGrid(job) && !grid) return loadGrid();
    const face = job ? faceOf(job, focus.index) : "";
    show(empty, !job && store.connection !== "connecting");
    show(toys, isOnlyToys(store.about));
    show(stage.element, face === "picture");
    show(sheet.element, face === "sheet");
    if (grid) for (const part of [grid.view.element, grid.view.bar]) show(part, face === "grid");
    if (!job) return clear();
    const picture = chosen(job, focus.index);
    const key = `${job.id}/${picture.index}`;
    if (key !== inView) stage.clear();
    inView = key;
    element.dataset.job = job.id;
    element.dataset.state = job.state;
    element.dataset.face = face;
    stage.shape(job.request.width, job.request.height);
    if (face !== "picture" || !idOf(job, picture)) view?.close();
    if (face === "picture") drawPicture(job, picture);
    else (face === "grid" ? grid.view : sheet).draw(job);
    progress.draw(job, picture);
    if (face === "picture" && isGrid(job)) grid.place.draw(job, picture);
    else grid?.place.clear();
    if (face === "picture" && !isGrid(job)) siblings.draw(job, picture.index);
    else siblings.clear();
    show(sheet.bar, face === "sheet" && !sheet.isChosen());
    drawFailure(job, face);
  }
  function clear() {
    for (const part of [progress, siblings]) part.clear();
    grid?.place.clear();
    show(message, false);
    view?.close();
    delete element.dataset.job;
    delete element.dataset.state;
  }
  function drawPicture(job, picture) {
    const id = idOf(job, picture);
    if (id) return openPicture(id);
    const isGivenUp = job.state === "failed" || job.state === "cancelled";
    stage.frame.dataset.state = isGivenUp ? job.state : picture.state;
    if (hasPreview(job, picture)) stage.show(previewOf(job, picture), "Preview");
  }
  async function openPicture(id) {
    const key = inView;
    if (view?.current()?.id === id) return;
    try {
      const [record] = await Promise.all([records.get(id), view ?? loadView()]);
      if (inView === key) view.open(record);
    } catch (error) {
      if (inView !== key) return;
      setText(message, error.status === 404 ? "This picture is no longer in the library." : error.message);
      show(message, true);
    }
  }
  function drawFailure(job, face) {
    const isGivenUp = job.state === "failed" || job.state === "cancelled";
    if (isGivenUp && message.dataset.version !== String(job.version)) {
      message.replaceChildren(failure(job, { verbs, picker }));
      message.dataset.version = job.version;
    }
    show(message, isGivenUp && !job.verifies && face !== "grid" && !job.pictures.some((one) => one.picture_id));
  }
  function again() {
    view?.close();
    draw();
  }
  async function trash(record) {
    if (await pictureVerbs.trash(record, again)) again();
  }
  async function restore(record) {
    if (await pictureVerbs.restore(record)) again();
  }

  host.append(element);
  store.subscribe(draw);
  focus.onChange(draw);
  document.addEventListener("visibilitychange", draw); // hidden pages load no previews
  return {
    seedInView: () => (focus.job() ? chosen(focus.job(), focus.index).seed : null),
    sheetInView: () => (focus.job() && isSheet(focus.job()) ? sheet : null),
  };
}

/** The picture on disk that is shown for one of a job: its own, or the one that is verified. */
const idOf = (job, picture) => picture.picture_id ?? job.verifies;

/** What is shown of a job: all drafts, the whole grid, or one picture. */
function faceOf(job, index) {
  if (isSheet(job)) return "sheet";
  return isGrid(job) && index === null ? "grid" : "picture";
}

/** The picture to show large: the one asked for, else one that develops, else the first that is done. */
function chosen(job, index) {
  const by = (state) => job.pictures.find((one) => one.state === state);
  return job.pictures[index ?? -1] ?? by("running") ?? by("paused") ?? by("done") ?? by("queued") ?? job.pictures[0];
}

/** Said while there is only the starter: where real models come from. */
function createToys(goTo) {
  const get = h("button", { type: "button", class: "secondary", on: { click: () => goTo("models") } }, "Get a real model");
  return h("div", { class: "toys", hidden: true }, h("p", {}, "The starter model draws toys like these."), get);
}

function createEmpty(form, toys) {
  const chip = (idea) =>
    h("button", { type: "button", class: "chip", on: { click: () => form.fill({ prompt: idea }) } }, idea);
  return h(
    "div",
    { class: "empty", hidden: true },
    h("p", { class: "empty-title" }, "Nothing developed yet"),
    h("p", { class: "in-modes in-text" }, EMPTY.text),
    h("p", { class: "in-modes in-image" }, EMPTY.image),
    h("div", { class: "chips" }, ...IDEAS.map(chip)),
    toys,
  );
}
