// The canvas: one marks a mask on a picture, or sketches on it, sees what develops there, and compares before and after.
//
// What it is made of: paper (bytes and history), view (zoom and pan), pictures (what lies below), overlay (what is drawn
// over it), tools, gestures, keys, bar and panel. Nothing here asks the server but to show a picture.
import { createBar, TOOLS } from "./canvas_bar.js";
import { createCompare } from "./canvas_compare.js";
import { createCursor } from "./canvas_cursor.js";
import { createFiles } from "./canvas_files.js";
import { createFrame, snapped } from "./canvas_frame.js";
import { watchGestures } from "./canvas_gestures.js";
import { keysFor, watchCanvasKeys } from "./canvas_keys.js";
import { createVerbs } from "./canvas_mask.js";
import { createOverlay } from "./canvas_overlay.js";
import { createPanel } from "./canvas_panel.js";
import { createPaper } from "./canvas_paper.js";
import { createPictures } from "./canvas_pictures.js";
import { createSettings, hexOf, rgbOf } from "./canvas_settings.js";
import { createTools } from "./canvas_tools.js";
import { createView } from "./canvas_view.js";
import { createZoomBar } from "./canvas_zoom.js";
import { h, setText } from "./dom.js";
import { readPicture } from "./png.js";

/** The component; `toasts` (toast.js) is where it says what went wrong. Its verbs are what it returns, at the end. */
export function createCanvas({ toasts = null } = {}) {
  const settings = createSettings();
  const watchers = [];
  const live = h("p", { class: "off-screen", "aria-live": "polite" });
  let source = null; // {src} or {colour}: what lies below
  let isSpaceHeld = false;
  let compareEnded = null;

  const paper = createPaper({
    onDraw: (name, area) => overlay.invalidate(name, area),
    onChange: () => changed(),
  });
  const viewport = h("div", {
    class: "easel-view",
    tabindex: "0",
    role: "application",
    "aria-label": "Picture and mask. B brush, E eraser, L lasso, P polygon, R rectangle, G fill, plus and minus zoom, arrows move.",
  });
  const pictures = createPictures({ frame: paper.frame, picture: paper.picture });
  const view = createView({ element: viewport, frame: paper.frame, onMove: () => moved() });
  const verbs = createVerbs({ paper, base: readBase, mode: () => settings.now.mode, colour: () => rgbOf(settings.now.colour) });
  const compare = createCompare({ frame: paper.frame, view, divide: pictures.divide, close: endCompare });
  const tools = createTools({ paper, settings, view, pick, redraw: () => overlay.redraw() });
  const overlay = createOverlay({ paper, settings, view, outline, isHidden: compare.isOpen });
  const frame = createFrame({ paper, view, change: setExtension });
  const cursor = createCursor({ viewport, view, settings, wantsPan });
  const zoomBar = createZoomBar(view);

  const files = createFiles({ verbs, toasts });

  const own = { ...verbs, undo: paper.undo, redo: paper.redo, extend: setExtension, save: files.save, loadFile: files.load, togglePanel };
  const bar = createBar({ settings, paper, verbs: own });
  const panel = createPanel({ settings, paper, verbs: own, close: togglePanel });
  viewport.append(pictures.element, overlay.element, frame.element, compare.element, cursor.element, zoomBar.element);
  const element = h("div", { class: "easel", role: "group", "aria-label": "Canvas" }, bar.element, panel.element, viewport, live);

  const gestures = watchGestures(viewport, {
    view,
    tool: () => tools[settings.now.tool],
    wantsPan,
    onHover: cursor.move,
    onIdle: cursor.draw,
  });

  function isOpen() {
    return source !== null;
  }
  function wantsPan() {
    return isSpaceHeld || compare.isOpen() || !isOpen() || !(settings.now.tool in tools);
  }
  function moved() {
    pictures.move(view.at);
    frame.move();
    compare.move();
    cursor.draw();
    zoomBar.draw();
    overlay.redraw();
  }
  function changed() {
    pictures.shape();
    frame.move();
    bar.draw();
    panel.draw();
    for (const run of watchers) run();
  }
  /** What the tool in hand has outlined so far. */
  function outline() {
    const tool = tools[settings.now.tool];
    return { points: tool?.outline?.() ?? [], isClosed: settings.now.tool !== "polygon", corners: tool?.corners?.() ?? [] };
  }
  settings.onChange((fields) => {
    if (fields.tool) {
      for (const tool of Object.values(tools)) tool.abandon?.();
      setText(live, TOOLS.find(([name]) => name === fields.tool)[2]);
    }
    if (fields.tint) overlay.invalidate("mask", null);
    viewport.dataset.tool = settings.now.tool;
    frame.show(isOpen() && settings.now.tool === "extend");
    bar.draw();
    panel.draw();
    cursor.draw();
    overlay.redraw();
  });

  async function open({ src, width, height }) {
    await begin({ src }, { width, height }, () => pictures.open(src));
  }
  async function openBlank({ width, height, colour = "#ffffff" }) {
    await begin({ colour }, { width, height }, () => pictures.openBlank(colour));
  }
  async function begin(what, size, show) {
    gestures.abandon();
    close();
    source = what;
    paper.reset(size);
    view.fit();
    settings.suit(Math.max(size.width, size.height));
    settings.set({});
    try {
      await show();
    } catch (error) {
      if (source === what) close();
      throw error;
    }
  }
  function close() {
    source = null;
    setCompare(null);
    pictures.clear();
    paper.reset({ width: 0, height: 0 });
    settings.set({});
  }
  async function replacePicture(src, { keepMask = true } = {}) {
    await pictures.open(src);
    source = { src };
    if (!keepMask) verbs.clear();
  }
  /** The picture's RGBA bytes, read once. */
  async function readBase() {
    const { width, height } = paper.picture();
    if (source.colour) source.bytes ??= plain(rgbOf(source.colour), width * height);
    else source.bytes ??= (await readPicture(source.src, { width, height })).bytes;
    return source.bytes;
  }
  function setMode(mode) {
    const tool = TOOLS.find(([name]) => name === settings.now.tool)[3].includes(mode) ? settings.now.tool : "brush";
    settings.set({ mode, tool });
  }
  function setExtension(extension) {
    const wanted = snapped(extension);
    if (Object.entries(wanted).every(([side, px]) => paper.extension()[side] === px)) return;
    paper.extend(wanted);
    if (view.isFitted()) view.fit();
    else moved();
  }
  async function pick(point) {
    const rgb = await verbs.colourAt(point);
    if (rgb) settings.set({ colour: hexOf(rgb), tool: "brush" });
  }
  /** `onEnd` is called once, whoever ends the comparison. */
  async function setCompare(src, { region = null, share = 0.5, onEnd = null } = {}) {
    const ended = compareEnded;
    compareEnded = onEnd;
    if (!src) {
      compare.end();
      pictures.showResult(null);
      overlay.redraw();
      return ended?.();
    }
    await pictures.showResult(src, region ?? paper.frame());
    compare.open(region, share);
    cursor.draw();
    overlay.redraw();
  }
  /** False if there is nothing to end. */
  function endCompare() {
    const wasOpen = compare.isOpen();
    setCompare(null);
    return wasOpen;
  }
  function showResult({ src, region = null }) {
    pictures.showPreview(null);
    return setCompare(src, { region, share: 0 });
  }
  /** What Escape leaves: the comparison, else the panel; false if there is neither. */
  function leave() {
    if (endCompare()) return true;
    const wasOpen = !panel.element.hidden;
    if (wasOpen) togglePanel();
    return wasOpen;
  }
  function togglePanel() {
    panel.toggle(panel.element.hidden, bar.more);
  }

  watchCanvasKeys(element, {
    view,
    isOpen,
    onSpace: (isHeld) => ((isSpaceHeld = isHeld && isOpen()), cursor.draw()),
    keys: keysFor({ tools, toolRows: TOOLS, settings, view, verbs, paper, escape: leave }),
  });
  close();

  return {
    element, open, openBlank, close, isOpen, replacePicture, setMode, setExtension, setCompare, showResult,
    size: () => paper.picture(),
    mode: () => settings.now.mode,
    extension: () => ({ ...paper.extension() }),
    hasMask: verbs.hasMask,
    maskBlob: verbs.maskBlob,
    sketchBlob: verbs.sketchBlob,
    loadMask: verbs.load,
    proposeMask: verbs.propose,
    clearMask: verbs.clear,
    undo: paper.undo,
    redo: paper.redo,
    canUndo: paper.canUndo,
    canRedo: paper.canRedo,
    onChange: (run) => watchers.push(run),
    bytes: () => paper.layer("mask").bytes,
    zoom: () => view.at.zoom,
    setZoom: view.setZoom,
    fit: view.fit,
    toPicture: view.toPicture,
    showPreview: pictures.showPreview,
    showChanged: pictures.showChanged,
    setTool: (tool) => settings.set({ tool }),
    set: settings.set,
  };
}

/** So many opaque pixels of one colour, RGBA. */
function plain(rgb, count) {
  const [word] = new Uint32Array(Uint8Array.of(...rgb, 255).buffer);
  return new Uint8ClampedArray(new Uint32Array(count).fill(word).buffer);
}
