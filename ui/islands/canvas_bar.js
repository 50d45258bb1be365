// The bar of the canvas: tools, what the tool in hand can be set to, undo and redo.
import { SIZES } from "./canvas_settings.js";
import { EXTENSION_MOST, EXTENSION_STEP } from "./canvas_frame.js";
import { h, iconButton, setAttribute, setText, show } from "./dom.js";

/** name, key, words, in which modes */
export const TOOLS = [
  ["brush", "B", "Brush", "mask sketch"],
  ["eraser", "E", "Eraser", "mask sketch"],
  ["lasso", "L", "Lasso", "mask sketch"],
  ["polygon", "P", "Polygon: click the corners, Enter closes it, Escape gives it up", "mask sketch"],
  ["rectangle", "R", "Rectangle", "mask sketch"],
  ["fill", "G", "Fill what is enclosed", "mask sketch"],
  ["pick", "C", "Pick a colour from the picture", "sketch"],
  ["extend", "X", "Extend the picture beyond its edges", "mask"],
  ["hand", "H", "Move the picture (or hold Space)", "mask sketch"],
];
const ARROWS = { left: "←", top: "↑", right: "→", bottom: "↓" };
const HINTS = { polygon: "Close it at its first corner, or with Enter.", fill: "Fills what the mask encloses." };
const BRUSHES = ["brush", "eraser"];
const SHAPES = ["lasso", "polygon", "rectangle", "fill"];
const SWATCHES = ["#000000", "#ffffff", "#7f7f7f", "#d33131", "#e8862e", "#f2d13c", "#4f9d45", "#3aa3a0", "#2f62c9", "#7a4bb5", "#d98bb0", "#7a4a2b"];

/** `parts`: settings, verbs (undo, redo, extend, togglePanel), paper. `draw()` brings it up to date. */
export function createBar({ settings, verbs, paper }) {
  const tools = TOOLS.map(([name, key, words, modes]) => {
    const button = iconButton(name, `${words} (${key})`, () => settings.set({ tool: name }));
    button.dataset.tool = name;
    return { name, modes, button };
  });
  const size = createSlider("Size", "px", { read: () => sizeToShare(settings.now.size), write: (share) => settings.set({ size: shareToSize(share) }), shown: () => `${settings.now.size} px` });
  const softness = createSlider("Softness", "%", { read: () => settings.now.softness, write: (share) => settings.set({ softness: Math.round(share * 100) / 100 }), shown: () => `${Math.round(settings.now.softness * 100)} %` });
  const sign = createSign(settings);
  const sides = createSides(paper, verbs.extend);
  const colours = createColours(settings);
  const undo = iconButton("restore", "Undo (Ctrl+Z)", verbs.undo);
  const redo = iconButton("redo", "Redo (Ctrl+Shift+Z)", verbs.redo);
  const more = iconButton("sliders", "Whole mask, numbers, file and looks", verbs.togglePanel, { "aria-expanded": "false" });
  const hint = h("span", { class: "easel-hint" });
  const options = h("div", { class: "easel-options" }, colours.element, size.element, softness.element, sign.element, sides.element, hint);
  const element = h(
    "div",
    { class: "easel-bar" },
    h("div", { class: "easel-tools", role: "group", "aria-label": "Tools" }, ...tools.map((tool) => tool.button)),
    options,
    h("div", { class: "easel-steps", role: "group", "aria-label": "Steps" }, undo, redo, more),
  );

  function draw() {
    const { tool, mode } = settings.now;
    for (const one of tools) {
      setAttribute(one.button, "aria-pressed", String(one.name === tool));
      show(one.button, one.modes.includes(mode));
    }
    show(size.element, BRUSHES.includes(tool));
    show(softness.element, BRUSHES.includes(tool));
    show(sign.element, SHAPES.includes(tool) && mode === "mask");
    show(sides.element, tool === "extend");
    show(colours.element, mode === "sketch");
    for (const part of [size, softness, sign, sides, colours]) part.draw();
    setText(hint, mode === "mask" || tool === "polygon" ? (HINTS[tool] ?? "") : "");
    show(hint, hint.textContent !== "");
    undo.disabled = !paper.canUndo();
    redo.disabled = !paper.canRedo();
  }
  return { element, draw, more };
}

