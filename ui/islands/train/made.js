// What came of a training: the word that calls it, "Use it", other strengths and steps side by side, file and licence.
import { h, icon, setText, show } from "../dom.js";
import { usesLine } from "../licence.js";
import { withModel, withWords } from "../tags.js";
import { createComparison } from "./comparison.js";
import { calling } from "./telling.js";

const STRENGTH = 0.8;

/** The part; `draw(training)` shows it once there is something made. */
export function createMade({ trainings, parts }) {
  const { form, modes, checkpoint, toasts } = parts;
  const title = h("p", { class: "made-title" });
  const how = h("p", { class: "hint" });
  const use = h("button", { type: "button", class: "primary", on: { click: put } }, "Use it");
  const compared = h("span");
  const compare = h("button", { type: "button", class: "secondary", "aria-expanded": "false", on: { click: () => comparison.turn() } }, icon("grid"), compared);
  const model = h("button", { type: "button", class: "quiet", on: { click: showModel } }, "Show in Models");
  const comparison = createComparison({ trainings, parts, button: compare });
  const file = h("p", { class: "hint made-file" });
  const licence = h("p", { class: "hint" });
  const element = h("section", { class: "made", "aria-label": "What came of it" }, title, how, h("div", { class: "train-actions" }, use, compare, model), comparison.element, file, licence);
  let training = null;

  const words = ({ made, plan }) => calling({ ...plan, trigger: made.trigger });
  const kind = () => (training.plan.method === "embedding" ? "embedding" : "lora");
  /** Tag and word go to the end of the prompt; the checkpoint becomes one that it fits. */
  function put() {
    const { made, plan } = training;
    const row = { kind: kind(), name: made.name, file: made.file, preferred_weight: STRENGTH, trigger_words: [] };
    const family = checkpoint.all.find((one) => one.name === checkpoint.name)?.family;
    if (family !== training.family && !checkpoint.choose(plan.checkpoint)) toasts.say(`The checkpoint “${plan.checkpoint}” is not there: choose one of its family.`, { key: "training" });
    const prompt = withModel(form.values.prompt ?? "", row);
    form.fill({ prompt: kind() === "lora" ? withWords(prompt, [words(training)]) : prompt });
    modes.open("text");
    document.querySelector("#field-prompt textarea")?.focus();
  }
  function showModel() {
    parts.goTo("models");
    parts.models.open(kind(), training.made.name);
  }
  function draw(next) {
    training = next;
    show(element, Boolean(training.made));
    if (!training.made) return;
    const { made, state } = training;
    setText(title, state === "done" ? `“${made.name}” is ready` : `“${made.name}” can be used already`);
    setText(how, kind() === "lora" ? `Write “${words(training)}” in a prompt, with <lora:${made.name}:${STRENGTH}>. Of step ${made.step}.` : `Write “${made.name}” in a prompt. Of step ${made.step}.`);
    setText(compared, kind() === "lora" ? "Compare strength × step" : "Compare steps");
    setText(file, `File: ${made.file}`);
    const base = checkpoint.all.find((one) => one.name === training.plan.checkpoint);
    const terms = base?.terms && `It may be used as its checkpoint may: ${base.terms.title || base.terms.name || "licence unknown"} (${usesLine(base.terms)}).`;
    setText(licence, terms || "It may be used as its checkpoint may; the licence lies beside the file.");
    comparison.draw(training);
  }
  return { element, draw };
}
