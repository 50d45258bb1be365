// The panel of the canvas: the whole mask at once, a rectangle by numbers, mask files, and how the mask looks.
import { createSlider, createSwatches } from "./canvas_bar.js";
import { h, iconButton, setAttribute, show } from "./dom.js";

const TINTS = ["#ff3d6e", "#28d17c", "#3d8bff", "#c65cff", "#ffffff", "#000000"];
const REACH_MOST_PX = 256;

/** `verbs` as in canvas_mask.js, and save(), loadFile(file). `draw()` brings it up to date. */
export function createPanel({ settings, verbs, paper, close }) {
  const button = (label, run) => h("button", { type: "button", class: "secondary", on: { click: run } }, label);
  const section = (title, ...children) => h("section", { class: "easel-section", "aria-label": title }, h("h3", {}, title), ...children);
  const row = (...children) => h("div", { class: "easel-row" }, ...children);

  const reach = createNumber("By", 8, { min: 1, max: REACH_MOST_PX });
  const edge = section(
    "Edge",
    row(reach.element, button("Grow", () => verbs.grow(reach.value())), button("Shrink", () => verbs.shrink(reach.value())), button("Feather", () => verbs.feather(reach.value()))),
  );
  const invert = button("Invert", verbs.invert);
  const rectangle = createRectangle({ paper, verbs, button, row });
  const file = h("input", { type: "file", accept: "image/png,image/webp,image/jpeg", hidden: true });
  file.addEventListener("change", () => (file.files[0] && verbs.loadFile(file.files[0]), (file.value = "")));
  const files = section("File", row(button("Load mask", () => file.click()), button("Save mask", verbs.save), file));
  const opacity = createSlider("Opacity", "%", {
    read: () => settings.now.opacity,
    write: (share) => settings.set({ opacity: Math.max(0.05, share) }),
    shown: () => `${Math.round(settings.now.opacity * 100)} %`,
  });
  const tints = createSwatches("Mask colour", TINTS, { read: () => settings.now.tint, write: (tint) => settings.set({ tint }) });
  const looks = section("How the mask looks", opacity.element, tints.element);
  const element = h(
    "div",
    { class: "easel-panel", hidden: true, role: "group", "aria-label": "Mask" },
    iconButton("close", "Close", close, { class: "icon-button easel-panel-close" }),
    section("All of it", row(button("Mark all", verbs.fillAll), invert, button("Clear", verbs.clear))),
    edge,
    rectangle.element,
    files,
    looks,
  );

  function draw() {
    const isMask = settings.now.mode === "mask";
    for (const part of [edge, files, looks, invert]) show(part, isMask);
    rectangle.draw();
    opacity.draw();
    tints.draw();
  }
  return {
    element,
    draw,
    toggle(isShown, opener) {
      show(element, isShown);
      setAttribute(opener, "aria-expanded", String(isShown));
      if (isShown) element.querySelector(".secondary").focus();
      else opener.focus();
    },
  };
}

/** A whole number of pixels. */
function createNumber(label, value, limits) {
  const input = h("input", { type: "number", step: "1", inputmode: "numeric", value, "aria-label": `${label}, px`, ...limits });
  return {
    element: h("label", { class: "easel-number" }, h("span", { class: "label" }, label), input),
    input,
    value: () => Math.round(Math.min(limits.max ?? Infinity, Math.max(limits.min ?? -Infinity, Number(input.value) || 0))),
  };
}

/** A mask without a mouse: four numbers. */
function createRectangle({ paper, verbs, button, row }) {
  const fields = ["Left", "Top", "Width", "Height"].map((label) => createNumber(label, 0, {}));
  const area = () => {
    const [x, y, width, height] = fields.map((field) => field.value());
    return { x, y, width, height };
  };
  const element = h(
    "section",
    { class: "easel-section", "aria-label": "Exact rectangle" },
    h("h3", {}, "Exact rectangle, px"),
    h("div", { class: "easel-rectangle" }, ...fields.map((field) => field.element)),
    row(button("Mark it", () => verbs.rectangle(area())), button("Take it away", () => verbs.rectangle(area(), true))),
  );
  let drawn = "";
  /** Another picture: the whole of it is a good start. */
  function draw() {
    const { width, height } = paper.picture();
    if (drawn === `${width} ${height}`) return;
    drawn = `${width} ${height}`;
    fields.forEach((field, place) => (field.input.value = String([0, 0, width, height][place])));
  }
  return { element, draw };
}
