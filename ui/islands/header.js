// The header: name, checkpoint, device and memory, queue, the worker's state, theme, shortcuts; and the banner below.
import { call } from "./api.js";
import { createPicker } from "./checkpoint.js";
import { h, icon, iconButton, setAttribute, setText, show } from "./dom.js";
import { createMemory } from "./memory.js";
import { keep, recall } from "./prefs.js";

const STATES = { starting: "starting", ready: "ready", restarting: "restarting", broken: "not working" };

/** Builds the header as the page's first element; answers with {picker}. */
export function mountHeader({ store, checkpoint, shortcuts }) {
  const picker = createPicker(checkpoint);
  const memory = createMemory();
  const queue = h("span", { class: "queue" });
  const state = h("span", { class: "worker-state", role: "status" });
  const help = iconButton("help", "Keyboard shortcuts", shortcuts.toggle, {
    title: "Keyboard shortcuts (?)",
  });
  const header = h(
    "header",
    { class: "header", role: "banner" },
    h("h1", { class: "name" }, mark(), h("span", {}, "Darkroom")),
    h("div", { class: "header-gap" }),
    h("div", { class: "header-facts" }, queue, memory.element, state),
    picker.element,
    createThemeSwitch(),
    help,
  );
  const banner = createBanner();
  const notice = createNotice();
  document.body.prepend(
    h("a", { class: "skip", href: "#field-prompt", on: { click: skip } }, "To the prompt"),
    header,
    banner.element,
    notice.element,
  );
  store.subscribe(() => {
    draw(store, { queue, state });
    memory.draw(store.status);
    banner.draw(store);
    notice.draw(store);
  });
  return { picker };
}

function skip(event) {
  event.preventDefault();
  document.querySelector("#field-prompt textarea")?.focus();
}

/** The mark: a picture that is half developed. */
function mark() {
  return h("span", { class: "mark", "aria-hidden": "true" });
}

function draw({ status, connection }, { queue, state }) {
  const worker = connection === "reconnecting" ? "reconnecting…" : (STATES[status?.worker] ?? "connecting…");
  setText(state, worker);
  state.dataset.state = connection === "reconnecting" ? "reconnecting" : (status?.worker ?? "connecting");
  show(queue, Boolean(status && status.running + status.queue_length));
  if (status) setText(queue, `${status.running} running · ${status.queue_length} waiting`);
}

/** Trouble that stops the work, in words, with the remedy as a button; it goes by itself when it is over. */
function createBanner() {
  const words = h("span");
  const start = h("button", { type: "button", class: "secondary", on: { click: startNow } }, "Start it now");
  const element = h("div", { class: "banner", role: "status", hidden: true }, words, start);

  async function startNow() {
    start.disabled = true;
    await call("POST", "api/v1/worker/start").catch(() => null); // the banner goes on saying what is wrong
    start.disabled = false;
  }
  function draw(store) {
    const text = trouble(store);
    setText(words, text.replace(/([.!?…])\.( |$)/g, "$1$2"));
    show(start, store.connection !== "reconnecting" && store.status?.worker === "broken");
    show(element, Boolean(text));
  }
  return { element, draw };
}

function trouble({ status, connection, about }) {
  if (connection === "reconnecting")
    return "The connection to the server is lost. Reconnecting… Queued pictures are safe there.";
  if (status?.worker === "broken") return `The worker does not start: ${status.why || "the log says why"}.`;
  if (status?.worker === "restarting")
    return `The worker is starting again: ${status.why || "it ended unexpectedly"}. Jobs go on by themselves.`;
  if (about && !about.checkpoints.some((row) => !row.problem))
    return "No usable checkpoint was found. Put one into models/: it is found by itself within seconds.";
  return "";
}

/** Something that could be better, until it is closed: "a GPU is there, but this torch cannot use it". */
function createNotice() {
  let text = "";
  const words = h("p");
  const close = iconButton("close", "Close notice", () => {
    keep("notice", text);
    show(element, false);
  });
  const element = h("div", { class: "notice", role: "status", hidden: true }, words, close);
  function draw({ status }) {
    text = status?.notice ?? "";
    setText(words, text);
    show(element, Boolean(text) && recall("notice", "") !== text);
  }
  return { element, draw };
}

/** The switch between dark and light; the head of the page sets the stored one before anything is drawn. */
function createThemeSwitch() {
  const root = document.documentElement;
  const button = h("button", { type: "button", class: "icon-button", on: { click: turn } });
  function draw() {
    const other = root.dataset.theme === "light" ? "dark" : "light";
    const label = `Switch to the ${other} theme`;
    setAttribute(button, "aria-label", label);
    setAttribute(button, "title", label);
    button.replaceChildren(icon(other === "light" ? "sun" : "moon"));
  }
  function turn() {
    root.dataset.theme = root.dataset.theme === "light" ? "dark" : "light";
    keep("theme", root.dataset.theme);
    draw();
  }
  draw();
  return button;
}
