// The foot of a new training: what it will take, what is still missing, and the button that begins it.
import { h, icon, keyed, setText, show } from "../dom.js";
import { duration, gigabytes } from "../words.js";

/** The foot; `draw(problems)` shows what stands at no field, `onTrain()` is called by its button. */
export function createFoot({ draft, onTrain }) {
  const time = h("span", { class: "teach-time" });
  const memory = h("span", { class: "teach-memory" });
  const estimate = h("p", { class: "teach-estimate", role: "status" }, time, memory);
  const warnings = h("ul", { class: "teach-warnings" });
  const train = h("button", { type: "button", class: "primary", id: "train-begin", on: { click: press } }, "Train");
  const element = h("div", { class: "teach-train" }, warnings, estimate, train);
  let isSending = false;

  async function press() {
    if (isSending) return;
    isSending = true;
    draw(shown);
    await onTrain();
    isSending = false;
    draw(shown);
  }
  let shown = [];
  function draw(problems) {
    shown = problems;
    const { answer } = draft;
    const troubles = problems.map(({ field, why, remedy }) => `${field ? `${field}: ` : ""}${why}. ${remedy}`.replace(/\.\. /, ". "));
    const all = [...troubles, ...(answer?.warnings ?? [])];
    keyed(warnings, all, { key: (text) => text, make: (text) => h("li", {}, icon("warning"), text) });
    show(warnings, all.length > 0);
    setText(time, answer ? timeOf(answer) : draft.pictures.length ? "Looking at the pictures …" : "Add pictures to begin.");
    setText(memory, answer ? memoryOf(answer) : "");
    estimate.classList.toggle("too-much", answer !== null && answer.available_bytes !== null && answer.memory_bytes > answer.available_bytes);
    train.disabled = isSending || draft.pictures.length === 0;
    setText(train, isSending ? "Beginning …" : "Train");
  }
  return { element, draw, button: train };
}

function timeOf({ seconds, plan }) {
  const steps = `${(plan.steps ?? 0).toLocaleString()} steps`;
  return seconds === null ? `${steps}, time not known yet` : `${steps} in about ${roughly(seconds)}`;
}

/** An estimate has no seconds: "6 min". */
const roughly = (seconds) => (seconds < 90 || seconds >= 5400 ? duration(seconds) : `${Math.round(seconds / 60)} min`);

function memoryOf({ memory_bytes: needs, available_bytes: there }) {
  return there === null ? `${gigabytes(needs)} GB of memory` : `${gigabytes(needs)} of ${gigabytes(there)} GB memory`;
}
