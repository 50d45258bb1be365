// Downloads under way: how far each is, what holds it up with the remedy as a button; what is done is chosen.
import { call } from "./api.js";
import { h, keyed, setAttribute, setText, show } from "./dom.js";
import { keep, recall } from "./prefs.js";
import { duration, fileSize } from "./words.js";

const PAUSE_MS = 1000;
const ACTIVE = ["queued", "running", "checking"];

/** The list; `again(order)` looks something up anew. Answers with {element, take(rows), add(row), isBusy()}. */
export function createDownloads({ store, checkpoint, toasts, goTo, again }) {
  const element = h("ul", { class: "downloads", "aria-label": "Downloads" });
  let rows = [];
  let timer = 0;
  // What this browser has asked for is chosen as soon as it is there, also after a reload.
  const mine = new Set(recall("downloads", []));

  function take(found) {
    rows = found;
    keyed(element, rows, { key: (row) => row.id, make, update });
    show(element, rows.length > 0);
    rows.filter((row) => row.state === "done" && mine.has(row.id)).forEach(choose);
    clearTimeout(timer);
    if (rows.some((row) => ACTIVE.includes(row.state)) || mine.size > 0) timer = setTimeout(ask, PAUSE_MS);
  }
  function add(row) {
    mine.add(row.id);
    keep("downloads", [...mine]);
    take([row, ...rows.filter((one) => one.id !== row.id)]);
  }
  async function ask() {
    if (document.hidden) return (timer = setTimeout(ask, PAUSE_MS));
    const answer = await call("GET", "api/v1/downloads").catch(() => null);
    if (answer) forget(answer.downloads);
    if (answer) take(answer.downloads);
    else timer = setTimeout(ask, PAUSE_MS); // the banner says that the connection is lost
  }
  /** Those that were removed elsewhere are waited for no longer. */
  function forget(found) {
    for (const id of mine) if (!found.some((row) => row.id === id)) mine.delete(id);
    keep("downloads", [...mine]);
  }

  function choose(row) {
    const isListed = store.about?.checkpoints.some((one) => one.name === row.model);
    if (row.is_checkpoint && !row.problem && !isListed) return; // within seconds
    mine.delete(row.id);
    keep("downloads", [...mine]);
    if (row.problem) return toasts.say(`${row.model} is here, but: ${row.problem}`, { isError: true });
    if (!row.is_checkpoint) return toasts.say(`${row.model} is here.`);
    checkpoint.choose(row.model);
    const action = { label: "Make a picture", run: () => goTo("workspace") };
    toasts.say(`${row.model} is here and chosen.`, { action });
  }

  async function run(row, method, path) {
    try {
      await call(method, `api/v1/downloads/${row.id}${path}`);
      await ask();
    } catch (error) {
      toasts.fail(error, { key: row.id });
    }
  }
  const verbs = {
    pause: (row) => run(row, "POST", "/pause"),
    resume: (row) => run(row, "POST", "/resume"),
    remove: (row) => run(row, "DELETE", ""),
    use: (row) => checkpoint.choose(row.model) && goTo("workspace"),
    rename: (row) => again({ source: row.source }),
  };

  function make() {
    const bar = h("span", { class: "progress-fill" });
    const name = h("span", { class: "download-name" });
    const words = h("span", { class: "download-words" });
    const trouble = h("p", { class: "download-trouble", hidden: true });
    const buttons = h("div", { class: "download-actions" });
    const track = { class: "progress-bar", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 };
    return h(
      "li",
      { class: "download" },
      h("div", { class: "download-head" }, h("div", { class: "download-title" }, name, words), buttons),
      h("div", track, bar),
      trouble,
    );
  }
  function update(node, row) {
    const share = row.size_bytes ? row.have_bytes / row.size_bytes : 0;
    node.dataset.state = row.state;
    setText(node.querySelector(".download-name"), row.name);
    setText(node.querySelector(".download-words"), wordsOf(row));
    const track = node.querySelector(".progress-bar");
    setAttribute(track, "aria-label", row.name);
    setAttribute(track, "aria-valuenow", Math.floor(share * 100));
    show(track, row.state !== "done");
    track.firstElementChild.style.transform = `scaleX(${share.toFixed(4)})`;
    const trouble = node.querySelector(".download-trouble");
    const what = row.error ? [row.error.message, row.error.remedy].filter(Boolean).join(" ") : row.problem || row.note;
    setText(trouble, what);
    show(trouble, Boolean(what));
    const offered = buttonsOf(row);
    const buttons = node.querySelector(".download-actions");
    const key = offered.map(([label]) => label).join();
    if (buttons.dataset.key === key) return;
    buttons.dataset.key = key;
    buttons.replaceChildren(...offered.map(([label, verb]) => button(row.id, label, verb)));
  }
  function button(id, label, verb) {
    const now = () => verbs[verb](rows.find((row) => row.id === id));
    const kind = verb === "remove" ? "quiet" : "secondary";
    return h("button", { type: "button", class: kind, on: { click: now } }, label);
  }
  const isBusy = () => rows.some((row) => row.state !== "done");
  return { element, take, add, isBusy };
}

function wordsOf(row) {
  if (row.state === "done") return `${fileSize(row.size_bytes)} · done`;
  const parts = [`${fileSize(row.have_bytes)} of ${fileSize(row.size_bytes)}`];
  if (row.state === "running" && row.bytes_per_second) parts.push(`${fileSize(row.bytes_per_second)}/s`);
  if (row.state === "running" && row.eta_seconds !== null) parts.push(`${duration(row.eta_seconds)} left`);
  if (row.state !== "running") parts.push(row.state);
  return parts.join(" · ");
}

/** [label, verb] of what can be done now; the remedy first. */
function buttonsOf(row) {
  const end = ["Cancel", "remove"];
  if (row.state === "paused") return [["Go on", "resume"], end];
  if (row.state === "failed" && row.error?.code === "name_taken") return [["Choose another name", "rename"], end];
  if (row.state === "failed") return [["Try again", "resume"], end];
  if (row.state !== "done") return [["Pause", "pause"], end];
  const isUsable = row.is_checkpoint && !row.problem;
  return [...(isUsable ? [["Use it", "use"]] : []), ["Clear", "remove"]];
}
