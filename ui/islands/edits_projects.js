// The projects: opened from a list, begun anew, written to a file and read from one.
import { call, url } from "./api.js";
import { h, icon, keyed, setAttribute, setText, show } from "./dom.js";
import { assetUrl } from "./on_canvas.js";
import { plural, when } from "./words.js";

const UPLOAD_MS = 120000;

/** The row of buttons with the list below; `draw()` brings it up to date. */
export function createProjects({ stack, source, toasts }) {
  const file = h("input", { type: "file", hidden: true });
  const list = h("ul", { class: "edits-projects", hidden: true });
  const open = action("library", "Open project …", turn, { "aria-expanded": "false" });
  const save = action("download", "Save file", () => h("a", { href: url(`api/v1/projects/${stack.project.id}/file`), download: "" }).click());
  const load = action("unload", "Open file", () => file.click());
  const element = h("div", { class: "edits-foot" }, h("div", { class: "edits-actions" }, open, save, load, file), list);

  async function turn() {
    const isShown = list.hidden;
    if (isShown) await learn();
    show(list, isShown);
    setAttribute(open, "aria-expanded", String(isShown));
  }
  async function learn() {
    try {
      drawList((await call("GET", "api/v1/projects")).items);
    } catch (error) {
      toasts.fail(error, { key: "project" });
    }
  }
  function drawList(projects) {
    keyed(list, projects, { key: (one) => one.id, make, update });
    if (!projects.length) list.replaceChildren(h("li", { class: "hint" }, "There is no project yet. The first edit begins one."));
  }
  function make({ id }) {
    const pick = { type: "button", class: "edits-open", on: { click: () => choose(id) } };
    return h("li", { class: "edits-row" }, h("button", pick, h("img", { alt: "", loading: "lazy" }), h("span", { class: "edits-words" }, h("span", { class: "edits-step" }), h("span", { class: "edits-state" }))));
  }
  function update(node, one) {
    setAttribute(node.querySelector("img"), "src", assetUrl(one.thumbnail));
    setText(node.querySelector(".edits-step"), one.name || "Project without a name");
    setText(node.querySelector(".edits-state"), `${plural(one.steps, "edit")} · ${when(one.changed)}`);
    node.toggleAttribute("data-current", one.id === stack.project?.id);
  }
  async function choose(id) {
    try {
      await stack.open(id);
      show(list, false);
      setAttribute(open, "aria-expanded", "false");
    } catch (error) {
      toasts.fail(error, { key: "project" });
    }
  }
  async function read(one) {
    try {
      const { project } = await call("POST", "api/v1/projects/file", { body: one, timeoutMs: UPLOAD_MS });
      await choose(project.id);
    } catch (error) {
      toasts.fail(error, { key: "project" });
    }
  }
  file.addEventListener("change", () => (file.files[0] && read(file.files[0]), (file.value = "")));
  return { element, draw: () => show(save, Boolean(stack.project)) };
}

function action(name, label, run, attributes = {}) {
  return h("button", { type: "button", class: "quiet", on: { click: run }, ...attributes }, icon(name), label);
}
