// Elects one tab of this browser to speak with the server; the others listen to it. BroadcastChannel only, because
// Web Locks exist on https pages only. Browsers allow six connections a host: ten tabs that each wait would hang.

const BEAT_MS = 1500;
const SILENCE_MS = 5000;
const GREETING_MS = 250;

/**
 * Joins the tabs of this browser. `onLead` and `onFollow` say what this tab is now; `onNews(news)` hears the leader and
 * other tabs; `snapshot()` gives what a new tab should hear. Answers with `tell(news)`.
 */
export function joinTabs({ onLead, onFollow, onNews, snapshot }) {
  const me = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("darkroom") : null;
  let isLeading = false;
  let heardAt = 0;

  const say = (kind, more = {}) => channel?.postMessage({ kind, from: me, rank: rank(), ...more });
  // A visible tab goes before a hidden one (browsers slow hidden tabs down), an older one before a younger.
  const rank = () => (document.hidden ? "1" : "0") + me;

  function lead() {
    if (isLeading) return;
    isLeading = true;
    say("lead");
    onLead();
  }
  function follow() {
    if (!isLeading) return;
    isLeading = false;
    onFollow();
  }
  function leadUnlessHeard(waitMs) {
    const asked = performance.now();
    setTimeout(() => heardAt <= asked && lead(), waitMs);
  }

  function hear({ data }) {
    if (data.kind === "news") onNews(data.news);
    if (data.kind === "who" && isLeading) {
      say("lead");
      say("news", { news: snapshot() });
    }
    if (data.kind === "lead") {
      if (isLeading && rank() < data.rank) return say("lead");
      heardAt = performance.now();
      follow();
    }
    if (data.kind === "bye" && !isLeading) leadUnlessHeard(Math.random() * 200 + (document.hidden ? 300 : 0));
  }

  function leave() {
    if (isLeading) say("bye");
    follow();
  }
  function join() {
    say("who");
    leadUnlessHeard(channel ? GREETING_MS : 0);
  }

  channel?.addEventListener("message", hear);
  addEventListener("pagehide", leave);
  addEventListener("pageshow", (event) => event.persisted && join());
  // Comes to the front: take over, the leader yields if it is hidden.
  document.addEventListener("visibilitychange", () => !document.hidden && lead());
  setInterval(() => {
    if (isLeading) say("lead");
    else if (performance.now() - heardAt > SILENCE_MS) lead();
  }, BEAT_MS);
  join();
  return { tell: (news) => say("news", { news }) };
}
