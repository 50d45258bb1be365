// What brush, eraser and arrow do with a pointer that goes down, moves and comes up on the photo.
import { segmentStamps } from "../mask_shapes.js";
import { EFFECTS } from "./photo_effects.js";
import { distanceTo, inside, lengthOf, simplified } from "./photo_lines.js";

const SOFTNESS = 0.2;
const POINTS_MOST = 20;
const NEAR_PX = 10; // on the screen: a press so near to a line takes it away
const SHORTEST_PX = 12; // on the screen: less is a press, not a line
export const SIZES = [4, 600]; // of the brush, in pixels of the photo

/** Each has `down(point)`, `move(points)`, `up()`, `cancel()`; `line()` is what the arrow is drawing. `effect()`: the one in hand. */
export function createTools({ draft, paint, settings, view, redraw }) {
  const brush = (erases) => createBrush({ begin: (point) => paint.begin(draft.effect(), erases || point.isEraser || point.isAlt), settings });
  return { brush: brush(false), eraser: brush(true), arrow: createArrow({ draft, paint, view, redraw }) };
}

function createBrush({ begin, settings }) {
  let stroke = null;
  let last = null;
  function to(point) {
    const next = { ...point, radius: settings.now.size / 2 };
    for (const stamp of segmentStamps(last ?? next, next, SOFTNESS, stroke.bounds)) stroke.stamp(stamp);
    last = next;
  }
  const end = (how) => (stroke?.[how](), (stroke = last = null));
  return {
    down: (point) => ((stroke = begin(point)), to(point)),
    move: (points) => stroke && points.forEach(to),
    up: () => end("commit"),
    cancel: () => end("cancel"),
    line: () => [],
  };
}

/** A drag draws a line, a press on one takes it away. An anchor is straight, and there is one. */
function createArrow({ draft, paint, view, redraw }) {
  let points = [];
  const isAnchor = () => EFFECTS[draft.effect().kind].line === "anchor";
  const drawn = () => (isAnchor() && points.length > 1 ? [points[0], points.at(-1)] : points);
  const stop = () => ((points = []), redraw());

  function up() {
    const [line, pressed, effect] = [drawn(), points[0], draft.effect()];
    stop();
    if (line.length > 1 && lengthOf(line) * view.at.zoom >= SHORTEST_PX) return put(effect, line);
    const hit = effect.lines.find((one) => distanceTo(one, pressed) * view.at.zoom < NEAR_PX);
    if (hit) paint.setLines(effect, effect.lines.filter((one) => one !== hit));
  }
  function put(effect, line) {
    const few = simplified(line, POINTS_MOST).map(({ x, y }) => inside({ x, y }, draft.size()));
    paint.setLines(effect, isAnchor() ? [few] : [...effect.lines, few]);
  }
  return {
    down: (point) => ((points = [point]), redraw()),
    move: (more) => points.length && (points.push(...more), redraw()),
    up: () => points.length && up(),
    cancel: stop,
    line: drawn,
  };
}
