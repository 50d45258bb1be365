// Long works of this owner (trainings, videos) as the server tells them, asked for anew whenever it says that something is new.
import { call, insist } from "./api.js";
import { randomId } from "./dom.js";

const PACE_MS = 600; // a work has news at every step, more is not seen
export const PATIENCE_MS = 20000;

/**
 * `kind` is their name in the API: "trainings". `rows` newest first; `onChange(run)` calls `run()` now and whenever
 * something is new. What its caller adds takes over answers with `put(work)`.
 */
export function createWorks({ kind, store, toasts }) {
  const listeners = new Set();
  const works = { rows: [], isKnown: false, find, refresh, create, ask, remove, put, attempt, onChange };
  let told = null; // the version that was last asked for
  let since = 0; // the version that the rows are of: only what is newer is sent
  let isAsking = false;

  function find(id) {
    return works.rows.find((row) => row.id === id) ?? null;
  }
  function onChange(run) {
    listeners.add(run);
    run();
  }
  function announce() {
    for (const run of listeners) run();
  }
  async function look() {
    const wanted = store.status?.[`${kind}_version`] ?? null;
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
      const news = await call("GET", `api/v1/${kind}?since=${since}`);
      const rows = new Map([...works.rows, ...news.items].map((row) => [row.id, row]));
      works.rows = news.ids.map((one) => rows.get(one)).filter(Boolean);
      since = news.version;
      works.isKnown = true;
      announce();
      return true;
    } catch {
      return false;
    }
  }
  /** Takes over what was answered to a change. */
  function put(work) {
    const others = works.rows.filter((row) => row.id !== work.id);
    works.rows = [work, ...others].sort((a, b) => b.created - a.created);
    announce();
    return work;
  }
  /** Begins one. Raises what the server refuses; a repeat after a lost answer begins no second one. */
  async function create(json) {
    const asked = { ...json, client_request_id: randomId() };
    return put(await insist("POST", `api/v1/${kind}`, { json: asked }, PATIENCE_MS));
  }
  async function attempt(run) {
    try {
      return await run();
    } catch (error) {
      toasts.fail(error, { key: kind });
      return null;
    }
  }
  /** "pause", "resume" or "finish". */
  function ask(id, verb) {
    return attempt(async () => put(await insist("POST", `api/v1/${kind}/${id}/${verb}`, {}, PATIENCE_MS)));
  }
  /** Answers whether it is gone. */
  async function remove(id) {
    const isGone = await attempt(async () => (await call("DELETE", `api/v1/${kind}/${id}`, { timeoutMs: PATIENCE_MS }), true));
    if (!isGone) return false;
    works.rows = works.rows.filter((row) => row.id !== id);
    announce();
    return true;
  }
  store.subscribe(look);
  refresh();
  return works;
}

export const isOpen = ({ state }) => state === "queued" || state === "running";
export const isLive = (work) => isOpen(work) || work.state === "paused";
