// The keys of a lane: diamonds on its curve, which are dragged and nudged in time and value; a double press adds one.
import { debounce, h, keyed, setAttribute } from "../dom.js";
import { frameAt, heightOf, neat, onCurve, placeOf, stepOf, told, valueAt } from "./timeline_scale.js";

const SLACK_PX = 4; // a hand that moves a key along does not keep a line
const NEAR_PX = 9; // so near the curve a new key lies on it
const NUDGE_MS = 250;
const BY = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * `plot` is the room in which they lie; `look()` answers {keys, frames, values, range, count, bounds}, null where there is no
 * curve. `edit(changes)` changes them; `onHold(frame)` is told where a key is held.
 */
export function createKeys({ row, plot, look, edit, onHold }) {
  const host = h("div", { class: "lane-keys" });
  let held = null; // a key in the hand: {index, frame, value, from, …}
  let focused = null; // the frame of the key that gets the focus once the curve is drawn anew
  let isBusy = false;

  const numberOf = (key) => (key.is_number ? Number(key.value) : null);
  const valueOf = (key, { frames, values }) => numberOf(key) ?? onCurve(key.frame, frames, values);

  function hold(index) {
    const seen = look();
    const { frame } = seen.keys[index];
    const value = valueOf(seen.keys[index], seen);
    held = { index, frame, value, from: { frame, value }, seen };
  }
  function carry(frame, value) {
    const { seen, from, index } = held;
    held.frame = Math.max(0, Math.min(seen.count - 1, frame));
    const isFixed = !seen.keys[index].is_number || value === null;
    held.value = isFixed ? from.value : neat(value, stepOf(seen.range, row.isWhole), seen.bounds);
    onHold(held.frame);
    draw();
  }
  async function drop() {
    const { index, frame, value, from } = held;
    const changes = [
      ...(value === from.value ? [] : [{ verb: "set", index, value: String(value) }]),
      ...(frame === from.frame ? [] : [{ verb: "move", index, at: frame }]),
    ];
    focused = frame;
    await send(changes);
    held = null;
    draw();
  }
  async function send(changes) {
    if (!changes.length || isBusy) return;
    isBusy = true;
    await edit(changes);
    isBusy = false;
  }
  function press(event, index) {
    if (event.button || isBusy || held) return;
    event.stopPropagation();
    const [node, room] = [event.currentTarget, plot.getBoundingClientRect()];
    const start = { x: event.clientX, y: event.clientY };
    hold(index);
    node.setPointerCapture(event.pointerId);
    const move = ({ clientX, clientY }) => {
      const { from, seen } = held;
      const [across, down] = [clientX - start.x, clientY - start.y];
      const frame = from.frame + Math.round((across / room.width) * (seen.count - 1));
      const value = from.value - (down / room.height) * (seen.range.high - seen.range.low);
      carry(frame, Math.abs(down) < SLACK_PX ? null : value);
    };
    const end = () => {
      node.removeEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"]) node.removeEventListener(name, end);
      drop();
    };
    node.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) node.addEventListener(name, end);
  }
  const settle = debounce(() => held && drop(), NUDGE_MS);
  function type(event, index) {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      focused = look().keys[Math.max(0, index - 1)].frame;
      return send([{ verb: "delete", index }]);
    }
    const by = BY[event.key];
    if (!by || isBusy || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (held?.index !== index) hold(index);
    const times = event.shiftKey ? 10 : 1;
    carry(held.frame + by[0] * times, by[1] ? held.value + by[1] * times * stepOf(held.seen.range, row.isWhole) : held.value === held.from.value ? null : held.value);
    settle();
  }
  /** A new key where the pointer is, on the curve where that is near. */
  function add(event) {
    const seen = look();
    if (!seen) return;
    const room = plot.getBoundingClientRect();
    const frame = frameAt((event.clientX - room.left) / room.width, seen.count);
    const value = onCurve(frame, seen.frames, seen.values);
    const down = event.clientY - room.top;
    const isNear = Math.abs(heightOf(value, seen.range) * room.height - down) < NEAR_PX;
    put(frame, isNear ? value : neat(valueAt(down / room.height, seen.range), stepOf(seen.range, row.isWhole), seen.bounds));
  }
  /** A key at that frame, on the curve where no value is said. */
  function put(frame, value = null) {
    const seen = look();
    const said = value ?? (seen ? onCurve(frame, seen.frames, seen.values) : row.start);
    focused = frame;
    return send([{ verb: "add", at: frame, value: String(Number(Number(said).toPrecision(6))) }]);
  }
  function draw() {
    const seen = held?.seen ?? look();
    keyed(host, seen?.keys.map((key, index) => ({ key, index })) ?? [], { key: ({ index }) => index, make, update: (node, { key, index }) => update(node, key, index, seen) });
    const wanted = focused !== null && !held && !isBusy && host.querySelector(`[data-frame="${focused}"]`);
    if (wanted && (plot.contains(document.activeElement) || document.activeElement === document.body)) wanted.focus({ preventScroll: true });
    if (wanted) focused = null;
  }
  function make({ index }) {
    return h("button", { type: "button", class: "lane-key", on: { pointerdown: (event) => press(event, index), keydown: (event) => type(event, index), dblclick: (event) => event.stopPropagation() } });
  }
  function update(node, key, index, seen) {
    const isHeld = held?.index === index;
    const [frame, value] = isHeld ? [held.frame, held.value] : [key.frame, valueOf(key, seen)];
    const height = Math.max(0, Math.min(1, heightOf(value, seen.range)));
    node.style.left = `${placeOf(frame, seen.count) * 100}%`;
    node.style.top = `${height * 100}%`;
    node.dataset.frame = frame;
    node.dataset.tip = `${frame}: ${told(value)}`;
    node.toggleAttribute("data-held", isHeld);
    node.toggleAttribute("data-end", placeOf(frame, seen.count) > 0.8);
    setAttribute(node, "aria-label", `${row.label}, key at frame ${frame}: ${key.is_number ? told(value) : key.value}`);
  }
  plot.addEventListener("dblclick", add);
  return { element: host, draw, put };
}
