// The frame over a picture that shows what is trained: dragged, pulled at its corners, or moved and resized with keys.
import { h, setAttribute } from "../dom.js";
import { moved, pulled, scaled } from "./crop.js";

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SIZES = { "+": 1.05, "=": 1.05, "-": 1 / 1.05, "−": 1 / 1.05 };
const CORNERS = [[-1, -1], [1, -1], [-1, 1], [1, 1]];
const COARSE = 8; // times as far with Shift

/** `change(crop)` is called when the frame is let go, or after a key. `draw({ crop, picture, label })` sets it. */
export function createCropFrame({ change }) {
  let now = null; // { crop, picture }
  let held = null; // while it is dragged
  const corners = CORNERS.map((corner) => h("span", { class: "crop-corner", data: { corner: corner.join(" ") } }));
  const look = { type: "button", class: "crop", title: "Drag to move, pull a corner to resize (arrow keys, + and −)" };
  const element = h("button", { ...look, on: { pointerdown: hold, keydown: press } }, ...corners);

  function place(crop) {
    const { width, height } = now.picture;
    const share = (px, of) => `${(100 * px) / of}%`;
    Object.assign(element.style, { left: share(crop[0], width), top: share(crop[1], height), width: share(crop[2], width), height: share(crop[3], height) });
  }
  function draw({ crop, picture, label }) {
    if (held) return;
    now = { crop, picture };
    place(crop);
    setAttribute(element, "aria-label", `Crop of ${label}: ${crop[2]} × ${crop[3]} px from ${crop[0]}, ${crop[1]}`);
  }
  function hold(event) {
    if (event.button !== 0 || !now) return;
    event.preventDefault();
    element.focus();
    element.setPointerCapture(event.pointerId);
    const pxOf = now.picture.width / element.parentElement.getBoundingClientRect().width;
    const corner = event.target.dataset.corner?.split(" ").map(Number);
    const from = { x: event.clientX, y: event.clientY, crop: now.crop };
    held = now.crop;
    const drag = (at) => {
      const by = [(at.clientX - from.x) * pxOf, (at.clientY - from.y) * pxOf];
      held = corner ? pulled(from.crop, corner, by, now.picture) : moved(from.crop, by, now.picture);
      place(held);
    };
    const drop = () => {
      element.removeEventListener("pointermove", drag);
      const crop = held;
      held = null;
      if (String(crop) !== String(from.crop)) change(crop);
    };
    element.addEventListener("pointermove", drag);
    element.addEventListener("lostpointercapture", drop, { once: true });
  }
  function press(event) {
    if (!now || event.ctrlKey || event.altKey || event.metaKey) return;
    const step = (event.shiftKey ? COARSE : 1) * Math.max(1, Math.round(now.picture.width / 256));
    const by = KEYS[event.key]?.map((sign) => sign * step);
    const next = by ? moved(now.crop, by, now.picture) : event.key in SIZES ? scaled(now.crop, SIZES[event.key], now.picture) : null;
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    if (String(next) !== String(now.crop)) change(next);
  }
  return { element, draw };
}
