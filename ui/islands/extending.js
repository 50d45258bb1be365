// Shapes to extend a picture to: it grows until it has them and loses nothing, or by some pixels on each side.
import { EXTENSION_MOST, EXTENSION_STEP } from "./canvas_frame.js";
import { h, setAttribute, setText, show } from "./dom.js";

const SHAPES = [
  ["16:9", 16 / 9],
  ["4:3", 4 / 3],
  ["1:1", 1],
  ["3:4", 3 / 4],
  ["9:16", 9 / 16],
];
const AT_ONCE = ["16:9", "1:1", "9:16"];
const ALL_ROUND_PX = 64;
const NONE = { left: 0, top: 0, right: 0, bottom: 0 };

/** The extension that gives a picture this ratio of width to height, the same on both sides; steps of 8 px. */
export function extensionTo({ width, height }, ratio) {
  const missing = (wanted, there) => Math.max(0, Math.round((wanted - there) / 2 / EXTENSION_STEP) * EXTENSION_STEP);
  const across = Math.min(EXTENSION_MOST, missing(height * ratio, width));
  const down = Math.min(EXTENSION_MOST, missing(width / ratio, height));
  return { left: across, right: across, top: down, bottom: down };
}

/** The row of chips; `draw(isShown)`. `several(extensions)` makes a picture of each, beside one another. */
export function createExtending({ canvas, onCanvas, several }) {
  const chips = SHAPES.map(([label, ratio]) => chip(label, () => extend(extensionTo(canvas.size(), ratio))));
  const around = chip(`+${ALL_ROUND_PX} px around`, () => extend(more()));
  const none = chip("Not at all", () => extend(NONE));
  const all = h("button", { type: "button", class: "secondary", on: { click: () => several(wanted()) } });
  const element = h(
    "div",
    { class: "extending" },
    h("div", { class: "chips", role: "group", "aria-label": "Extend to" }, ...chips, around, none),
    all,
    h("p", { class: "hint" }, "All at once: each becomes a picture of the library; the one on the canvas stays."),
  );

  function extend(extension) {
    canvas.setTool("extend");
    canvas.setExtension(extension);
    canvas.fit();
  }
  const more = () => Object.fromEntries(Object.entries(canvas.extension()).map(([side, px]) => [side, px + ALL_ROUND_PX]));

  /** The shapes for all at once that are not the picture's own. */
  const wanted = () =>
    SHAPES.filter(([label]) => AT_ONCE.includes(label))
      .map(([, ratio]) => extensionTo(canvas.size(), ratio))
      .filter((extension) => Object.values(extension).some((px) => px > 0));

  function draw(isShown = !element.hidden) {
    show(element, isShown);
    if (!isShown) return;
    setText(all, `${AT_ONCE.join(", ")} at once`);
    const now = canvas.extension();
    SHAPES.forEach(([, ratio], place) => {
      const isAt = Object.entries(extensionTo(canvas.size(), ratio)).every(([side, px]) => now[side] === px);
      setAttribute(chips[place], "aria-pressed", String(isAt && Object.values(now).some((px) => px > 0)));
    });
  }
  canvas.onChange(() => draw());
  onCanvas.onChange(() => draw());
  return { element, draw };
}

const chip = (label, run) => h("button", { type: "button", class: "chip", on: { click: run } }, label);
