// The job dock at the foot of the page: every job of this owner, its state and preview, cancel, try again, remove; and
// what else is under way.
import { url } from "./api.js";
import { h, icon, iconButton, keyed, setAttribute, setText, show } from "./dom.js";
import { keep, recall } from "./prefs.js";
import { hasPreview, isLive, isOpen, previewOf, progress, tally } from "./store.js";
import { phrase } from "./telling.js";
import { plural } from "./words.js";

/** Builds the dock as the page's last landmark. `put(part)` adds something that is no job: as `train/in_dock.js`. */
export function mountDock({ store, verbs, focus, goTo }) {
  const thumb = h("span", { class: "dock-thumb" });
  const summary = h("span", { class: "dock-summary" });
  const fill = h("span", { class: "progress-fill" });
  const toggle = h(
    "button",
    { type: "button", class: "dock-toggle", "aria-controls": "dock-panel", "aria-expanded": "false" },
    thumb,
    summary,
    icon("chevron"),
  );
  const list = h("ul", { class: "dock-list" });
  const clear = h(
    "button",
    { type: "button", class: "quiet", on: { click: () => ended().forEach((job) => verbs.remove(job.id)) } },
    "Clear ended jobs",
  );
  const foot = h("div", { class: "dock-foot" }, clear);
  const panel = h("div", { id: "dock-panel", class: "dock-panel", hidden: true }, list, foot);
  const dock = h(
    "aside",
    { class: "dock", "aria-label": "Jobs", hidden: true },
    h("div", { class: "dock-bar" }, h("span", { class: "progress-bar" }, fill), toggle),
    panel,
  );
  document.body.append(dock);
  let isExpanded = recall("dock", false);
  const parts = [];
  const beside = {
    count: () => parts.reduce((sum, part) => sum + part.count(), 0),
    words: () => parts.map((part) => part.words()).filter(Boolean).join(" · "),
    share: () => first("share", 0),
    picture: () => first("picture", ""),
  };
  const first = (what, none) => parts.map((part) => part[what]()).find(Boolean) ?? none;

  const ended = () => store.newestFirst().filter((job) => !isLive(job));
  function draw() {
    const jobs = store.newestFirst();
    const isUsed = jobs.length + beside.count() > 0;
    show(dock, isUsed);
    setAttribute(document.documentElement, "data-dock", isUsed);
    show(panel, isExpanded);
    show(foot, ended().length > 0);
    setAttribute(toggle, "aria-expanded", String(isExpanded));
    drawBar(jobs);
    if (isExpanded) keyed(list, jobs, { key: (job) => job.id, make: (job) => row(job.id), update: drawRow });
  }
  function drawBar(jobs) {
    const running = jobs.filter((job) => job.state === "running");
    const waiting = jobs.filter((job) => job.state === "queued");
    const paused = jobs.filter((job) => job.state === "paused");
    const lead = running.sort((a, b) => progress(b) - progress(a))[0] ?? waiting[0] ?? paused[0] ?? jobs[0];
    fill.style.transform = `scaleX(${(running[0] ? progress(running[0]) : beside.share()).toFixed(3)})`;
    if (!lead || (beside.words() && !isOpen(lead))) {
      setText(summary, beside.words());
      return putPicture(thumb, beside.picture());
    }
    const words =
      running.length || waiting.length || paused.length
        ? [
            running.length && `${running.length} developing`,
            waiting.length && `${waiting.length} waiting`,
            paused.length && `${paused.length} paused`,
            phrase(lead),
          ].filter(Boolean)
        : [plural(jobs.length, "job"), `last one ${phrase(lead)}`];
    setText(summary, [...words, beside.words()].filter(Boolean).join(" · "));
    setPicture(thumb, lead);
  }
  toggle.addEventListener("click", () => {
    isExpanded = !isExpanded;
    keep("dock", isExpanded);
    draw();
  });

  function row(id) {
    const job = () => store.jobs.get(id);
    const view = () => (focus.set(id), goTo("workspace"));
    const button = (name, label, run) => iconButton(name, label, () => job() && run(id));
    return h(
      "li",
      { class: "dock-row", data: { job: id } },
      h(
        "button",
        { type: "button", class: "dock-open", title: "Show this job", on: { click: view } },
        h("span", { class: "dock-thumb" }),
        h(
          "span",
          { class: "dock-words" },
          h("span", { class: "dock-prompt" }),
          h("span", { class: "dock-state" }),
        ),
      ),
      h("span", { class: "progress-bar" }, h("span", { class: "progress-fill" })),
      button("pause", "Pause", verbs.pause),
      button("play", "Go on", verbs.resume),
      button("cancel", "Cancel", verbs.cancel),
      button("retry", "Run again", verbs.again),
      button("close", "Remove from the list", verbs.remove),
    );
  }
  function put(part) {
    parts.push(part);
    panel.prepend(part.element);
    draw();
  }
  store.subscribe(draw);
  return { toggle: () => toggle.click(), put, draw };
}

function drawRow(node, job) {
  node.dataset.state = job.state;
  setText(node.querySelector(".dock-prompt"), `${job.verifies ? "Verify: " : ""}${job.request.prompt || "no prompt"}`);
  const count = job.pictures.length > 1 && !isOpen(job) && job.state !== "paused" ? ` · ${tally(job)}` : "";
  setText(
    node.querySelector(".dock-state"),
    (job.state === "failed" ? `failed: ${job.error?.message ?? ""}` : phrase(job)) + count,
  );
  setPicture(node.querySelector(".dock-thumb"), job);
  node.querySelector(".progress-fill").style.transform =
    `scaleX(${isLive(job) ? progress(job).toFixed(3) : 0})`;
  show(node.querySelector("[data-act=pause]"), isOpen(job));
  show(node.querySelector("[data-act=play]"), job.state === "paused");
  show(node.querySelector("[data-act=cancel]"), isLive(job));
  show(node.querySelector("[data-act=retry]"), job.state === "failed" || job.state === "cancelled");
  show(node.querySelector("[data-act=close]"), !isLive(job));
}

/** The newest picture of a job in small: finished, else its preview, else nothing. */
function setPicture(host, job) {
  const done = job.pictures.find((picture) => picture.picture_id);
  const seen = job.pictures.find((picture) => hasPreview(job, picture));
  const id = done?.picture_id ?? job.verifies;
  const src = id ? url(`api/v1/pictures/${id}/thumbnail`) : seen ? previewOf(job, seen) : "";
  putPicture(host, src, job.state);
}

/** `state` counts where there is no picture. */
function putPicture(host, src, state = "") {
  const key = src || state;
  if (host.dataset.shown === key || (document.hidden && src)) return;
  host.dataset.shown = key;
  if (!src) return host.replaceChildren(...(state === "failed" ? [icon("warning")] : []));
  if (!host.querySelector("img"))
    host.replaceChildren(h("img", { alt: "", on: { error: (event) => event.target.remove() } }));
  host.firstElementChild.src = src;
}
