// Shapes to extend a picture to: it grows until it has them and loses nothing, or by some pixels on each side.
import { EXTENSION_MOST, EXTENSION_STEP } from "./canvas_frame.js";
import { h, setAttribute, show } from "./dom.js";

const SHAPES = [
  ["16:9", 16 / 9],
  ["4:3", 4 / 3],
  ["1:1", 1],
  ["3:4", 3 / 4],
  ["9:16", 9 / 16],
];
const ALL_ROUND_PX = 64;
const NONE = { left: 0, top: 0, right: 0, bottom: 0 };

/** The extension that gives a picture this ratio of width to height, the same on both sides; steps of 8 px. */
export function extensionTo({ width, height }, ratio) {
  const missing = (wanted, there) => Math.max(0, Math.round((wanted - there) / 2 / EXTENSION_STEP) * EXTENSION_STEP);
  const across = Math.min(EXTENSION_MOST, missing(height * ratio, width));
  const down = Math.min(EXTENSION_MOST, missing(width / ratio, height));
  return { left: across, right: across, top: down, bottom: down };
}

/** The row of chips; `draw(isShown)`. */
export function createExtending({ canvas, onCanvas }) {
  const chips = SHAPES.map(([label, ratio]) => chip(label, () => extend(extensionTo(canvas.size(), ratio))));
  const around = chip(`+${ALL_ROUND_PX} px around`, () => extend(more()));
  const none = chip("Not at all", () => extend(NONE));
  const element = h("div", { class: "chips", role: "group", "aria-label": "Extend to" }, ...chips, around, none);

  function extend(extension) {
    canvas.setTool("extend");
    canvas.setExtension(extension);
    canvas.fit();
  }
  const more = () => Object.fromEntries(Object.entries(canvas.extension()).map(([side, px]) => [side, px + ALL_ROUND_PX]));

  function draw(isShown = !element.hidden) {
    show(element, isShown);
    if (!isShown) return;
    const now = canvas.extension();
    SHAPES.forEach(([, ratio], place) => {
      const isAt = Object.entries(extensionTo(canvas.size(), ratio)).every(([side, px]) => now[side] === px);
      setAttribute(chips[place], "aria-checked", String(isAt && Object.values(now).some((px) => px > 0)));
    });
  }
  canvas.onChange(() => draw());
  onCanvas.onChange(() => draw());
  return { element, draw };
}

const chip = (label, run) => h("button", { type: "button", class: "chip", on: { click: run } }, label);
