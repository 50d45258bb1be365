// Keys of the canvas, active while the pointer is over it or the focus in it, and never while somebody writes.
import { isTyping } from "./dom.js";

const PAN_PX = 64;
const KEY_ZOOM = 1.25;
const PANS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** `keys` maps a key, as in `event.key` and with "Ctrl+" or "Shift+" before it, to what it does. */
export function watchCanvasKeys(element, { keys, view, isOpen, onSpace }) {
  const isOurs = (event) =>
    isOpen() &&
    !isTyping(event.target) &&
    [...document.querySelectorAll("dialog[open]")].every((dialog) => dialog.contains(element)) &&
    (element.contains(document.activeElement) || (element.matches(":hover") && element.checkVisibility()));

  /** A control that the keyboard has reached keeps the keys by which it is worked. */
  const belongsToControl = ({ key, target }) =>
    element.contains(target) &&
    ((key === " " && target.matches("button:focus-visible, summary, input")) ||
      (key === "Enter" && target.matches("button, summary, input")) ||
      (key in PANS && target.matches("input, [role=slider], .easel-handle")));

  function down(event) {
    if (!isOurs(event) || event.altKey || belongsToControl(event)) return;
    const run = act(event);
    if (!run) return;
    if (run() === false) return;
    event.preventDefault();
    event.stopPropagation();
  }
  function act(event) {
    if (event.ctrlKey || event.metaKey) return keys[`Ctrl+${event.shiftKey ? "Shift+" : ""}${event.key.toLowerCase()}`];
    if (event.key === " ") return () => onSpace(true);
    if (PANS[event.key]) return () => view.panBy(...PANS[event.key].map((step) => step * PAN_PX));
    const named = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    return (event.shiftKey && keys[`Shift+${named}`]) || (event.shiftKey && /[a-z]/.test(named) ? null : keys[named]);
  }
  // First of all listeners: the keys of the page stand behind those of the canvas while the hand is on it.
  document.addEventListener("keydown", down, true);
  document.addEventListener("keyup", (event) => event.key === " " && onSpace(false), true);
  window.addEventListener("blur", () => onSpace(false));
}

/** What the keys do; those of tools come from the table of tools. A run that returns false leaves its key to the page. */
export function keysFor({ tools, toolRows, settings, view, verbs, paper, escape }) {
  const zoomBy = (factor) => () => view.setZoom(view.at.zoom * factor);
  const inMask = (run) => () => (settings.now.mode === "mask" ? run() : false);
  const invert = inMask(() => verbs.invert());
  const rows = toolRows.map(([tool, key, , modes]) => [
    key.toLowerCase(),
    () => (modes.includes(settings.now.mode) ? settings.set({ tool }) : false),
  ]);
  return {
    ...Object.fromEntries(rows),
    "[": () => settings.stepSize(-1),
    "]": () => settings.stepSize(1),
    "{": () => settings.stepSoftness(-1),
    "}": () => settings.stepSoftness(1),
    i: invert,
    "Shift+v": invert,
    Delete: () => verbs.clear(),
    "Ctrl+z": () => void paper.undo(),
    "Ctrl+Shift+z": () => void paper.redo(),
    "Ctrl+y": () => void paper.redo(),
    "+": zoomBy(KEY_ZOOM),
    "=": zoomBy(KEY_ZOOM),
    "-": zoomBy(1 / KEY_ZOOM),
    0: () => view.fit(),
    1: () => view.setZoom(1),
    Enter: () => tools.polygon.finish(),
    Escape: () => tools.polygon.abandon() || escape(),
  };
}
