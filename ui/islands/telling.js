// What happens to a job, in words: the line under the picture, and the card for what went wrong with its remedy.
import { h, icon } from "./dom.js";
import { isLive, isOpen, tally } from "./store.js";
import { duration, speed } from "./words.js";

/** "step 12 / 20 · 8.3 it/s · 1 s left", or what is waited for; of a grid also how much of it is done. */
export function line(job, picture) {
  return job.request.grid && isLive(job) ? counted(job, picture) : now(job, picture);
}

const counted = (job, picture) => [tally(job), now(job, picture)].filter(Boolean).join(" · ");

function now(job, picture) {
  if (job.state === "queued") return waiting(job);
  if (job.state === "paused") return picture.step ? `paused at step ${picture.step} / ${picture.steps}` : "paused";
  if (job.state !== "running") return "";
  const isStepping = picture.step > 0 || job.stage === "developing" || job.stage === "";
  if (!isStepping || job.stage === "saving") return `${job.stage}…`;
  const parts = [`step ${picture.step} / ${picture.steps}`];
  if (job.steps_per_second) parts.push(speed(job.steps_per_second));
  if (job.eta_seconds !== null) parts.push(`${duration(job.eta_seconds)} left`);
  return parts.join(" · ");
}

function waiting(job) {
  const place =
    job.position === 1
      ? "next in the queue"
      : job.position
        ? `number ${job.position} in the queue`
        : "in the queue";
  return job.eta_seconds === null ? place : `${place} · starts in ${duration(job.eta_seconds)}`;
}

const VERDICTS = { identical: "identical", same: "the same within rounding", different: "different", impossible: "cannot be made again" };

/** The state of a job in one short phrase, for lists. */
export function phrase(job) {
  const live =
    job.pictures.find((picture) => picture.state === "running") ??
    job.pictures.find((picture) => picture.state === "paused") ??
    job.pictures[0];
  if (isOpen(job) || job.state === "paused") return (job.pictures.length > 1 ? counted : now)(job, live);
  if (job.verdict) return VERDICTS[job.verdict.result];
  return { held: "held: pick drafts", done: "done", failed: "failed", cancelled: "cancelled" }[job.state];
}

/** A card that says what happened, with which value, and offers the remedy as a button. */
export function failure(job, { verbs, picker }) {
  const error = job.error ?? {
    code: job.state,
    message: job.state === "cancelled" ? "This job was cancelled." : "The job failed.",
    remedy: "",
  };
  const again = {
    label: job.state === "cancelled" ? "Run it again" : "Try again",
    run: () => verbs.again(job.id),
  };
  const actions = [remedy(error, job, { verbs, picker }), again].filter(Boolean);
  return h(
    "div",
    { class: "failure", role: job.state === "failed" ? "alert" : false },
    job.state === "failed" && icon("warning"),
    h("p", { class: "failure-what" }, error.message),
    error.remedy && h("p", {}, error.remedy),
    h(
      "div",
      { class: "failure-actions" },
      ...actions.map(({ label, run }) =>
        h("button", { type: "button", class: "secondary", on: { click: run } }, label),
      ),
    ),
  );
}

function remedy(error, job, { verbs, picker }) {
  if (error.code === "out_of_memory") {
    const size = smaller(job.request);
    return size && { label: `Try ${size[0]} × ${size[1]} px`, run: () => verbs.smaller(job, size) };
  }
  if (error.code === "model_unreadable") return { label: "Choose another checkpoint", run: picker.open };
  return null;
}

/** Three quarters of each side, in multiples of 64 px (8 for small pictures). */
function smaller({ width, height }) {
  const unit = Math.min(width, height) > 256 ? 64 : 8;
  const size = [width, height].map((side) => Math.max(64, Math.floor((side * 0.75) / unit) * unit));
  return size[0] < width || size[1] < height ? size : null;
}
