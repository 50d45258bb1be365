// The photo that is painted on: tools, the size of the brush, undo and redo, and the viewport with all that lies on it.
import { createCursor } from "../canvas_cursor.js";
import { watchGestures } from "../canvas_gestures.js";
import { watchCanvasKeys } from "../canvas_keys.js";
import { createView } from "../canvas_view.js";
import { url } from "../api.js";
import { h, iconButton, setAttribute, setText, show } from "../dom.js";
import { EFFECTS } from "./photo_effects.js";
import { createOverlay } from "./photo_overlay.js";
import { createPaint } from "./photo_paint.js";
import { SIZES, createTools } from "./photo_tools.js";

const SUITS = 1 / 14; // of the longer side of a photo: a brush to begin with
const TOOLS = [["brush", "brush", "Brush (B)"], ["eraser", "eraser", "Eraser (E)"], ["arrow", "arrow", "Arrow (A)"]];

/** The easel; `draw()` brings it up to date with the draft. */
export function createEasel({ draft }) {
  const settings = { now: { tool: "brush", size: 64 } };
  const image = h("img", { class: "photo-image", alt: "The photo", draggable: "false" });
  const sheet = h("div", { class: "easel-sheet" }, image);
  const viewport = h("div", { class: "easel-view", tabindex: 0, role: "application", "aria-label": "Photo to paint on" }, sheet);
  const view = createView({ element: viewport, frame: () => ({ x: 0, y: 0, ...draft.size() }), onMove: move });
  const paint = createPaint({ size: draft.size, onDraw: (...what) => overlay.invalidate(...what), onChange: painted });
  const tools = createTools({ draft, paint, settings, view, redraw: () => overlay.redraw() });
  const overlay = createOverlay({ draft, view, line: () => tools[settings.now.tool].line() });
  const cursor = createCursor({ viewport, view, settings, wantsPan });
  const bar = createBar({ settings, use, resize, undo: step("undo"), redo: step("redo"), fill });
  const element = h("div", { class: "easel photo-easel" }, bar.element, viewport);
  let isSpaceDown = false;
  let inHand = 0; // the effect; a new one is painted first
  let opened; // the upload that lies there

  viewport.append(overlay.element, cursor.element);
  const gestures = watchGestures(viewport, { view, tool: () => tools[settings.now.tool], wantsPan, onHover: cursor.move, onIdle: cursor.draw });
  watchCanvasKeys(element, { keys: keys(), view, isOpen: () => Boolean(draft.photo), onSpace: (isDown) => ((isSpaceDown = isDown), cursor.draw()) });

  function wantsPan() {
    return isSpaceDown;
  }
  function move() {
    sheet.style.transform = `translate(${view.at.x}px, ${view.at.y}px) scale(${view.at.zoom})`;
    cursor.draw();
    overlay.redraw();
  }
  /** A step may be of an effect that is not in hand: what has changed is to be seen. */
  function painted(effect) {
    if (draft.effects.includes(effect)) draft.chosen = effect.key;
    draft.touched(effect);
  }
  function step(act) {
    return () => !gestures.isBusy() && paint[act]();
  }
  function fill(isAll) {
    paint.fill(draft.effect(), isAll);
  }
  function use(tool) {
    settings.now.tool = tool;
    draw();
  }
  function resize(size) {
    settings.now.size = Math.round(Math.min(SIZES[1], Math.max(SIZES[0], size)));
    draw();
  }
  function keys() {
    const grow = (by) => () => resize(settings.now.size + by * Math.max(1, Math.round(settings.now.size * 0.15)));
    const tool = (name) => () => bar.can(name) && use(name);
    return {
      b: tool("brush"), e: tool("eraser"), a: tool("arrow"), "[": grow(-1), "]": grow(1),
      "Ctrl+z": step("undo"), "Ctrl+Shift+z": step("redo"), "Ctrl+y": step("redo"),
      "+": () => view.setZoom(view.at.zoom * 1.25), "-": () => view.setZoom(view.at.zoom / 1.25), 0: view.fit,
    };
  }
  function draw() {
    const { photo } = draft;
    if (photo?.id !== opened) open(photo);
    const { key, kind, isPainted } = draft.effect();
    const isOther = key !== inHand;
    inHand = key;
    if (settings.now.tool === "arrow" && (!EFFECTS[kind].line || (isOther && !isPainted))) settings.now.tool = "brush";
    viewport.dataset.tool = settings.now.tool;
    bar.draw({ effect: draft.effect(), canUndo: paint.canUndo(), canRedo: paint.canRedo() });
    cursor.draw();
    overlay.redraw();
  }
  function open(photo) {
    gestures.abandon();
    paint.clear();
    opened = photo?.id;
    if (!photo) return image.removeAttribute("src");
    const { id, width, height } = photo;
    element.style.setProperty("--ratio", width / height);
    image.src = url(`api/v1/assets/${id}/file`);
    Object.assign(image.style, { width: `${width}px`, height: `${height}px` });
    settings.now.size = Math.max(SIZES[0], Math.round(Math.max(width, height) * SUITS));
    view.fit();
  }
  return { element, draw };
}

/** The bar above it; `can(tool)`: is this tool of use for the effect in hand? */
function createBar({ settings, use, resize, undo, redo, fill }) {
  const tools = Object.fromEntries(TOOLS.map(([name, sign, label]) => [name, iconButton(sign, label, () => use(name), { data: { tool: name } })]));
  const slider = h("input", { type: "range", class: "strip-slider", id: "photo-brush", min: 0, max: 1, step: 0.01, on: { input: () => resize(SIZES[0] * (SIZES[1] / SIZES[0]) ** Number(slider.value)) } });
  const value = h("output", { class: "value", for: "photo-brush" });
  const size = h("div", { class: "easel-slider" }, h("label", { class: "label", for: "photo-brush" }, "Size"), slider, value);
  const back = iconButton("restore", "Undo (Ctrl + Z)", undo);
  const again = iconButton("redo", "Redo (Ctrl + Shift + Z)", redo);
  const all = iconButton("fill", "Paint all of it", () => fill(true));
  const none = iconButton("trash", "Clear what is painted and drawn", () => fill(false));
  const element = h("div", { class: "easel-bar", role: "toolbar", "aria-label": "Tools" }, h("div", { class: "easel-tools" }, ...Object.values(tools)), size, h("div", { class: "easel-steps" }, back, again, all, none));
  let kind = null;

  const can = (name) => name !== "arrow" || Boolean(EFFECTS[kind]?.line);
  function draw({ effect, canUndo, canRedo }) {
    kind = effect.kind;
    for (const [name, button] of Object.entries(tools)) {
      setAttribute(button, "aria-pressed", String(settings.now.tool === name));
      button.disabled = !can(name);
    }
    slider.value = Math.log(settings.now.size / SIZES[0]) / Math.log(SIZES[1] / SIZES[0]);
    setText(value, `${settings.now.size} px`);
    show(size, settings.now.tool !== "arrow");
    [back.disabled, again.disabled] = [!canUndo, !canRedo];
    none.disabled = !effect.isPainted && !effect.lines.length;
  }
  return { element, draw, can };
}
