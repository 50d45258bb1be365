// What the page knows about the server (jobs, its state, the connection) and which job it shows; the poller feeds it.
import { url } from "./api.js";
import { keep, recall } from "./prefs.js";
import { plural } from "./words.js";

/** A store; `subscribe(run)` calls `run(store)` now and after each burst of changes. */
export function createStore() {
  const listeners = new Set();
  const jobs = new Map();
  const store = {
    jobs,
    status: null,
    about: null,
    connection: "connecting",
    version: 0,
    apply,
    set,
    newestFirst,
    subscribe,
  };
  let isAnnounced = false;

  function announce() {
    if (isAnnounced) return;
    isAnnounced = true;
    queueMicrotask(() => {
      isAnnounced = false;
      for (const run of listeners) run(store);
    });
  }

  /** Takes over an answer of `GET api/v1/jobs`, or a part of one; older snapshots of a job are ignored. */
  function apply({ jobs: changed = [], removed = [], whole, status, version }) {
    if (whole) jobs.clear(); // these are all there are: the server is a new one, or we were away for long
    for (const job of changed) if (!(jobs.get(job.id)?.version > job.version)) jobs.set(job.id, job);
    for (const id of removed) jobs.delete(id);
    if (status) store.status = { ...store.status, ...status };
    store.version = whole ? version : Math.max(store.version, version ?? 0);
    announce();
  }

  /** Sets plain fields: connection, about (the whole of `api/v1/status`). */
  function set(values) {
    if (Object.entries(values).every(([name, value]) => store[name] === value)) return;
    Object.assign(store, values);
    announce();
  }

  function newestFirst() {
    return [...jobs.values()].sort((a, b) => b.created - a.created);
  }

  function subscribe(run) {
    listeners.add(run);
    run(store);
    return () => listeners.delete(run);
  }
  return store;
}

/** Is there no checkpoint that can be used but the one that came along? `about` is the whole of `api/v1/status`. */
export function isOnlyToys(about) {
  const usable = about?.checkpoints.filter((row) => !row.problem) ?? [];
  return usable.length > 0 && usable.every((row) => row.starter);
}

export const isOpen = (job) => job.state === "queued" || job.state === "running";

/** Is this job a grid? */
export const isGrid = (job) => Boolean(job.request.grid);

/** Open, or at rest until somebody has picked drafts or lets it go on. */
export const isLive = (job) => isOpen(job) || job.state === "held" || job.state === "paused";

/** "3 of 12 pictures", or how many there are once nothing is to come. */
export function tally(job) {
  const live = job.pictures.filter((picture) => picture.state !== "dropped");
  const done = live.filter((picture) => picture.state === "done").length;
  return isLive(job) || done < live.length ? `${done} of ${plural(live.length, "picture")}` : plural(live.length, "picture");
}

/** 0…1 over all pictures of a job that are not dropped. */
export function progress(job) {
  const live = job.pictures.filter((picture) => picture.state !== "dropped");
  const done = live.reduce(
    (sum, picture) => sum + (picture.state === "done" ? picture.steps : picture.step),
    0,
  );
  const all = live.reduce((sum, picture) => sum + picture.steps, 0);
  return all ? done / all : 0;
}

/**
 * Is there a preview to show? The server drops those of ended jobs and of drafts not chosen; a hidden page loads
 * none, so that ten tabs do not ask for each ten times.
 */
export const hasPreview = (job, picture) =>
  picture.preview_seq > 0 && isLive(job) && picture.state !== "dropped" && !document.hidden;

export const previewOf = (job, picture) =>
  url(`api/v1/jobs/${job.id}/pictures/${picture.index}/preview?v=${picture.preview_seq}`);

// Which job and which of its pictures the page shows is kept over a reload, so that a running job is found again.
/** The focus: {jobId, index}; `index` null means "whatever develops". */
export function createFocus(store) {
  const listeners = new Set();
  const focus = { ...recall("focus", { jobId: null, index: null }), set, job, onChange };

  function set(jobId, index = null) {
    focus.jobId = jobId;
    focus.index = index;
    keep("focus", { jobId, index });
    for (const run of listeners) run(focus);
  }
  /** The job in focus; without one the one that runs, else the newest. What only verifies is not looked at unasked. */
  function job() {
    const chosen = store.jobs.get(focus.jobId);
    if (chosen) return chosen;
    const all = store.newestFirst().filter((one) => !one.verifies);
    return all.find((one) => one.state === "running") ?? all.find(isOpen) ?? all[0] ?? null;
  }
  function onChange(run) {
    listeners.add(run);
  }
  return focus;
}
