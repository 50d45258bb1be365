// Follows all jobs by one long poll a browser: the leading tab asks the server and tells the other tabs.
import { call, ConnectionLost } from "./api.js";
import { joinTabs } from "./leader.js";
import { isOpen } from "./store.js";

const WAIT_SECONDS = 20;
const UNWELL_WAIT_SECONDS = 2;
const PACE_MS = 120; // at most eight answers a second, more is not seen
const HIDDEN_PAUSE_MS = 3000;
const RETRY_MS = [300, 700, 1500, 2000];

const pause = (ms, signal) =>
  new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
  });

/** Starts following; answers with `share(changes)`, which applies own changes here and in the other tabs. */
export function startPoller(store) {
  let stop = null;
  const tabs = joinTabs({
    onLead: () => {
      stop = new AbortController();
      follow(store, stop.signal, (news) => tabs.tell(news));
    },
    onFollow: () => stop?.abort(),
    onNews: ({ connection, ...changes }) => {
      if (connection) store.set({ connection });
      store.apply(changes);
    },
    snapshot: () => ({
      connection: store.connection,
      jobs: [...store.jobs.values()],
      whole: store.version > 0,
      status: store.status ?? undefined,
      version: store.version,
    }),
  });
  return {
    share(changes) {
      store.apply(changes);
      tabs.tell(changes);
    },
  };
}

async function follow(store, signal, tell) {
  let failures = 0;
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    const asked = performance.now();
    try {
      const changes = await ask(store, signal, isFirst || failures > 0);
      if (signal.aborted) return;
      failures = 0;
      store.apply(changes);
      store.set({ connection: "online" });
      tell({ connection: "online", ...changes });
      const rest = document.hidden ? HIDDEN_PAUSE_MS : PACE_MS - (performance.now() - asked);
      await pause(Math.max(0, rest), signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ConnectionLost)) console.warn("jobs:", error.message);
      store.set({ connection: "reconnecting" });
      tell({ connection: "reconnecting" });
      await pause(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)], signal);
    }
  }
}

function ask(store, signal, isAtOnce) {
  const isWell = store.status?.worker === "ready";
  const wait = isAtOnce ? 0 : isWell ? WAIT_SECONDS : UNWELL_WAIT_SECONDS;
  // While something develops, news comes several times a second: silence then means a dead connection.
  const isBusy = [...store.jobs.values()].some((job) => isOpen(job) && job.state === "running");
  const patienceSeconds = isBusy ? Math.min(wait, 4) : wait;
  const timeoutMs = (patienceSeconds + 4) * 1000;
  return call("GET", `api/v1/jobs?since=${store.version}&wait=${patienceSeconds}`, { timeoutMs, signal });
}
