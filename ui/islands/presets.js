// Presets: settings with a name. A menu that fills the fields that one names, says which, and takes it back; own ones are saved.
import { call } from "./api.js";
import { h, icon, iconButton, keyed, setAttribute, show } from "./dom.js";
import { shortLabel } from "./form.js";

const editor = () => import("./preset_editor.js"); // when something is first written

/** The button above the settings and its menu. */
export function mountPresets(host, { form, checkpoint, toasts }) {
  const menu = h("div", { class: "popover presets-menu", id: "presets-menu", hidden: true });
  const button = h(
    "button",
    { type: "button", class: "secondary presets-button", "aria-expanded": "false", "aria-controls": menu.id, on: { click: () => turn(menu.hidden) } },
    icon("sliders"),
    h("span", {}, "Presets"),
    icon("chevron"),
  );
  const builtin = h("ul", { "aria-label": "Presets that come along" });
  const own = h("ul", { "aria-label": "Your presets" });
  const trouble = h("p", { class: "hint", hidden: true }, "The presets cannot be loaded now.");
  const save = h("button", { type: "button", class: "quiet", on: { click: () => ask("openPresetEditor") } }, icon("plus"), "Save as preset …");
  const reset = h("button", { type: "button", class: "quiet", on: { click: resetAll } }, icon("restore"), "Reset the settings");
  menu.append(trouble, builtin, own, h("div", { class: "presets-foot" }, save, reset));
  host.append(h("div", { class: "presets" }, button, menu));
  let items = [];

  function turn(isOpen) {
    show(menu, isOpen);
    setAttribute(button, "aria-expanded", String(isOpen));
    if (isOpen) learn();
  }
  async function learn() {
    try {
      items = (await call("GET", "api/v1/presets")).items;
      show(trouble, false);
    } catch {
      show(trouble, true);
    }
    draw();
  }
  function draw() {
    const rows = (isBuiltin) => items.filter((row) => row.builtin === isBuiltin);
    keyed(builtin, rows(true), { key: (row) => JSON.stringify(row), make });
    keyed(own, rows(false), { key: (row) => JSON.stringify(row), make });
    show(own, rows(false).length > 0);
  }
  function make(row) {
    const about = row.about || namesOf(form.fromRequest(row.settings, { isWhole: false })).join(", ");
    return h(
      "li",
      {},
      h("button", { type: "button", class: "style-row", on: { click: () => choose(row) } }, h("span", { class: "style-row-name" }, row.name), h("span", { class: "style-row-adds" }, about)),
      !row.builtin && iconButton("pencil", `Rename ${row.name}`, () => ask("openPresetName", row)),
      !row.builtin && iconButton("trash", `Delete ${row.name}`, () => remove(row)),
    );
  }
  /** What people call these fields; those of a part are called as the part. */
  function namesOf(some) {
    const part = (name) => form.fields.find((field) => field.is_part && name.startsWith(`${field.name}.`));
    const field = (name) => part(name) ?? form.fields.find((row) => row.name === name);
    return [...new Set(Object.keys(some).map((name) => (field(name) ? shortLabel(field(name)) : capital(name))))];
  }

  /** Fills fields, says which have changed, and offers to take it back. */
  function fill(some, title) {
    const before = form.now(Object.keys(some));
    const changed = Object.keys(some).filter((name) => JSON.stringify(some[name] ?? "") !== JSON.stringify(before[name] ?? ""));
    form.fill(some);
    const words = changed.length ? namesOf(Object.fromEntries(changed.map((name) => [name, 0]))).join(", ") : "nothing had to change";
    const action = changed.length ? { action: { label: "Undo", run: () => form.fill(before) } } : {};
    toasts.say(`${title}: ${words}.`, { key: "preset", ...action });
  }
  function choose(row) {
    turn(false);
    button.focus();
    if (row.settings.checkpoint) checkpoint.choose(row.settings.checkpoint);
    fill(form.fromRequest(row.settings, { isWhole: false }), row.name);
  }
  function resetAll() {
    turn(false);
    button.focus();
    fill({ ...form.beginning(), styles: "" }, "Reset");
  }
  async function ask(dialog, row) {
    turn(false);
    await (await editor())[dialog]({ row, items, form, checkpoint, toasts });
    button.focus();
  }
  async function remove(row) {
    try {
      const { pathOf } = await editor();
      await call("DELETE", pathOf(row.name));
      const undo = () => call("PUT", pathOf(row.name), { json: { settings: row.settings } }).then(learn, toasts.fail);
      toasts.say(`The preset ${row.name} is deleted.`, { key: "preset", action: { label: "Undo", run: undo } });
      learn();
    } catch (error) {
      toasts.fail(error);
    }
  }
  document.addEventListener("pointerdown", (event) => !host.contains(event.target) && !menu.hidden && turn(false));
  host.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || menu.hidden) return;
    turn(false);
    button.focus();
  });
}

const capital = (text) => text.replace(/^./, (first) => first.toUpperCase());
