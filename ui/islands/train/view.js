// One training: how far it is, its samples beside the untrained ones, its losses, and what can be done with it.
import { ask } from "../ask.js";
import { h, icon, iconButton, setAttribute, setText, show } from "../dom.js";
import { familyName, plural, when } from "../words.js";
import { isOpen } from "../works.js";
import { createMade } from "./made.js";
import { createPlot } from "./plot.js";
import { createSamples } from "./samples.js";
import { createTaught } from "./taught.js";
import { methodName, overfitting, phrase, share } from "./telling.js";

/** The view; `open(id)` shows a training, `draw()` brings it up to date, `onBack()` goes to the list. */
export function createView({ trainings, enlarged, parts, onBack }) {
  const back = h("button", { type: "button", class: "quiet", on: { click: onBack } }, icon("chevron"), "Trainings");
  const title = h("h2");
  const about = h("p", { class: "hint train-about" });
  const state = h("span", { class: "train-state" });
  const fill = h("span", { class: "progress-fill" });
  const range = { role: "progressbar", "aria-label": "Training", "aria-valuemin": 0, "aria-valuemax": 100 };
  const bar = h("div", { class: "progress-bar", ...range }, fill);
  const live = h("div", { class: "off-screen", role: "status" });
  const verbs = Object.fromEntries(VERBS.map(({ name, sign, label }) => [name, h("button", { type: "button", class: "secondary", data: { act: name }, on: { click: () => trainings.ask(id, name) } }, icon(sign), label)]));
  const trouble = h("div", { class: "train-trouble", role: "alert", hidden: true });
  const warnings = h("ul", { class: "teach-warnings", hidden: true });
  const overfit = h("p", { class: "train-overfit", role: "status" });
  const made = createMade({ trainings, parts });
  const samples = createSamples({ onEnlarge: enlarged.open, onUse: (step) => trainings.publish(id, step) });
  const plot = createPlot();
  const taught = createTaught({ enlarged });
  const head = h("header", { class: "train-head" }, back, h("div", { class: "train-title" }, title, about), h("div", { class: "train-actions" }, ...Object.values(verbs)), iconButton("trash", "Delete", discard));
  const progress = h("div", { class: "train-progress" }, bar, h("div", { class: "train-line" }, state), live);
  const main = h("div", { class: "train-main" }, trouble, warnings, made.element, overfit, samples.element);
  const aside = h("div", { class: "train-aside" }, plot.element, taught.element);
  const element = h("div", { class: "train-view" }, head, progress, h("div", { class: "train-body" }, main, aside));
  let id = "";

  const training = () => trainings.find(id);
  async function discard() {
    const one = training();
    if (!(await ask(questionOf(one)))) return;
    if (await trainings.remove(one.id)) onBack();
  }
  function draw() {
    const one = training();
    if (!one) return;
    setText(title, one.plan.name);
    setText(about, aboutOf(one));
    setText(state, phrase(one));
    setText(live, { queued: "In the queue.", running: "Training.", paused: "Paused.", done: "The training is done.", failed: "The training has failed." }[one.state]);
    element.dataset.state = one.state;
    const percent = Math.round(share(one) * 100);
    setAttribute(bar, "aria-valuenow", percent);
    fill.style.transform = `scaleX(${share(one).toFixed(3)})`;
    show(progress, one.state !== "done");
    for (const { name, fits } of VERBS) show(verbs[name], fits(one));
    drawTrouble(one.error);
    warnings.replaceChildren(...one.warnings.map((text) => h("li", {}, icon("warning"), text)));
    show(warnings, one.warnings.length > 0 && one.state !== "done");
    setText(overfit, overfitting(one));
    show(overfit, Boolean(overfitting(one)));
    for (const part of [made, samples, plot, taught]) part.draw(one);
  }
  function drawTrouble(error) {
    show(trouble, Boolean(error));
    if (error) trouble.replaceChildren(icon("warning"), h("p", {}, error.message), error.remedy ? h("p", {}, error.remedy) : "");
  }
  return { element, draw, open: (next) => ((id = next), draw()) };
}

const VERBS = [
  { name: "pause", sign: "pause", label: "Pause", fits: isOpen },
  { name: "resume", sign: "play", label: "Go on", fits: ({ state }) => state === "paused" || state === "failed" },
  { name: "finish", sign: "check", label: "Stop and keep the best", fits: ({ state, step, marks }) => (state === "running" ? step > 0 : state !== "done" && marks.length > 0) },
];

function aboutOf({ plan, family, examples, created }) {
  const thing = [plan.kind, plan.class_word].filter(Boolean).join(": ");
  return [thing, `${methodName(plan.method)} for ${familyName(family)}`, plural(examples.length, "picture"), when(created)].join(" · ");
}

function questionOf({ plan, examples, made }) {
  const pictures = plural(examples.length, "picture");
  const kept = made ? ` “${made.name}”, the finished ${methodName(plan.method)}, stays among your models.` : "";
  return { title: `Delete the training of “${plan.name}”?`, text: `This deletes the ${pictures} and everything made of them: samples, kept steps, the state to go on from.${kept} It cannot be undone.`, yes: "Delete" };
}
