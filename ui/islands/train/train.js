// The tab in which the studio is taught: the list of trainings, a new one, and each of them; loaded when it is first opened.
import { h, show } from "../dom.js";
import { keep, recall } from "../prefs.js";
import { createDraft } from "./draft.js";
import { createEnlarged } from "./enlarged.js";
import { createDockRows } from "./in_dock.js";
import { createList } from "./list.js";
import { createTeach } from "./teach.js";
import { createTrainings } from "./trainings.js";
import { createView } from "./view.js";

const NEW = "new";

/**
 * The trainings with their rows in the dock, and the tab once Gradio has drawn its place: `mount(host)`. `open(id)` shows
 * one there: "" is the list, "new" a new training.
 */
export function createTrain(parts) {
  const trainings = createTrainings(parts);
  const train = { mount, open };
  const { dock, goTo } = parts;
  dock.put(createDockRows({ trainings, onOpen: (id) => (goTo("train"), train.open(id)), onChange: dock.draw }));

  function open(id) {
    keep("train", id); // until the tab is drawn
  }
  function mount(host) {
    train.open = mountTab(host, { ...parts, trainings });
  }
  return train;
}

/** Builds the island; answers with its `open(id)`. */
function mountTab(host, parts) {
  const { trainings, checkpoint, picker, toasts } = parts;
  const draft = createDraft({ checkpoint, trainings, toasts });
  const enlarged = createEnlarged();
  const list = createList({ trainings, onOpen: open, onNew: () => open(NEW) });
  const teach = createTeach({ draft, checkpoint, picker, toasts, onBegun: ({ id }) => open(id), onBack: () => open("") });
  const view = createView({ trainings, enlarged, parts, onBack: () => open("") });
  host.append(h("section", { class: "train", "aria-label": "Train" }, list.element, teach.element, view.element));
  let at = recall("train", "");

  function open(next) {
    const isOther = next !== at;
    at = next;
    keep("train", at);
    draw();
    if (isOther && host.checkVisibility()) {
      scrollTo(0, 0);
      host.querySelector(".train > :not([hidden]) button:not([hidden])")?.focus();
    }
  }
  /** Without any training the new one stands there at once, and says what to do. */
  function draw() {
    const isOne = at && at !== NEW && trainings.find(at);
    const isNew = !isOne && trainings.isKnown && (at === NEW || trainings.rows.length === 0);
    show(view.element, Boolean(isOne));
    show(teach.element, isNew);
    show(list.element, !isOne && !isNew && trainings.isKnown);
    if (isOne) view.open(at);
    else if (isNew) teach.open(trainings.rows.length > 0);
    else list.draw();
  }
  trainings.onChange(draw);
  return open;
}
