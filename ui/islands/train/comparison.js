// Which steps and strengths are drawn beside one another: a small form that begins a grid.
import { h, setAttribute, setText, show } from "../dom.js";
import { plural } from "../words.js";

const STRENGTHS = "0, 0.6, 0.8, 1"; // 0 is without it
const STEPS_FIRST = 4; // as many are ticked at first: the grid grows with each

/** The form, folded by `turn()`; `button` is what unfolds it. `draw(training)` brings it up to date. */
export function createComparison({ trainings, parts, button }) {
  const { focus, goTo } = parts;
  const boxes = h("div", { class: "compare-steps" });
  const strengths = h("input", { type: "text", id: "compare-strengths", inputmode: "decimal", autocomplete: "off" });
  const prompt = h("input", { type: "text", id: "compare-prompt", autocomplete: "off" });
  const count = h("span", { class: "hint" });
  const trouble = h("p", { class: "field-error", role: "alert", hidden: true });
  const begin = h("button", { type: "submit", class: "secondary" }, "Draw the grid");
  const field = (label, input) => h("div", { class: "teach-field" }, h("label", { class: "label", for: input.id }, label), input);
  const steps = h("fieldset", { class: "teach-field" }, h("legend", { class: "label" }, "Steps"), boxes);
  const strong = field("Strengths", strengths);
  const element = h("form", { class: "compare-form", hidden: true, novalidate: true }, steps, strong, field("Prompt", prompt), trouble, h("div", { class: "train-actions" }, begin, count));
  strengths.value = STRENGTHS;
  let training = null;
  let known = "";

  const chosen = () => [...boxes.querySelectorAll("input:checked")].map((box) => Number(box.value));
  const hasStrengths = () => training.plan.method === "lora";
  const given = () => (hasStrengths() ? strengths.value : "").split(/[\s,;]+/).filter(Boolean).map(Number);

  function turn() {
    const isOpen = element.hidden;
    show(element, isOpen);
    setAttribute(button, "aria-expanded", String(isOpen));
  }
  function draw(next) {
    const marks = next.marks.map(({ step }) => step).sort((a, b) => a - b);
    const now = JSON.stringify([next.id, marks]);
    if (known === now) return;
    const isOther = training?.id !== next.id;
    [training, known] = [next, now];
    if (isOther) [prompt.value, prompt.placeholder] = ["", next.plan.sample_prompts[0] ?? ""];
    const ticked = new Set([...marks.slice(-STEPS_FIRST), next.made?.step ?? 0]);
    boxes.replaceChildren(...marks.map((step) => h("label", {}, h("input", { type: "checkbox", value: step, checked: ticked.has(step) }), String(step))));
    tell();
  }
  function tell() {
    show(strong, hasStrengths());
    const pictures = hasStrengths() ? chosen().length * given().length : chosen().length;
    setText(count, plural(pictures, "picture"));
    begin.disabled = pictures === 0;
    show(trouble, false);
  }
  element.addEventListener("input", tell);
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    begin.disabled = true;
    try {
      const words = prompt.value.trim();
      const job = await trainings.compare(training.id, { steps: chosen(), strengths: given(), ...(words ? { prompt: words } : {}) });
      focus.set(job.id);
      goTo("workspace");
    } catch (error) {
      setText(trouble, [error.message, error.remedy].filter(Boolean).join(" "));
      show(trouble, true);
    }
    begin.disabled = false;
  });
  return { element, turn, draw };
}
