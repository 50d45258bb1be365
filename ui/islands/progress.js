// The line under what develops: how far it is, in a bar and in words, with Cancel; also told to screen readers and
// in the title of the browser's tab.
import { h, icon, setAttribute, setText, show } from "./dom.js";
import { isLive, isOpen, progress } from "./store.js";
import { line } from "./telling.js";

/** The line; `draw(job, picture)` shows a job, `clear()` none. `beside` stands at its right end. */
export function createProgress({ onCancel, onPause, beside }) {
  const text = h("span", { class: "progress-text" });
  const fill = h("span", { class: "progress-fill" });
  const range = {
    role: "progressbar",
    "aria-label": "Development",
    "aria-valuemin": 0,
    "aria-valuemax": 100,
  };
  const bar = h("div", { class: "progress-bar", ...range }, fill);
  const button = { type: "button", class: "quiet", id: "cancel", on: { click: onCancel } };
  const cancel = h("button", button, icon("cancel"), "Cancel");
  const pauseWords = h("span");
  const pauseIcon = h("span", { class: "icon-place" });
  const turn = { type: "button", class: "quiet", id: "pause", on: { click: onPause } };
  const pause = h("button", turn, pauseIcon, pauseWords);
  const element = h(
    "div",
    { class: "progress" },
    bar,
    h("div", { class: "progress-row" }, text, beside, pause, cancel),
  );
  const live = h("div", { class: "off-screen", "aria-live": "polite", role: "status" });

  function draw(job, picture) {
    const percent = Math.round(progress(job) * 100);
    const isPaused = job.state === "paused";
    show(element, isLive(job));
    show(cancel, isOpen(job) || isPaused);
    show(pause, isOpen(job) || isPaused);
    element.dataset.state = job.state;
    if (pause.dataset.act !== (isPaused ? "resume" : "pause")) {
      pause.dataset.act = isPaused ? "resume" : "pause";
      setText(pauseWords, isPaused ? "Go on" : "Pause");
      pauseIcon.replaceChildren(icon(isPaused ? "play" : "pause"));
    }
    setAttribute(bar, "aria-valuenow", percent);
    fill.style.transform = `scaleX(${percent / 100})`;
    setText(text, line(job, picture));
    setText(live, spoken(job));
    document.title = job.state === "running" ? `${percent} % · Darkroom` : "Darkroom";
  }
  function clear() {
    show(element, false);
    document.title = "Darkroom";
  }
  return { element, live, draw, clear };
}

/** Said once when a state begins, not at every step. */
function spoken(job) {
  const states = {
    running: "Developing.",
    held: "The drafts are held. Pick the ones to develop.",
    paused: "Paused.",
    done: `Done: ${job.request.prompt}`,
    failed: `Failed: ${job.error?.message}`,
    cancelled: "Cancelled.",
  };
  return states[job.state] ?? "";
}
