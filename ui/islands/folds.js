// Folds of the form: open or closed, as the user left them; a fold opens by itself to show a field that was refused.
import { setAttribute } from "./dom.js";
import { keep, recall } from "./prefs.js";

const ATTRIBUTE = "folds";
// A closed fold shows that it holds something: one of these fields is not as the form begins.
const HOLDS = {
  negative: /^negative_prompt$/,
  refiner: /^refiner$/,
  hires: /^hires$/,
  sampling: /^sampling\./,
  seeds: /^noise\./,
};

/** Works for every button with `data-fold`; the state lies on <html>, where Gradio's redrawing cannot lose it. */
export function watchFolds(form) {
  const open = new Set(recall(ATTRIBUTE, []));
  const waiting = new Map(); // fold → what its first opening calls
  function draw() {
    document.documentElement.dataset.folds = [...open].join(" ");
    for (const button of document.querySelectorAll("[data-fold]")) {
      setAttribute(button, "aria-expanded", String(open.has(button.dataset.fold)));
    }
    for (const [name, fields] of Object.entries(HOLDS)) {
      const button = document.querySelector(`[data-fold=${name}]`);
      button?.classList.toggle("filled", form.fields.some((field) => fields.test(field.name) && isFilled(field)));
    }
  }
  const isFilled = ({ name, value, follows_checkpoint: follows }) =>
    !follows && (form.values[name] ?? "") !== (value ?? "");
  function turn(name, isOpen) {
    if (isOpen) waiting.get(name)?.();
    if (isOpen) waiting.delete(name);
    if (isOpen) open.add(name);
    else open.delete(name);
    keep(ATTRIBUTE, [...open]);
    draw();
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-fold]");
    if (button) turn(button.dataset.fold, !open.has(button.dataset.fold));
  });
  document.addEventListener("darkroom:reveal", ({ detail }) => {
    const block = detail.closest("[id^=fold-]");
    if (block) turn(block.id.replace("fold-", ""), true);
  });
  /** Calls `run` once: now if that fold is open, else when it is first opened. */
  function whenOpen(name, run) {
    if (open.has(name)) run();
    else waiting.set(name, run);
  }
  form.onChange(draw);
  return { draw, whenOpen };
}
