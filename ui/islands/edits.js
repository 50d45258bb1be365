// The island of the edits: every step of the picture, to look at, switch off, change and take back; and the projects.
import { url } from "./api.js";
import { h, icon, iconButton, keyed, setAttribute, setText, show } from "./dom.js";
import { createProjects } from "./edits_projects.js";
import { assetUrl } from "./on_canvas.js";

const STATES = { running: "develops …", failed: "failed", cancelled: "cancelled", stale: "to be made anew", waiting: "waits" };

/** Fills `host`. */
export function mountEdits(host, parts) {
  const { stack, form, source, inpainting, onCanvas, modes, presets } = parts;
  const name = h("input", { type: "text", class: "edits-name", "aria-label": "Name of the project", placeholder: "Name this project", maxlength: "100" });
  const undo = iconButton("restore", "Undo the last edit (Alt+Z)", () => stack.undo());
  const redo = iconButton("redo", "Redo the edit (Alt+Shift+Z)", () => stack.redo());
  const list = h("ol", { class: "edits-list", "aria-label": "Edits" });
  const projects = createProjects(parts);
  const changing = h("div", { class: "edits-changing", hidden: true });
  const head = h("div", { class: "edits-head" }, name, undo, redo);
  const none = h("p", { class: "hint" }, "Each edit becomes a step here. Steps can be switched off, changed and made anew.");
  host.append(h("h2", { class: "edits-title" }, "Edits"), head, changing, none, list, projects.element);

  name.addEventListener("change", () => stack.rename(name.value.trim()));
  name.addEventListener("keydown", (event) => event.key === "Enter" && name.blur());

  function draw() {
    const { project } = stack;
    show(head, Boolean(project));
    show(list, Boolean(project));
    show(none, !project);
    if (project) drawProject(project);
    else list.replaceChildren();
    projects.draw();
  }
  function drawProject(project) {
    if (document.activeElement !== name) name.value = project.name;
    undo.disabled = project.position === 0;
    redo.disabled = project.position >= project.steps.length;
    const base = { id: "base", name: "Original", image: project.base, state: "done", is_enabled: true, is_counted: true };
    keyed(list, [base, ...project.steps], { key: (step) => step.id, make: (step) => makeRow(step.id), update: drawRow });
    const step = project.steps.find((one) => one.id === stack.changing);
    show(changing, Boolean(step));
    if (step) changing.replaceChildren(...changeNote(step));
  }
  function makeRow(id) {
    const image = h("img", { alt: "", decoding: "async", loading: "lazy" });
    const words = h("span", { class: "edits-words" }, h("span", { class: "edits-step" }), h("span", { class: "edits-state" }));
    const open = h("button", { type: "button", class: "edits-open", title: "Back or forward to this state", on: { click: () => goTo(id) } }, image, words);
    const eye = iconButton("eye", "Switch this edit off", () => toggle(id));
    const edit = iconButton("pencil", "Change its settings and mask", () => change(id));
    const again = iconButton("retry", "Make it anew, and all after it", () => stack.replay({ from: id }));
    return h("li", { class: "edits-row" }, open, id !== "base" && h("div", { class: "edits-buttons" }, edit, again, eye));
  }
  function drawRow(node, step) {
    const number = stack.project.steps.indexOf(step) + 1; // 0: the original
    setAttribute(node, "data-state", step.state);
    node.toggleAttribute("data-undone", !step.is_counted);
    node.toggleAttribute("data-off", !step.is_enabled);
    const open = node.querySelector(".edits-open");
    setAttribute(open, "aria-current", number === stack.project.position ? "step" : null);
    setText(node.querySelector(".edits-step"), step.name || "Edit");
    setText(node.querySelector(".edits-state"), said(step));
    const src = step.picture_id ? url(`api/v1/pictures/${step.picture_id}/thumbnail`) : step.image ? assetUrl(step.image) : "";
    const image = node.querySelector("img");
    if (image.getAttribute("src") !== src) setAttribute(image, "src", src || null);
    const eye = node.querySelector("[data-act=eye]");
    if (!eye) return;
    const label = step.is_enabled ? "Switch this edit off" : "Switch this edit on";
    setAttribute(eye, "aria-label", label);
    setAttribute(eye, "title", label);
    eye.replaceChildren(icon(step.is_enabled ? "eye" : "hide"));
    show(node.querySelector("[data-act=pencil]"), Boolean(step.request) && step.is_counted);
    show(node.querySelector("[data-act=retry]"), step.is_counted && step.is_enabled);
  }
  /** Steps after the chosen one are undone; they stay until something else is done. */
  function goTo(id) {
    const { steps, position } = stack.project;
    const wanted = steps.findIndex((step) => step.id === id) + 1;
    if (wanted < position) stack.undo(position - wanted);
    else if (wanted > position) stack.redo(wanted - position);
  }
  const toggle = (id) => stack.setStep(id, { is_enabled: !stack.project.steps.find((step) => step.id === id).is_enabled });

  /** Its settings come into the form, its mask onto the picture that it started from. */
  async function change(id) {
    const step = stack.project.steps.find((one) => one.id === id);
    if (!step?.source) return;
    stack.change(id);
    await onCanvas.settled();
    const way = presets.find(({ label }) => step.name.startsWith(label));
    if (way) inpainting.choose(way.name, way.inpainting);
    const request = { ...step.request, source: { ...step.request.source, image: step.source } };
    form.fill(form.fromRequest(request));
    modes.open("inpaint");
  }
  function changeNote(step) {
    const cancel = () => (stack.change(""), source.change({}));
    return [
      h("p", {}, `You are changing “${step.name}”. Generate makes it anew, and all after it.`),
      h("button", { type: "button", class: "secondary", on: { click: cancel } }, "Leave it as it was"),
    ];
  }
  stack.onChange(draw);
}

function said(step) {
  if (!step.is_enabled) return "off";
  if (STATES[step.state]) return STATES[step.state];
  const seed = step.request?.seed;
  return seed === undefined ? "" : `seed ${seed}`;
}
