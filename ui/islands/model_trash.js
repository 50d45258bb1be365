// The trash of models: what lies in it, back to its place or gone for good; how much room that makes.
import { call } from "./api.js";
import { h, icon, iconButton, keyed, setAttribute, setText, show } from "./dom.js";
import { familyName, fileSize, kindName, plural, when } from "./words.js";

/** The list and its switch; `onTurn(isOpen)` when it is opened or closed, `onChange()` when something went back. */
export function createModelTrash({ toasts, onTurn, onChange }) {
  const list = h("ul", { class: "trash-list", "aria-label": "Models in the trash" });
  const total = h("p", { class: "hint" });
  const all = confirmed("Delete all for good", "Delete all? Click again", () => remove("", "The trash is empty."));
  const head = h("div", { class: "trash-head" }, total, all);
  const none = h("div", { class: "empty" }, h("p", { class: "empty-title" }, "The trash is empty"));
  none.append(h("p", {}, "Models that you delete wait here, on the disk where they lay."));
  const element = h("section", { class: "model-trash", "aria-label": "Trash", hidden: true }, head, list, none);
  const button = { type: "button", class: "secondary trash-toggle", "aria-label": "Trash", "aria-pressed": "false" };
  const toggle = h("button", { ...button, on: { click: turn } }, icon("trash"), h("span", {}, "Trash"));
  let items = [];

  function turn() {
    const isOpen = element.hidden;
    show(element, isOpen);
    setAttribute(toggle, "aria-pressed", String(isOpen));
    onTurn(isOpen);
    if (isOpen) load();
  }
  async function load() {
    try {
      items = (await call("GET", "api/v1/models/trash")).items;
    } catch (error) {
      toasts.fail(error, { key: "trash" });
    }
    draw();
  }
  function draw() {
    const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
    setText(total, `${plural(items.length, "model")}, ${fileSize(bytes)}`);
    show(head, items.length > 0);
    show(none, items.length === 0);
    keyed(list, items, { key: (item) => item.id, make: row });
  }
  function row(item) {
    const facts = [kindName(item.kind), familyName(item.family), fileSize(item.bytes), `since ${when(item.trashed)}`];
    const back = () => restore(item);
    return h(
      "li",
      { class: "trash-row" },
      h(
        "div",
        { class: "trash-words" },
        h("span", { class: "model-name", title: item.file }, item.name),
        h("span", { class: "model-facts" }, facts.filter(Boolean).join(" · ")),
      ),
      h("button", { type: "button", class: "secondary", on: { click: back } }, icon("restore"), "Put back"),
      confirmed("Delete for good", "Delete? Click again", () => remove(`/${item.id}`, `“${item.name}” is deleted.`)),
    );
  }
  async function restore(item) {
    try {
      await call("POST", `api/v1/models/trash/${item.id}/restore`);
      toasts.say(`“${item.name}” is back.`, { key: "trash" });
      onChange();
    } catch (error) {
      toasts.fail(error, { key: "trash" });
    }
    if (!element.hidden) await load();
  }
  async function remove(path, said) {
    try {
      const { freed_bytes: bytes } = await call("DELETE", `api/v1/models/trash${path}`, { timeoutMs: 120000 });
      toasts.say(`${said} ${fileSize(bytes)} are free again.`, { key: "trash" });
    } catch (error) {
      toasts.fail(error, { key: "trash" });
    }
    await load();
  }

  /** Throws a model away, with a way back in the message; answers whether it is gone. */
  async function put(model) {
    try {
      const item = await call("DELETE", `api/v1/models/${model.id}`, { timeoutMs: 60000 });
      const undo = { label: "Undo", run: () => restore(item) };
      toasts.say(`“${model.name}” is in the trash.`, { key: "trash", action: undo });
      onChange();
      return true;
    } catch (error) {
      toasts.fail(error, { key: "trash" });
      return false;
    }
  }
  return { element, toggle, put, isOpen: () => !element.hidden, close: () => element.hidden || turn() };
}

/** A button that asks once more before it does what cannot be undone. */
function confirmed(label, question, run) {
  const button = h("button", { type: "button", class: "quiet", on: { click: press, blur: calm } }, label);
  let isSure = false;
  function press() {
    if (!isSure) {
      isSure = true;
      return setText(button, question);
    }
    calm();
    run();
  }
  function calm() {
    isSure = false;
    setText(button, label);
  }
  return button;
}
