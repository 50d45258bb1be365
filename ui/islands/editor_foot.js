// The foot of the editor: how far an edit is, what went wrong with it, or what it changed and its variants.
import { url } from "./api.js";
import { createLook } from "./editor_look.js";
import { h, icon, keyed, setAttribute, setText, show } from "./dom.js";
import { progress } from "./store.js";
import { line } from "./telling.js";

/** The foot; `draw(hasPicture)` brings it up to date. `others` are the buttons at its right end. */
export function createFoot({ canvas, stack, onCanvas, steps, store, verbs, others }) {
  const look = createLook({ canvas, stack, onCanvas });
  const text = h("span", { class: "progress-text" });
  const fill = h("span", { class: "progress-fill" });
  const range = { role: "progressbar", "aria-label": "Development", "aria-valuemin": 0, "aria-valuemax": 100 };
  const bar = h("div", { class: "progress-bar", ...range }, fill);
  const cancel = button("quiet", "cancel", "Cancel", () => verbs.cancel(stack.running().job_id));
  const again = button("secondary", "dice", "Again", steps.again);
  again.title = "The same edit with another seed, in its place";
  const failure = h("div", { class: "editor-failure", role: "alert", hidden: true });
  const variants = h("div", { class: "siblings", role: "group", "aria-label": "Variants of this edit" });
  const live = h("p", { class: "off-screen", "aria-live": "polite" });
  const rows = h("div", { class: "editor-row" }, variants, look.element, again, text, cancel, h("span", { class: "editor-gap" }), ...others);
  const element = h("div", { class: "editor-foot" }, bar, failure, rows, live);

  function draw(hasPicture) {
    show(element, hasPicture);
    const [step, stopped] = [stack.running(), stack.stopped()];
    const last = stack.last();
    const isLooking = !step && last !== null && last.image === onCanvas.image();
    drawProgress(step);
    drawFailure(step ? null : stopped);
    look.draw(isLooking ? last : null);
    show(again, isLooking && Boolean(last.request));
    drawVariants(isLooking ? last : null);
    setText(live, step ? "The edit develops." : stopped ? "The edit failed." : isLooking ? "The edit is done." : "");
  }
  function drawProgress(step) {
    const job = step && store.jobs.get(step.job_id);
    const percent = job ? Math.round(progress(job) * 100) : 0;
    bar.style.visibility = step ? "visible" : "hidden";
    setAttribute(bar, "aria-valuenow", percent);
    fill.style.transform = `scaleX(${percent / 100})`;
    show(text, Boolean(step));
    show(cancel, Boolean(job));
    if (step) setText(text, words(step, job));
  }
  /** "2 of 3 · step 12 / 20 · 1 s left" */
  function words(step, job) {
    const due = stack.counted().filter((one) => one.state !== "done");
    const all = stack.counted().length;
    const picture = job?.pictures.find((one) => one.state === "running") ?? job?.pictures[0];
    const parts = [due.length > 1 && `edit ${all - due.length + 1} of ${all}`, job ? line(job, picture) : `${step.name}…`];
    return parts.filter(Boolean).join(" · ");
  }
  function drawFailure(step) {
    show(failure, Boolean(step));
    const key = step ? `${step.id} ${step.state} ${step.job_id}` : "";
    if (!step || failure.dataset.shown === key) return;
    failure.dataset.shown = key;
    const what = step.state === "cancelled" ? `“${step.name}” was cancelled.` : (step.error?.message ?? `“${step.name}” failed.`);
    failure.replaceChildren(
      icon("warning"),
      h("p", {}, [what, step.error?.remedy].filter(Boolean).join(" "), " The picture and the mask are as they were."),
      h("button", { type: "button", class: "secondary", on: { click: () => stack.replay() } }, "Try again"),
      h("button", { type: "button", class: "secondary", on: { click: () => stack.undo() } }, "Leave it out"),
    );
  }
  function drawVariants(step) {
    const pictures = step?.pictures ?? [];
    show(variants, pictures.length > 1);
    keyed(variants, pictures, {
      key: (id) => id,
      make: (id) => {
        const pick = { type: "button", class: "sibling", on: { click: () => stack.setStep(stack.last().id, { picture: id }) } };
        return h("button", pick, h("img", { alt: "", src: url(`api/v1/pictures/${id}/thumbnail`) }));
      },
      update(node, id) {
        setAttribute(node, "aria-pressed", String(id === step?.picture_id));
        setAttribute(node, "aria-label", `Variant ${pictures.indexOf(id) + 1}`);
      },
    });
  }
  return { element, draw };
}

function button(kind, name, label, run) {
  return h("button", { type: "button", class: kind, data: { act: name }, on: { click: run } }, icon(name), label);
}
