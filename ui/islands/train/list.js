// All trainings of this owner as cards: the newest sample, how far each is.
import { h, icon, keyed, setAttribute, setText } from "../dom.js";
import { familyName } from "../words.js";
import { methodName, phrase, share } from "./telling.js";
import { exampleUrl, sampleUrl } from "./trainings.js";

const STRIP = 3; // samples in small below the first one

/** The list; `onOpen(id)` and `onNew()` lead on. */
export function createList({ trainings, onOpen, onNew }) {
  const begin = h("button", { type: "button", class: "primary", on: { click: onNew } }, icon("plus"), "New training");
  const cards = h("ul", { class: "train-cards", "aria-label": "Trainings" });
  const element = h("div", { class: "train-list" }, h("header", { class: "train-head" }, h("h2", {}, "Trainings"), begin), cards);

  function draw() {
    keyed(cards, trainings.rows, { key: (one) => one.id, make, update });
  }
  function make({ id }) {
    const strip = h("span", { class: "train-strip" });
    const words = h("span", { class: "train-words" }, h("span", { class: "train-name" }), h("span", { class: "train-facts" }), h("span", { class: "train-phase" }));
    const bar = h("span", { class: "progress-bar" }, h("span", { class: "progress-fill" }));
    return h("li", {}, h("button", { type: "button", class: "train-card", on: { click: () => onOpen(id) } }, h("span", { class: "train-cover" }), strip, bar, words));
  }
  function update(node, one) {
    node.firstElementChild.dataset.state = one.state;
    const [first, ...rest] = picturesOf(one);
    drawPictures(node.querySelector(".train-cover"), first ? [first] : []);
    drawPictures(node.querySelector(".train-strip"), rest.slice(0, STRIP));
    setText(node.querySelector(".train-name"), one.plan.name);
    setText(node.querySelector(".train-facts"), [one.plan.class_word || one.plan.kind, `${methodName(one.plan.method)} for ${familyName(one.family)}`].join(" · "));
    setText(node.querySelector(".train-phase"), one.state === "failed" ? `failed: ${one.error?.message ?? ""}` : phrase(one));
    node.querySelector(".progress-fill").style.transform = `scaleX(${share(one).toFixed(3)})`;
  }
  return { element, draw };
}

/** The newest samples, the best step's first; before there are any, the pictures that are taught. */
function picturesOf(one) {
  const steps = one.sampled_steps.filter((step) => step > 0).sort((a, b) => b - a);
  const step = steps.find((candidate) => candidate === (one.made?.step ?? one.best_step)) ?? steps[0];
  if (step) return one.plan.sample_prompts.map((prompt, index) => sampleUrl(one, step, index));
  return one.examples.map(({ index }) => exampleUrl(one, index));
}

function drawPictures(host, addresses) {
  keyed(host, addresses, {
    key: (src) => src,
    make: (src) => h("img", { src, alt: "", loading: "lazy", decoding: "async", on: { error: (event) => setAttribute(event.target, "hidden", true) } }),
  });
}
