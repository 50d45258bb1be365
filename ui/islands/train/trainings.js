// The trainings of this owner as the server tells them, asked for anew whenever it says that something is new.
import { call, insist, url } from "../api.js";
import { randomId } from "../dom.js";

const PACE_MS = 600; // a training has news at every step, more is not seen
const PATIENCE_MS = 20000;

/** `rows` newest first; `onChange(run)` calls `run()` now and whenever something is new. */
export function createTrainings({ store, toasts, share }) {
  const listeners = new Set();
  const trainings = { rows: [], isKnown: false, find, refresh, create, ask, remove, publish, compare, onChange };
  let told = null; // the version that was last asked for
  let since = 0; // the version that the rows are of: only what is newer is sent
  let isAsking = false;

  function find(id) {
    return trainings.rows.find((row) => row.id === id) ?? null;
  }
  function onChange(run) {
    listeners.add(run);
    run();
  }
  function announce() {
    for (const run of listeners) run();
  }
  async function look() {
    const wanted = store.status?.trainings_version ?? null;
    if (isAsking || wanted === null || wanted === told) return;
    isAsking = true;
    const isThere = await refresh();
    await new Promise((done) => setTimeout(done, isThere ? PACE_MS : 2 * PACE_MS));
    if (isThere) told = wanted; // else the header says that the connection is lost
    isAsking = false;
    look();
  }
  async function refresh() {
    try {
      const news = await call("GET", `api/v1/trainings?since=${since}`);
      const rows = new Map([...trainings.rows, ...news.items].map((row) => [row.id, row]));
      trainings.rows = news.ids.map((one) => rows.get(one)).filter(Boolean);
      since = news.version;
      trainings.isKnown = true;
      announce();
      return true;
    } catch {
      return false;
    }
  }
  /** Takes over what was answered to a change. */
  function put(training) {
    const others = trainings.rows.filter((row) => row.id !== training.id);
    trainings.rows = [training, ...others].sort((a, b) => b.created - a.created);
    announce();
    return training;
  }
  /** Begins one. Raises what the server refuses; a repeat after a lost answer begins no second one. */
  async function create(json) {
    const asked = { ...json, client_request_id: randomId() };
    return put(await insist("POST", "api/v1/trainings", { json: asked }, PATIENCE_MS));
  }
  async function attempt(run) {
    try {
      return await run();
    } catch (error) {
      toasts.fail(error, { key: "training" });
      return null;
    }
  }
  /** "pause", "resume" or "finish". */
  function ask(id, verb) {
    return attempt(async () => put(await insist("POST", `api/v1/trainings/${id}/${verb}`, {}, PATIENCE_MS)));
  }
  /** The weights of this step become the file that prompts call. */
  function publish(id, step) {
    return attempt(async () => put(await insist("POST", `api/v1/trainings/${id}/publish`, { json: { step } }, PATIENCE_MS)));
  }
  /** Answers whether it is gone. */
  async function remove(id) {
    const isGone = await attempt(async () => (await call("DELETE", `api/v1/trainings/${id}`, { timeoutMs: PATIENCE_MS }), true));
    if (!isGone) return false;
    trainings.rows = trainings.rows.filter((row) => row.id !== id);
    announce();
    return true;
  }
  /** The job of the grid over steps and strengths, made known to the page; raises what the server refuses. */
  async function compare(id, json) {
    const job = await insist("POST", `api/v1/trainings/${id}/compare`, { json }, PATIENCE_MS);
    share({ jobs: [job] });
    return job;
  }
  store.subscribe(look);
  refresh();
  return trainings;
}

export const isOpen = ({ state }) => state === "queued" || state === "running";
export const isLive = (training) => isOpen(training) || training.state === "paused";

/** Where a sample picture lies, and one of the pictures that are taught. */
export const sampleUrl = ({ id }, step, index) => url(`api/v1/trainings/${id}/samples/${step}/${index}`);
export const exampleUrl = ({ id }, index) => url(`api/v1/trainings/${id}/examples/${index}`);
