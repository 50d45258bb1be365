// Trainings under way as rows of the job dock, above the jobs; each leads to its view.
import { h, iconButton, keyed, setText, show } from "../dom.js";
import { isLive, isOpen } from "../works.js";
import { phrase, share } from "./telling.js";
import { exampleUrl, sampleUrl } from "./trainings.js";

/** A part of the dock: {element, count(), words(), share(), picture()}; `onOpen(id)` leads to the view of one. */
export function createDockRows({ trainings, onOpen, onChange }) {
  const element = h("ul", { class: "dock-list dock-works", "aria-label": "Trainings" });
  const live = () => trainings.rows.filter(isLive);
  const running = () => live().find((one) => one.state === "running") ?? live()[0];

  function draw() {
    keyed(element, live(), { key: (one) => one.id, make, update });
    show(element, live().length > 0);
    onChange();
  }
  function make({ id }) {
    const words = h("span", { class: "dock-words" }, h("span", { class: "dock-prompt" }), h("span", { class: "dock-state" }));
    const thumb = h("span", { class: "dock-thumb" }, h("img", { alt: "", on: { error: (event) => (event.target.hidden = true) } }));
    const look = { type: "button", class: "dock-open", title: "Show this training", on: { click: () => onOpen(id) } };
    const turn = (name, label, verb) => iconButton(name, label, () => trainings.ask(id, verb));
    return h("li", { class: "dock-row", data: { training: id } }, h("button", look, thumb, words), h("span", { class: "progress-bar" }, h("span", { class: "progress-fill" })), turn("pause", "Pause the training", "pause"), turn("play", "Go on with the training", "resume"));
  }
  function update(node, one) {
    node.dataset.state = one.state;
    setText(node.querySelector(".dock-prompt"), `Training: ${one.plan.name}`);
    setText(node.querySelector(".dock-state"), phrase(one));
    node.querySelector(".progress-fill").style.transform = `scaleX(${share(one).toFixed(3)})`;
    show(node.querySelector("[data-act=pause]"), isOpen(one));
    show(node.querySelector("[data-act=play]"), one.state === "paused");
    const src = pictureOf(one);
    const image = node.querySelector("img");
    if (!src || image.src === src) return;
    image.src = src;
    image.hidden = false;
  }
  trainings.onChange(draw);
  return {
    element,
    count: () => live().length,
    words: () => (live().length ? `training ${running().plan.name}: ${phrase(running())}` : ""),
    picture: () => (running() ? pictureOf(running()) : ""),
    share: () => (running()?.state === "running" ? share(running()) : 0),
  };
}

/** The newest sample, else one of the pictures that are taught. */
function pictureOf(one) {
  const step = one.sampled_steps.at(-1);
  if (step) return sampleUrl(one, step, 0);
  return one.examples.length ? exampleUrl(one, one.examples[0].index) : "";
}
