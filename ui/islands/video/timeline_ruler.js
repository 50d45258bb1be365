// The top of the timeline: frames and seconds to go to with pointer or keys, and the prompts as bars over the frames they hold.
import { h, keyed, setAttribute, setText } from "../dom.js";
import { split } from "./animate_prompts.js";
import { frameAt, placeOf, ticksOf } from "./timeline_scale.js";
import { seconds } from "./telling.js";

const BY = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };

/** The ruler; `draw()`. */
export function createRuler({ draft, playhead }) {
  const ticks = h("div", { class: "ruler-ticks", "aria-hidden": "true" });
  const scale = h("div", { class: "ruler-scale", role: "slider", tabindex: 0, "aria-label": "Playhead", "aria-valuemin": 0, on: { pointerdown: press, keydown: type } }, ticks);
  const element = h("div", { class: "ruler" }, h("span", { class: "ruler-words", "aria-hidden": "true" }, "Frame"), scale);
  const count = () => draft.settings.max_frames;

  function press(event) {
    scale.setPointerCapture(event.pointerId);
    const room = scale.getBoundingClientRect();
    const go = ({ clientX }) => playhead.set(frameAt((clientX - room.left) / room.width, count()), count());
    const end = () => {
      scale.removeEventListener("pointermove", go);
      for (const name of ["pointerup", "pointercancel"]) scale.removeEventListener(name, end);
    };
    scale.dispatchEvent(new CustomEvent("scrub", { bubbles: true }));
    go(event);
    scale.addEventListener("pointermove", go);
    for (const name of ["pointerup", "pointercancel"]) scale.addEventListener(name, end);
  }
  function type(event) {
    const by = BY[event.key];
    if (!by) return;
    event.preventDefault();
    scale.dispatchEvent(new CustomEvent("scrub", { bubbles: true }));
    playhead.set(Math.max(0, Math.min(count() - 1, playhead.at + by)), count());
  }
  function tell(frame) {
    if (!draft.settings) return;
    setAttribute(scale, "aria-valuenow", frame);
    setAttribute(scale, "aria-valuetext", `Frame ${frame}, ${seconds(frame / draft.settings.fps)}`);
  }
  function draw() {
    setAttribute(scale, "aria-valuemax", count() - 1);
    keyed(ticks, ticksOf(count()), { key: (frame) => frame, make: () => h("span", { class: "ruler-tick" }, h("b"), h("i")), update });
    tell(playhead.at);
  }
  function update(node, frame) {
    node.style.left = `${placeOf(frame, count()) * 100}%`;
    setText(node.firstElementChild, String(frame));
    setText(node.lastElementChild, seconds(frame / draft.settings.fps));
  }
  playhead.onChange(tell);
  return { element, draw };
}

/** The prompts as bars; `onPick(index)`. Where one begins that is written as an expression, only the server knows. */
export function createBars({ draft, onPick }) {
  const host = h("div", { class: "lane-plot timeline-bars" });
  const element = h("div", { class: "lane", data: { lane: "prompts" } }, h("span", { class: "lane-label" }, h("span", {}, "Prompts")), host);

  function draw() {
    const { prompts, max_frames: count } = draft.settings;
    const placed = prompts.map(({ frame, text }, index) => ({ index, start: Number(frame), text: split(text).text })).filter(({ start }) => start >= 0 && start < count);
    placed.sort((one, other) => one.start - other.start);
    const bars = placed.map((bar, at) => ({ ...bar, start: at ? bar.start : 0, end: placed[at + 1]?.start ?? count - 1 }));
    keyed(host, bars, { key: ({ index }) => index, make: ({ index }) => h("button", { type: "button", class: "timeline-bar", on: { click: () => onPick(index) } }), update: (node, bar) => update(node, bar, count) });
  }
  function update(node, { index, start, end, text }, count) {
    node.style.left = `${placeOf(start, count) * 100}%`;
    node.style.width = `${(placeOf(end, count) - placeOf(start, count)) * 100 || 100}%`;
    setText(node, text || "no words yet");
    setAttribute(node, "aria-label", `Prompt ${index + 1}, from frame ${start}: ${text || "no words yet"}`);
  }
  return { element, draw };
}
