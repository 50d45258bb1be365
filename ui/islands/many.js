// Many pictures to start from: one job each with the settings of the form, as many at once as the queue takes.
import { ApiError, call, insist } from "./api.js";
import { h, randomId, setText, show } from "./dom.js";
import { isOpen } from "./store.js";
import { plural } from "./words.js";

const OPEN_MAX = 20; // jobs of one owner, as `pipelines/manager` has it
const PATIENCE_MS = 60000;
const TIMEOUT_MS = 60000;
const ASK_AGAIN_MS = 2000;

/** A row of the batch: `state` is waiting, sending, sent, done or failed; `why` says what went wrong. */
const rowOf = (file) => ({ file, name: file.name, state: "waiting", jobId: "", why: "" });

/** The panel; `choose(files)` shows what would be made, and nothing is sent before the user says so. */
export function createMany({ source, store, verbs, toasts }) {
  const title = h("p", { class: "many-title", role: "status" });
  const note = h("p", { class: "hint" });
  const bar = h("span", { class: "progress-bar" }, h("span", { class: "progress-fill" }));
  const failures = h("ul", { class: "many-failures" });
  const start = h("button", { type: "button", class: "secondary", on: { click: run } });
  const stop = h("button", { type: "button", class: "secondary", on: { click: end } });
  const buttons = h("div", { class: "many-buttons" }, start, stop);
  const element = h("div", { class: "many", role: "group", "aria-label": "Many pictures", hidden: true }, title, bar, note, failures, buttons);
  let rows = [];
  let request = null; // what is sent with each, once it was started
  let isWaiting = false; // for room in the queue

  const count = (...states) => rows.filter((row) => states.includes(row.state)).length;
  const isUnderWay = () => request !== null && count("waiting", "sending", "sent") > 0;

  function choose(files) {
    if (isUnderWay()) return toasts.say("A batch is under way. Wait for its end, or cancel it.", { key: "many", isError: true });
    rows = files.map(rowOf);
    request = null;
    draw();
  }
  function run() {
    request = { ...verbs.request(), source: source.asSent() };
    draw();
    sendAll(rows);
  }
  async function sendAll(mine) {
    for (const row of mine) {
      if (row.state !== "waiting") continue;
      await room();
      if (mine !== rows || row.state !== "waiting") return;
      await send(row);
      draw();
    }
  }
  async function send(row) {
    row.state = "sending";
    draw();
    try {
      const asset = await upload(row.file);
      const json = { ...request, source: { ...request.source, image: asset.id }, client_request_id: randomId() };
      const job = await patiently(() => insist("POST", "api/v1/jobs", { json }, PATIENCE_MS));
      Object.assign(row, { state: "sent", jobId: job.id });
      verbs.share(job);
      if (!rows.includes(row)) verbs.cancel(job.id); // the batch was given up meanwhile
    } catch (error) {
      Object.assign(row, { state: "failed", why: [error.message, error.remedy].filter(Boolean).join(" ") });
    }
  }
  function upload(file) {
    const body = new FormData();
    body.append("file", file, file.name);
    return patiently(() => call("POST", "api/v1/assets", { body, timeoutMs: TIMEOUT_MS }));
  }
  /** Does it again after a while when the server has no room for it now. */
  async function patiently(work) {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 429 || !request) throw error;
        await pause();
      }
    }
  }
  async function room() {
    while (request && [...store.jobs.values()].filter(isOpen).length >= OPEN_MAX) await pause();
    isWaiting = false;
  }
  async function pause() {
    isWaiting = true;
    draw();
    await new Promise((done) => setTimeout(done, ASK_AGAIN_MS));
    isWaiting = false;
  }
  /** Gives up what is not done yet; at the end, closes the panel. */
  function end() {
    const open = isUnderWay() ? rows.filter((row) => row.state === "sent") : [];
    for (const row of open) verbs.cancel(row.jobId);
    rows = [];
    request = null;
    draw();
  }
  /** Takes over how far the jobs are. */
  function follow() {
    if (!request) return;
    for (const row of rows.filter((one) => one.state === "sent")) {
      const job = store.jobs.get(row.jobId);
      if (job?.state === "done" || !job) row.state = "done";
      else if (job.state === "failed") Object.assign(row, { state: "failed", why: job.error?.message ?? "It failed." });
      else if (job.state === "cancelled") Object.assign(row, { state: "failed", why: "It was cancelled." });
    }
    draw();
  }
  function draw() {
    show(element, rows.length > 0);
    const done = count("done");
    const failed = rows.filter((row) => row.state === "failed");
    const isRunning = isUnderWay();
    setText(title, titleOf({ request, isRunning, done, failed, rows }));
    setText(note, noteOf({ request, isRunning, isWaiting }));
    show(note, note.textContent !== "");
    show(bar, request !== null);
    bar.firstChild.style.transform = `scaleX(${rows.length ? (done + failed.length) / rows.length : 0})`;
    show(start, !request);
    setText(start, `Make ${plural(rows.length, "picture")}`);
    setText(stop, isRunning ? "Cancel all" : request ? "Close" : "Cancel");
    failures.replaceChildren(...failed.map((row) => h("li", {}, h("strong", {}, row.name), ` ${row.why}`)));
    show(failures, failed.length > 0);
  }

  store.subscribe(follow);
  window.addEventListener("beforeunload", (event) => request && count("waiting", "sending") > 0 && event.preventDefault());
  return { element, choose };
}

function titleOf({ request, isRunning, done, failed, rows }) {
  if (!request) return `${plural(rows.length, "picture")} chosen`;
  if (isRunning) return `${done + failed.length} of ${rows.length}`;
  return `${done} of ${rows.length} made${failed.length ? `, ${failed.length} failed` : ""}`;
}

function noteOf({ request, isRunning, isWaiting }) {
  if (!request) return "Each becomes a job of its own, with the prompt and the settings of the form.";
  if (isWaiting) return `The queue takes ${OPEN_MAX} jobs of yours at once; the rest follow as these are done. Leave this page open.`;
  return isRunning ? "The pictures go to the library." : "";
}
