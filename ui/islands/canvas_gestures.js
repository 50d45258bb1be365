// Pointers on the viewport, sorted: one paints, the middle button or a held space pans, two fingers pinch and paint nothing.

const WHEEL_STEP = 0.0016; // of the logarithm of the zoom, for a pixel of the wheel
const LINE_PX = 16;
const PEN_ERASER = 32;

/** `tool()` is the tool in hand, `wantsPan(event)` whether a press moves the picture. `view` as in canvas_view.js. */
export function watchGestures(element, { view, tool, wantsPan, onHover, onIdle }) {
  const fingers = new Map();
  let held = null; // {id, kind: "paint" | "pan", tool, x, y}
  let isPinching = false;

  const pointOf = (event) => ({
    ...view.toPicture(event.clientX, event.clientY),
    pressure: event.pointerType === "pen" && event.pressure > 0 ? event.pressure : null,
    isEraser: Boolean(event.buttons & PEN_ERASER),
    isShift: event.shiftKey,
    isAlt: event.altKey,
    time: event.timeStamp,
  });

  function down(event) {
    if (event.target.closest("[data-own-pointer]")) return;
    if (event.pointerType === "touch") {
      if (held && !fingers.size) return; // a palm beside the pen
      fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      if (fingers.size === 2) return pinch();
      if (isPinching) return;
    }
    if (held || event.button > 1) return;
    const isPan = event.button === 1 || wantsPan(event);
    if (!isPan && event.button !== 0 && !(event.buttons & PEN_ERASER)) return;
    event.preventDefault();
    element.toggleAttribute("data-pressed", true); // this focus needs no ring
    element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    held = { id: event.pointerId, kind: isPan ? "pan" : "paint", tool: tool(), x: event.clientX, y: event.clientY };
    if (!isPan) held.tool.down(pointOf(event));
    element.toggleAttribute("data-panning", isPan);
  }
  /** The stroke that the first finger began was not meant. */
  function pinch() {
    if (held?.kind === "paint") held.tool.cancel();
    held = null;
    isPinching = true;
    onIdle();
  }
  function move(event) {
    onHover(event, pointOf(event));
    if (fingers.has(event.pointerId) && follow(event)) return;
    if (held?.id !== event.pointerId) return held || tool()?.hover?.(pointOf(event));
    if (held.kind === "pan") {
      view.panBy(event.clientX - held.x, event.clientY - held.y);
      Object.assign(held, { x: event.clientX, y: event.clientY });
    } else held.tool.move(every(event).map(pointOf));
  }
  /** All that the hand did since the last frame; a browser that does not tell has at least the last. */
  function every(event) {
    const all = event.getCoalescedEvents?.() ?? [];
    return all.length ? all : [event];
  }
  /** Notes where a finger is; two of them move and zoom the picture. */
  function follow(event) {
    const before = spread();
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (!isPinching || fingers.size !== 2) return isPinching;
    const after = spread();
    view.panBy(after.x - before.x, after.y - before.y);
    if (before.apart > 0) view.setZoom((view.at.zoom * after.apart) / before.apart, after);
    return true;
  }
  function spread() {
    const [one, other = one] = [...fingers.values()];
    return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2, apart: Math.hypot(one.x - other.x, one.y - other.y) };
  }
  function up(event) {
    fingers.delete(event.pointerId);
    if (fingers.size === 0) isPinching = false;
    if (held?.id === event.pointerId) finish();
  }
  /** What has been painted counts, also when the pointer is lost or the page is hidden. */
  function finish() {
    const { kind, tool: used } = held;
    held = null;
    element.removeAttribute("data-panning");
    if (kind === "paint") used.up();
    onIdle();
  }
  function wheel(event) {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? LINE_PX : event.deltaMode === 2 ? element.clientHeight : 1;
    if (event.shiftKey) return view.panBy(-(event.deltaX || event.deltaY) * unit, 0);
    const step = event.ctrlKey ? WHEEL_STEP * 6 : WHEEL_STEP; // a pinch on a touchpad comes as small steps with Ctrl
    view.setZoom(view.at.zoom * Math.exp(-event.deltaY * unit * step), { x: event.clientX, y: event.clientY });
  }

  const listeners = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up, lostpointercapture: up };
  for (const [name, run] of Object.entries(listeners)) element.addEventListener(name, run);
  element.addEventListener("pointerleave", (event) => onHover(event, null));
  element.addEventListener("wheel", wheel, { passive: false });
  element.addEventListener("blur", () => element.removeAttribute("data-pressed"));
  element.addEventListener("auxclick", (event) => event.preventDefault());
  document.addEventListener("visibilitychange", () => document.hidden && held && finish());

  return {
    isBusy: () => held !== null,
    /** Lets go without a trace. */
    abandon() {
      if (held?.kind === "paint") held.tool.cancel();
      held = null;
      onIdle();
    },
  };
}
