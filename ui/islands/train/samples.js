// The samples of a training as a table: a row for each prompt, columns for the untrained checkpoint and each kept step.
import { h, icon, keyed, setAttribute, setText, show } from "../dom.js";
import { isOpen } from "../works.js";
import { sampleUrl } from "./trainings.js";
import { measured, verdict } from "./telling.js";

/** The table; `onEnlarge(samples, index)` shows one; `onUse(step)` makes a step the one that prompts call. */
export function createSamples({ onEnlarge, onUse }) {
  const head = h("tr");
  const body = h("tbody");
  const foot = h("tr");
  const table = h("table", { class: "samples" }, h("caption", { class: "off-screen" }, "Samples by prompt and step"), h("thead", {}, head), body, h("tfoot", {}, foot));
  const none = h("p", { class: "hint" }, "The first samples are drawn before the training begins, by the checkpoint as it is.");
  const scroll = h("div", { class: "samples-scroll", tabindex: 0, role: "region", "aria-label": "Samples" }, table);
  const element = h("section", { class: "samples-place", "aria-label": "Samples" }, h("h3", {}, "Samples"), none, scroll);
  let training = null;
  let columns = [];

  const prompts = () => training.plan.sample_prompts;
  const order = () => prompts().flatMap((prompt, index) => columns.map((step) => ({ src: sampleUrl(training, step, index), label: `${labelOf(step)} · ${prompt}`, index, step })));

  function draw(next) {
    const isOther = training?.id !== next.id;
    training = next;
    columns = columnsOf(training);
    if (isOther) body.replaceChildren();
    element.style.setProperty("--columns", columns.length);
    show(scroll, columns.length > 0 && prompts().length > 0);
    show(none, columns.length === 0);
    drawHead();
    keyed(body, prompts().map((prompt, index) => ({ prompt, index })), { key: ({ prompt, index }) => `${index} ${prompt}`, make: row, update: drawRow });
    keyed(foot, ["", ...columns], { key: (step) => `${training.id} ${step}`, make: measures, update: drawMeasures });
    show(foot.parentElement, training.marks.length > 0);
  }
  function drawHead() {
    keyed(head, ["", ...columns], { key: (step) => step, make: (step) => h(step === "" ? "td" : "th", step === "" ? {} : { scope: "col" }), update: (node, step) => step !== "" && setText(node, labelOf(step)) });
    for (const node of head.children) node.classList.toggle("best", node.dataset.key !== "" && isBest(Number(node.dataset.key)));
  }
  /** Unmeasured, the last step counts as the best, which says nothing. */
  const isBest = (step) => step === training.best_step && measured(training).length > 0;
  function row({ prompt }) {
    return h("tr", {}, h("th", { scope: "row", title: prompt }, prompt));
  }
  function drawRow(node, { prompt, index }) {
    const heading = node.firstElementChild;
    heading.dataset.key = "prompt";
    keyed(node, ["prompt", ...columns], { key: (step) => step, make: (step) => cell(prompt, index, step), update: (place, step) => step !== "prompt" && look(place, index, step) });
  }
  function cell(prompt, index, step) {
    const label = `${labelOf(step)}: ${prompt}. Enlarge`;
    const open = () => onEnlarge(order(), order().findIndex((one) => one.index === index && one.step === step));
    return h("td", {}, h("button", { type: "button", class: "sample", "aria-label": label, on: { click: open } }));
  }
  /** Loads the picture; one that is not drawn yet is asked for again with the next news. */
  function look(place, index, step) {
    const button = place.firstElementChild;
    const isThere = training.sampled_steps.includes(step);
    const image = button.querySelector("img");
    if (!isThere || (image && image.dataset.state !== "missing")) return setAttribute(button, "disabled", !isThere);
    if (image && !isOpen(training)) return;
    const fresh = h("img", { alt: "", loading: "lazy", decoding: "async", data: { state: "loading" } });
    fresh.addEventListener("load", () => ((fresh.dataset.state = "there"), fresh.classList.add("in"), setAttribute(button, "disabled", false)));
    fresh.addEventListener("error", () => ((fresh.dataset.state = "missing"), setAttribute(button, "disabled", true)));
    fresh.src = sampleUrl(training, step, index);
    button.replaceChildren(fresh);
  }
  function measures(step) {
    if (step === "") return h("th", { scope: "row" }, "Measures");
    const use = h("button", { type: "button", class: "quiet sample-use", on: { click: () => onUse(step) } }, "Use this step");
    return h("td", {}, h("span", { class: "sample-like" }), h("span", { class: "sample-loss" }), h("span", { class: "sample-verdict" }), use, h("span", { class: "sample-used" }, icon("check"), "in use"));
  }
  function drawMeasures(node, step) {
    if (step === "") return;
    const mark = training.marks.find((one) => one.step === step);
    const has = (value) => value !== null && value !== undefined;
    setText(node.querySelector(".sample-like"), has(mark?.similarity) ? `${Math.round(mark.similarity * 100)} % like your pictures` : "");
    setText(node.querySelector(".sample-loss"), has(mark?.held_out_loss) ? `held-out loss ${mark.held_out_loss.toFixed(3)}` : "");
    setText(node.querySelector(".sample-verdict"), step === 0 ? "" : verdict(training, step));
    node.classList.toggle("best", isBest(step));
    const isUsed = training.made?.step === step;
    show(node.querySelector(".sample-use"), Boolean(mark && training.made && !isUsed));
    show(node.querySelector(".sample-used"), isUsed);
    setAttribute(node.querySelector(".sample-use"), "aria-label", `Use step ${step}`);
  }
  return { element, draw };
}

/** Steps with samples or kept weights, in their order. */
function columnsOf({ sampled_steps: sampled, marks }) {
  return [...new Set([...sampled, ...marks.map((mark) => mark.step)])].sort((a, b) => a - b);
}

const labelOf = (step) => (step === 0 ? "untrained" : `step ${step.toLocaleString()}`);
