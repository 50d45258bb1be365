// A training in words: how far it is, what its measures mean, and whether it begins to learn its pictures by heart.
import { duration, plural } from "../words.js";

const WORSE = 1.03; // times the lowest loss: less is noise
const REPEATED = 0.8; // similarity: from here on samples are the pictures themselves; measured, see likeness.py

/** "step 120 / 800 · 2 min 5 s left", "drawing 12 of 50 class pictures …", "number 2 in the queue". */
export function phrase(training) {
  const { state, stage, step, steps } = training;
  const count = `step ${step.toLocaleString()} / ${steps.toLocaleString()}`;
  if (state === "queued") return waiting(training);
  if (state === "paused") return step ? `paused at ${count}` : "paused";
  if (state === "done") return training.made ? `done · ${plural(training.step, "step")}` : "done";
  if (state === "failed") return "failed";
  if (!isStepping(training)) return `${stage || "starting"} …`;
  return [count, training.eta_seconds !== null && `${duration(training.eta_seconds)} left`].filter(Boolean).join(" · ");
}

function waiting({ position, step, steps }) {
  const place = !position || position === 1 ? "next" : `number ${position}`;
  return `${place} in the queue${step ? ` · goes on at step ${step} / ${steps}` : ""}`;
}

export const isStepping = ({ stage, step }) => step > 0 && (!stage || stage === "training");

/** 0 … 1. */
export const share = ({ step, steps, state }) => (state === "done" ? 1 : steps ? Math.min(1, step / steps) : 0);

/** "LoRA", "Embedding". */
export const methodName = (method) => ({ lora: "LoRA", embedding: "Embedding" })[method] ?? method;

/** What stands in prompts for what is taught, as it stands in the captions: "sks dog", "in sks style". */
export function calling({ kind, trigger, class_word: word }) {
  if (kind === "style") return `in ${trigger} style`;
  return word && !trigger.toLowerCase().split(" ").includes(word.toLowerCase()) ? `${trigger} ${word}` : trigger;
}

/** Marks that were measured on held-out pictures, by step. */
export const measured = ({ marks }) => marks.filter((mark) => mark.held_out_loss !== null).sort((a, b) => a.step - b.step);

/**
 * What the measures say of over-fitting, in a sentence; "" while they say nothing. Held-out loss falls while something is
 * learnt that holds for other pictures too, and rises once the pictures themselves are learnt.
 */
export function overfitting(training) {
  const copies = repeating(training);
  if (copies) return `At step ${copies.step} its samples are the pictures themselves rather than new ones: it has learnt them by heart. Use an earlier step.`;
  const marks = measured(training);
  if (marks.length < 2) return "";
  const best = marks.reduce((low, mark) => (mark.held_out_loss < low.held_out_loss ? mark : low));
  const last = marks.at(-1);
  const isOver = training.state === "done";
  if (last.held_out_loss > best.held_out_loss * WORSE)
    return `Since step ${best.step} it ${isOver ? "got" : "gets"} worse at the pictures that it is only measured on: it ${isOver ? "began" : "begins"} to learn its own by heart. Step ${best.step} is the best${isOver ? "" : " so far"}.`;
  if (best === last) return `It still gets better at the pictures that it is only measured on${isOver ? ": more steps may help" : ""}.`;
  return `It does not get better any more since step ${best.step}.`;
}

/** The first mark whose samples repeat the pictures that are taught, whatever was asked for. */
const repeating = ({ marks }) => marks.find(({ similarity }) => similarity !== null && similarity >= REPEATED);

/** Of one step beside the best one: "best", "still learning", "learns by heart". */
export function verdict(training, step) {
  if (repeating(training)?.step <= step) return "learns by heart";
  const marks = measured(training);
  const mark = marks.find((one) => one.step === step);
  if (!mark || marks.length < 2) return "";
  const best = marks.reduce((low, one) => (one.held_out_loss < low.held_out_loss ? one : low));
  if (mark === best) return "best";
  if (mark.step < best.step) return "still learning";
  return mark.held_out_loss > best.held_out_loss * WORSE ? "learns by heart" : "";
}
