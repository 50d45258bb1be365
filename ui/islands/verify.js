// Verifying: a picture is made again by what its file says, and compared with what is there; the verdict is a chip.
import { call } from "./api.js";
import { h, icon, iconButton, setText, show } from "./dom.js";
import { isLive } from "./store.js";
import { phrase } from "./telling.js";

const WORDS = {
  identical: ["check", "Identical"],
  same: ["check", "The same within rounding"],
  different: ["warning", "Different"],
  impossible: ["warning", "It cannot be made again"],
};

/** `run(record)` asks for it; `of(id)` is the newest job that verifies this picture, or null; `onChange(run)`. */
export function createVerify({ store, verbs, toasts }) {

  async function run(record) {
    const now = of(record.id);
    if (now && isLive(now)) return;
    try {
      const job = await call("POST", `api/v1/pictures/${record.id}/verify`);
      verbs.share(job);
    } catch (error) {
      toasts.fail(error, { key: "verify" });
    }
  }
  const of = (id) => store.newestFirst().find((job) => job.verifies === id) ?? null;
  return {
    run,
    of,
    forget: (id) => verbs.remove(of(id).id),
    fits: (record) => Boolean(record.request) && !record.program && !record.trashed,
    onChange: (run) => store.subscribe(run),
  };
}

/** The chip below the strip of a picture; `open(record)` says which. */
export function createVerdict(verify) {
  const sign = h("span", { class: "icon-place" });
  const words = h("span", { class: "verdict-words", role: "status" });
  const close = iconButton("close", "Close verdict", () => verify.forget(id));
  const element = h("div", { class: "verdict", hidden: true }, sign, words, close);
  let id = null;

  function draw() {
    const job = id && verify.of(id);
    show(element, Boolean(job));
    if (!job) return;
    const [name, text] = job.verdict ? said(job.verdict) : ["", pending(job)];
    element.dataset.result = job.verdict?.result ?? job.state;
    if (sign.dataset.icon !== name) {
      sign.dataset.icon = name;
      sign.replaceChildren(...(name ? [icon(name)] : []));
    }
    setText(words, text);
    show(close, !isLive(job));
  }
  verify.onChange(draw);
  return { element, open: (record) => ((id = record.id), draw()), close: () => ((id = null), draw()) };
}

function said({ result, db, max_difference: most, why }) {
  const [name, text] = WORDS[result] ?? ["warning", result];
  const figures = [db !== null && db !== undefined && `${db.toFixed(1)} dB`, most && `at most ${most} of 255`].filter(Boolean);
  const shown = figures.length ? `${text} (${figures.join(", ")})` : text;
  return [name, [`${shown}.`, why].filter(Boolean).join(" ")];
}

function pending(job) {
  if (job.state === "failed") return `It could not be made again: ${job.error?.message ?? "the job failed."}`;
  if (job.state === "cancelled") return "Verifying was cancelled.";
  return `Verifying: ${phrase(job)}`;
}
