// The timeline of an animation: ruler, prompts, and folds of lanes, all over the same frames, with one playhead through them.
import { h, icon, setAttribute, setText, show } from "../dom.js";
import { keep, recall } from "../prefs.js";
import { GROUPS, counts } from "./animate_lanes.js";
import { createBars, createRuler } from "./timeline_ruler.js";
import { createLane } from "./timeline_lane.js";
import { placeOf } from "./timeline_scale.js";
import { createWidgets } from "./widgets.js";

const NAME = "video-lanes";

/** The part; `draw()` brings it up to date. `onPickPrompt(index)`: the bar of a prompt was pressed. */
export function createTimeline({ draft, playhead, onPickPrompt }) {
  const ruler = createRuler({ draft, playhead });
  const bars = createBars({ draft, onPick: onPickPrompt });
  const folds = GROUPS.map((group) => createFold({ group, draft, playhead }));
  const hint = h("p", { class: "hint timeline-hint" }, "A double press on a curve adds a key; drag it, or nudge it with the arrow keys; Delete removes it.");
  const element = h("section", { class: "timeline", "aria-label": "Timeline" }, ruler.element, bars.element, ...folds.map((fold) => fold.element), hint);

  playhead.onChange((at) => {
    if (!draft.settings) return;
    element.style.setProperty("--at", placeOf(at, draft.settings.max_frames));
    for (const fold of folds) fold.tell(at);
  });
  function draw() {
    playhead.set(playhead.at, draft.settings.max_frames);
    element.style.setProperty("--at", placeOf(playhead.at, draft.settings.max_frames));
    for (const part of [ruler, bars, ...folds]) part.draw();
  }
  return { element, draw };
}

const isAlone = ({ mode }) => GROUPS.filter(({ modes }) => modes.includes(mode)).length === 1;

/** A group of lanes that is shown or folded away; while it is, it says what in it changes or is wrong. */
function createFold({ group, draft, playhead }) {
  const lanes = group.lanes.map((row) => ({ row, ...createLane({ row, draft, playhead }) }));
  const widgets = createWidgets({ fields: group.fields, page: "animate", change: draft.set, label: group.label });
  const count = h("span", { class: "fold-count" });
  const button = h("button", { type: "button", class: "timeline-fold", data: { fold: group.name }, on: { click: () => open(!isOpen) } }, icon("chevron"), h("span", {}, group.label), count);
  const body = h("div", { class: "fold-lanes" }, widgets.element, ...lanes.map((lane) => lane.element));
  const element = h("section", { class: "timeline-group", "aria-label": group.label }, button, body);
  let chosen = recall(NAME, { camera: true })[group.name];
  let isOpen = false;

  function open(next) {
    chosen = next;
    keep(NAME, { ...recall(NAME, { camera: true }), [group.name]: next });
    draw();
  }
  function draw() {
    const fits = group.modes.includes(draft.settings.mode);
    show(element, fits);
    if (!fits) return;
    const wrong = lanes.some(({ row }) => counts(row, draft.settings) && draft.curves?.lanes[row.name]?.error);
    isOpen = wrong || (chosen ?? isAlone(draft.settings));
    setAttribute(button, "aria-expanded", String(isOpen));
    show(body, isOpen);
    setText(count, isOpen ? "" : inShort());
    widgets.draw(draft.settings);
    if (isOpen) for (const lane of lanes) lane.draw();
  }
  /** "Zoom, Angle change". */
  function inShort() {
    const moving = lanes.filter(({ row }) => {
      const values = draft.curves?.lanes[row.name]?.values ?? [];
      return counts(row, draft.settings) && values.some((value) => value !== values[0]);
    });
    return moving.length ? `${moving.map(({ row }) => row.label).join(", ")}: over time` : "";
  }
  return { element, draw, tell: (at) => isOpen && lanes.forEach((lane) => lane.tell(at)) };
}
