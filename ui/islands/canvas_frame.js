// Handles on the four sides and corners of the frame: dragging or arrow keys extend the picture for outpainting.
import { frameOf } from "./canvas_paper.js";
import { h, setText, show } from "./dom.js";

export const EXTENSION_STEP = 8; // latents have an eighth of the pixels
export const EXTENSION_MOST = 2048; // on one side

const SIDES = ["left", "top", "right", "bottom"];
const HANDLES = [["left"], ["top"], ["right"], ["bottom"], ["left", "top"], ["right", "top"], ["left", "bottom"], ["right", "bottom"]];
const KEYS = { ArrowLeft: { left: 1, right: -1 }, ArrowRight: { left: -1, right: 1 }, ArrowUp: { top: 1, bottom: -1 }, ArrowDown: { top: -1, bottom: 1 } };

/** An extension with whole steps of 8 within the limits. */
export function snapped(extension) {
  const snap = (px) => Math.min(EXTENSION_MOST, Math.max(0, Math.round(px / EXTENSION_STEP) * EXTENSION_STEP)) || 0;
  return Object.fromEntries(SIDES.map((side) => [side, snap(extension[side] ?? 0)]));
}

/** `change(extension)` is called when a handle is let go. `move()` sets the handles where the view is. */
export function createFrame({ paper, view, change }) {
  let wanted = null; // while a handle is dragged
  const size = h("span", { class: "easel-frame-size" });
  const handles = HANDLES.map((sides) => createHandle(sides));
  const element = h("div", { class: "easel-frame", hidden: true }, size, ...handles);

  const current = () => wanted ?? paper.extension();

  function move() {
    const frame = frameOf(paper.picture(), current());
    const { x, y } = view.toView(frame);
    Object.assign(element.style, {
      left: `${x}px`,
      top: `${y}px`,
      width: `${frame.width * view.at.zoom}px`,
      height: `${frame.height * view.at.zoom}px`,
    });
    setText(size, `${frame.width} × ${frame.height}`);
  }
  function createHandle(sides) {
    const button = h("button", {
      type: "button",
      class: "easel-handle",
      "aria-label": `Extend to the ${sides.join(" and ")} (arrow keys)`,
      title: `Drag to extend to the ${sides.join(" and ")}`,
      data: { sides: sides.join(" "), ownPointer: "" },
    });
    button.addEventListener("pointerdown", (event) => startDrag(event, button, sides));
    button.addEventListener("keydown", (event) => nudge(event, sides));
    return button;
  }
  function startDrag(event, button, sides) {
    if (event.button !== 0) return;
    event.preventDefault();
    button.focus();
    button.setPointerCapture(event.pointerId);
    const [from, before] = [{ x: event.clientX, y: event.clientY }, paper.extension()];
    const drag = (now) => {
      const [dx, dy] = [(now.clientX - from.x) / view.at.zoom, (now.clientY - from.y) / view.at.zoom];
      const by = { left: -dx, right: dx, top: -dy, bottom: dy };
      wanted = snapped({ ...before, ...Object.fromEntries(sides.map((side) => [side, before[side] + by[side]])) });
      move();
    };
    const stop = () => {
      button.removeEventListener("pointermove", drag);
      const chosen = wanted;
      wanted = null;
      if (chosen) change(chosen);
    };
    button.addEventListener("pointermove", drag);
    button.addEventListener("lostpointercapture", stop, { once: true });
  }
  function nudge(event, sides) {
    const by = KEYS[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const step = EXTENSION_STEP * (event.shiftKey ? 8 : 1);
    const moved = sides.filter((side) => by[side]).map((side) => [side, paper.extension()[side] + by[side] * step]);
    if (moved.length) change(snapped({ ...paper.extension(), ...Object.fromEntries(moved) }));
  }
  return { element, move, show: (isShown) => show(element, isShown) };
}