const sizeToShare = (size) => Math.cbrt((size - SIZES.least) / (SIZES.most - SIZES.least));
const shareToSize = (share) => Math.round(SIZES.least + share ** 3 * (SIZES.most - SIZES.least));

/** A slider over a share 0…1; `shown()` is the value in words. */
export function createSlider(label, unit, { read, write, shown }) {
  const value = h("span", { class: "value" });
  const input = h("input", { type: "range", class: "strip-slider", min: "0", max: "1", step: "0.01", "aria-label": label, on: { input: () => write(Number(input.value)) } });
  const element = h("label", { class: "easel-slider", title: `${label} in ${unit}` }, h("span", { class: "label" }, label), input, value);
  function draw() {
    if (document.activeElement !== input || Math.abs(Number(input.value) - read()) > 0.005) input.value = String(read());
    setText(value, shown());
    setAttribute(input, "aria-valuetext", shown());
  }
  return { element, draw };
}

/** Does a shape mark or take away? */
function createSign(settings) {
  const choices = [["plus", "Shapes mark", false], ["minus", "Shapes take away (or hold Alt)", true]].map(([name, words, takesAway]) => ({
    takesAway,
    button: iconButton(name, words, () => settings.set({ takesAway })),
  }));
  const element = h("div", { class: "easel-sign", role: "group", "aria-label": "What shapes do" }, ...choices.map((one) => one.button));
  const draw = () => choices.forEach((one) => setAttribute(one.button, "aria-pressed", String(one.takesAway === settings.now.takesAway)));
  return { element, draw };
}

/** The extension in numbers. */
function createSides(paper, extend) {
  const fields = ["left", "top", "right", "bottom"].map((side) => {
    const input = h("input", { type: "number", min: "0", max: String(EXTENSION_MOST), step: String(EXTENSION_STEP), inputmode: "numeric", "aria-label": `Extend to the ${side}, px` });
    input.addEventListener("change", () => extend({ ...paper.extension(), [side]: Number(input.value) || 0 }));
    return { side, input, element: h("label", { class: "easel-number" }, h("span", { class: "label", data: { short: ARROWS[side] } }, side[0].toUpperCase() + side.slice(1)), input) };
  });
  const element = h("div", { class: "easel-sides" }, ...fields.map((field) => field.element), h("span", { class: "label" }, "px"));
  const draw = () => fields.forEach(({ side, input }) => (input.value = String(paper.extension()[side])));
  return { element, draw };
}

/** Swatches and the browser's own colour picker. */
function createColours(settings) {
  return createSwatches("Colour", SWATCHES, { read: () => settings.now.colour, write: (colour) => settings.set({ colour }) });
}

/** A row of colours and one that is free to choose. */
export function createSwatches(label, colours, { read, write }) {
  const buttons = colours.map((colour) => {
    const button = h("button", { type: "button", class: "easel-swatch", "aria-label": `${label} ${colour}`, title: colour, on: { click: () => write(colour) } });
    button.style.setProperty("--swatch", colour);
    return { colour, button };
  });
  const own = h("input", { type: "color", class: "easel-colour", "aria-label": `${label}: any`, title: "Any colour", on: { input: () => write(own.value) } });
  const element = h("div", { class: "easel-swatches", role: "group", "aria-label": label }, own, ...buttons.map((one) => one.button));
  function draw() {
    own.value = read();
    for (const { colour, button } of buttons) setAttribute(button, "aria-pressed", String(colour === read()));
  }
  return { element, draw };
}
