// The panel beside the models: one of them, what is known of it, what it may be used for, and what can be done with it.
import { call } from "./api.js";
import { cover } from "./cards.js";
import { h, iconButton, show } from "./dom.js";
import { licenceBlock } from "./licence.js";
import { createModelEditor } from "./model_editor.js";
import { familyName, fileSize, kindName, when } from "./words.js";

const HASH_PAUSE_MS = 2000;
const HASH_TRIES = 30;
const DEFAULTS = [
  ["Best at", ({ width, height }) => `${width} × ${height}`],
  ["Steps", ({ steps }) => steps],
  ["CFG scale", ({ guidance_scale }) => guidance_scale],
  ["Sampler", ({ sampler }) => sampler],
  ["Schedule", ({ schedule }) => schedule],
];

/** The panel; `open(row)` shows a card at once and the rest when it has come, `close()` hides it. */
export function createModelDetails({ verbs, toasts, cards, onClose }) {
  const leave = () => (close(), onClose());
  const look = { class: "icon-button details-close", title: "Close (Esc)" };
  const body = h("div", { class: "model-details" });
  const element = h(
    "aside",
    { class: "details", "aria-label": "Details of the model", hidden: true },
    iconButton("close", "Close details", leave, look),
    body,
  );
  let current = null;
  let shown = null; // the same with all its details

  async function open(row) {
    current = row;
    show(element, true);
    document.documentElement.dataset.details = "";
    draw({ ...row, tags: [], notes: "", description: "", author: "" });
    try {
      const details = await call("GET", `api/v1/models/${row.id}`);
      if (current?.id === row.id) draw(details);
      if (!details.hash) awaitHash(row);
    } catch (error) {
      toasts.fail(error, { key: "model" });
    }
  }
  /** The hash of a file is worked out once its card is open; folders have none. */
  async function awaitHash(row) {
    for (let tries = 0; tries < HASH_TRIES; tries++) {
      await new Promise((done) => setTimeout(done, HASH_PAUSE_MS));
      if (current?.id !== row.id || body.contains(document.activeElement)) return;
      const { hash } = await call("GET", `api/v1/models/${row.id}`).catch(() => ({}));
      if (hash && current?.id === row.id) return draw({ ...shown, hash });
    }
  }
  function close() {
    current = shown = null;
    show(element, false);
    delete document.documentElement.dataset.details;
    body.replaceChildren();
  }
  function draw(model) {
    shown = model;
    const editor = createModelEditor(model, { save: (changes) => save(model, changes) });
    const problem = model.problem && h("p", { class: "model-problem" }, model.problem);
    body.replaceChildren(
      model.preview ? h("div", { class: "details-cover" }, cover(model)) : "",
      h("h2", { class: "model-title" }, model.name),
      model.title && model.title !== model.name ? h("p", { class: "hint" }, model.title) : "",
      problem || "",
      actions(model),
      ...words(model),
      model.notes ? h("p", { class: "model-notes" }, model.notes) : "",
      facts(model),
      licenceBlock(model.licence),
      editor,
      model.description ? description(model) : "",
    );
    body.scrollTop = 0;
  }
  function actions(model) {
    const main = verbs.main(model);
    const button = (verb, kind) =>
      h("button", { type: "button", class: kind, on: { click: verb.run } }, verb.label);
    return h(
      "div",
      { class: "model-actions", role: "toolbar", "aria-label": "Model" },
      ...main.map((verb, index) => button(verb, index ? "secondary" : "primary")),
      ...verbs.more(model).map((verb) => iconButton(verb.icon, verb.label, verb.run)),
    );
  }
  function words(model) {
    const chips = (list, label, text) =>
      list.length > 0 &&
      h(
        "section",
        { class: "model-words-list" },
        h("h3", {}, label),
        h(
          "div",
          { class: "chips" },
          ...list.map((word) => {
            const run = () => verbs.insertWord(text(word));
            const title = "Put it into the prompt";
            return h("button", { type: "button", class: "chip", title, on: { click: run } }, text(word));
          }),
        ),
      );
    return [
      chips(model.trigger_words, "Trigger words", (word) => word),
      chips(model.tags, "Often in the captions of its training", ({ tag }) => tag),
    ].filter(Boolean);
  }
  async function save(model, changes) {
    const row = await call("PATCH", `api/v1/models/${model.id}`, { json: changes });
    cards.put(row);
    if (current?.id === model.id) draw(row);
    toasts.say("Saved.", { key: "model" });
  }
  /** What can be done may have changed: its buttons are drawn anew, and keep the focus. */
  function redraw() {
    const old = shown && body.querySelector(".model-actions");
    if (!old) return;
    const hadFocus = old.contains(document.activeElement);
    old.replaceWith(actions(shown));
    if (hadFocus) body.querySelector(".model-actions button")?.focus();
  }
  element.addEventListener("keydown", (event) => event.key === "Escape" && leave());
  return { element, open, close, redraw, isOpen: () => !element.hidden, current: () => current };
}

function facts(model) {
  const rows = [
    ["Kind", [kindName(model.kind), familyName(model.family), model.variant].filter(Boolean).join(", ")],
    ["File", model.file],
    ["Folder", model.folder],
    ["Size", fileSize(model.bytes)],
    ["Changed", when(model.changed)],
    ["Hash", model.hash],
    ["By", model.author],
    ["Weight", model.preferred_weight],
    ...(model.defaults && !model.problem ? DEFAULTS.map(([name, of]) => [name, of(model.defaults)]) : []),
  ];
  return h(
    "dl",
    { class: "facts model-facts-list" },
    ...rows
      .filter(([, value]) => value !== "" && value !== null && value !== undefined)
      .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))),
  );
}

function description(model) {
  const text = h("p", { class: "model-description" }, model.description);
  return h("section", {}, h("h3", {}, "Description"), text);
}
