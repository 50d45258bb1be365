// One lane of the timeline: a schedule as text, and as a curve with its keys; either changes the other.
import { debounce, h, iconButton, setAttribute, setText, show } from "../dom.js";
import { inWords } from "../problems.js";
import { reasonOf } from "./animate_draft.js";
import { counts } from "./animate_lanes.js";
import { createKeys } from "./timeline_keys.js";
import { heightOf, onCurve, placeOf, rangeOf, told } from "./timeline_scale.js";

const NS = "http://www.w3.org/2000/svg";
const TYPING_MS = 150;
const AROUND = 14; // characters beside the one that is marked

/** The lane; `draw()` brings it up to date, `tell(frame)` says its value there. */
export function createLane({ row, draft, playhead }) {
  const id = `lane-${row.name}`;
  const now = h("span", { class: "lane-now" });
  const input = h("input", { type: "text", id, class: "lane-text", autocomplete: "off", spellcheck: "false", placeholder: row.example ?? "as each frame has it" });
  const wrong = h("p", { class: "lane-error", id: `${id}-error`, role: "alert", hidden: true });
  const line = document.createElementNS(NS, "polyline");
  const curve = document.createElementNS(NS, "svg");
  const [high, low] = [h("span", { class: "lane-high" }), h("span", { class: "lane-low" })];
  const plot = h("div", { class: "lane-plot" }, curve, high, low);
  const keys = createKeys({ row, plot, look, edit: (changes) => draft.edit(row.name, changes), onHold: (frame) => playhead.set(frame, draft.settings.max_frames) });
  const plus = iconButton("plus", `${row.label}: add a key at the playhead`, () => keys.put(playhead.at), { class: "icon-button lane-plus" });
  const label = h("label", { class: "lane-label", for: id }, h("span", {}, row.label), now);
  const element = h("div", { class: "lane", data: { lane: row.name, at: row.name } }, label, input, plus, plot, wrong);
  let curveNow = null; // as it was last whole: while something is wrong in the text, it is shown faintly
  let known = "";

  for (const [name, value] of Object.entries({ viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" })) curve.setAttribute(name, value);
  curve.append(line);
  plot.append(keys.element);
  const take = () => input.value !== known && draft.set(row.name, (known = input.value));
  input.addEventListener("input", debounce(take, TYPING_MS));
  input.addEventListener("change", take);
  addEventListener("pagehide", take); // what was typed just before a reload is kept

  function look() {
    return curveNow;
  }
  function draw() {
    const drawn = draft.curves?.lanes[row.name];
    show(element, counts(row, draft.settings));
    known = draft.settings[row.name];
    if (document.activeElement !== input && input.value !== known) input.value = known;
    show(plus, !row.isText);
    if (drawn) learn(drawn);
    const problem = draft.problems.find(({ at }) => at === row.name);
    drawProblem(drawn?.error ?? draft.curves?.errors?.[row.name] ?? problem);
    keys.draw();
    tell(playhead.at);
  }
  function learn({ values, keys: placed, bounds, error }) {
    plot.toggleAttribute("data-stale", Boolean(error));
    if (error) return;
    if (!values) {
      curveNow = null;
      for (const node of [high, low]) setText(node, "");
      return line.setAttribute("points", "");
    }
    const { frames } = draft.curves;
    const count = frames.at(-1) + 1;
    const range = rangeOf([...values, ...placed.filter((key) => key.is_number && key.frame < count).map((key) => Number(key.value))], row.span);
    curveNow = { keys: placed, frames, values, range, bounds, count };
    const points = frames.map((frame, index) => `${placeOf(frame, count) * 100},${heightOf(values[index], range) * 100}`);
    line.setAttribute("points", points.length > 1 ? points.join(" ") : `${points} 100,${points[0].split(",")[1]}`);
    setText(high, told(Math.max(...values)));
    setText(low, Math.min(...values) === Math.max(...values) ? "" : told(Math.min(...values)));
  }
  function drawProblem(error) {
    show(wrong, Boolean(error));
    setAttribute(input, "aria-invalid", error ? "true" : false);
    setAttribute(input, "aria-describedby", error ? wrong.id : false);
    if (!error) return;
    const words = h("span", {}, inWords({ why: error.why ?? reasonOf(error), remedy: error.remedy }));
    wrong.replaceChildren(...(error.position === undefined ? [] : [marked(known, error.position)]), words);
  }
  /** The place in the text, with the character that is meant; a press goes there. */
  function marked(text, position) {
    const at = Math.min(position, text.length);
    const start = Math.max(0, at - AROUND);
    const go = () => (input.focus(), input.setSelectionRange(at, at + 1));
    const mark = h("mark", {}, text[at] ?? "␣");
    return h("button", { type: "button", class: "lane-mark", title: "Go to this character", on: { click: go } }, start ? "…" : "", text.slice(start, at), mark, text.slice(at + 1, at + 1 + AROUND), text.length > at + 1 + AROUND ? "…" : "");
  }
  function tell(frame) {
    const unit = draft.curves?.lanes[row.name]?.unit ?? "";
    setText(now, curveNow ? `${told(onCurve(frame, curveNow.frames, curveNow.values))}${unit.startsWith("°") ? "" : " "}${unit}` : "");
  }
  return { element, draw, tell };
}
