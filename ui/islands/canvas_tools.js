// The tools as a table: what each does with a pointer that goes down, moves and comes up on the picture.
import { areaAround } from "./mask_fill.js";
import { polygonStamp, rectangleStamp, segmentStamps } from "./mask_shapes.js";
import { rgbOf } from "./canvas_settings.js";

const PEN_LEAST = 0.15; // the size of a brush under a pen that hardly presses
const CLOSE_PX = 12; // on the screen: a click so near to the first corner closes a polygon
const DOUBLE_MS = 400; // two presses on one place so soon are a double click

/**
 * Points are {x, y, time, pressure, isShift, isAlt, isEraser} in pixels of the picture. Each tool has `down(point)`, `move(points)`, `up()`,
 * `cancel()`; `outline()` gives the points of a shape that is not yet closed. `parts`: paper, settings, view, pick, redraw.
 */
export function createTools({ paper, settings, view, pick, redraw }) {
  const layerName = () => (settings.now.mode === "sketch" ? "sketch" : "mask");
  /** How a stroke changes its layer. */
  const way = (takesAway) => {
    if (layerName() === "mask") return takesAway ? "erase" : "mark";
    return takesAway ? null : rgbOf(settings.now.colour);
  };
  const put = (takesAway, stampOf) => {
    const stroke = paper.begin(layerName(), way(takesAway));
    stroke.stamp(stampOf(stroke.bounds));
    stroke.commit();
  };
  const takesAway = (point) => settings.now.takesAway !== Boolean(point?.isAlt);

  const brush = createBrush({ begin: (erases) => paper.begin(layerName(), way(erases)), settings });
  const polygon = createPolygon({ view, redraw, close: (points, last) => put(takesAway(last), (bounds) => polygonStamp(points, bounds)) });
  return {
    brush: brush(false),
    eraser: brush(true),
    lasso: createLasso({ redraw, close: (points, first) => put(takesAway(first), (bounds) => polygonStamp(points, bounds)) }),
    polygon,
    rectangle: createRectangle({ redraw, close: (area, first) => put(takesAway(first), (bounds) => rectangleStamp(area, bounds)) }),
    fill: createClick((point) => put(takesAway(point), () => areaOf(point, takesAway(point)))),
    pick: createClick(pick),
  };

  /** In a sketch there is nothing that encloses: the whole is filled. */
  function areaOf(point, isMarked) {
    const layer = paper.layer(layerName());
    return layerName() === "mask" ? areaAround(layer, point, isMarked) : rectangleStamp(layer, layer);
  }
}

/** Brush and eraser paint each segment as it comes; Shift draws a straight line from where the last stroke ended. */
function createBrush({ begin, settings }) {
  let last = null;
  return (erases) => {
    let stroke = null;
    const ended = (point) => ({ ...point, radius: (settings.now.size / 2) * pressed(point) });
    function to(point) {
      const next = ended(point);
      for (const stamp of segmentStamps(last ?? next, next, settings.now.softness, stroke.bounds)) stroke.stamp(stamp);
      last = next;
    }
    return {
      down(point) {
        stroke = begin(erases !== Boolean(point.isEraser));
        if (!point.isShift) last = null;
        to(point);
      },
      move: (points) => points.forEach(to),
      up: () => (stroke?.commit(), (stroke = null)),
      cancel: () => (stroke?.cancel(), (stroke = null), (last = null)),
    };
  };
}

const pressed = ({ pressure }) => (pressure === null ? 1 : PEN_LEAST + (1 - PEN_LEAST) * pressure);

function createLasso({ redraw, close }) {
  let points = [];
  const stop = () => ((points = []), redraw());
  return {
    down: (point) => (points = [point]),
    move: (more) => (points.push(...more), redraw()),
    up() {
      if (points.length > 2) close(points, points[0]);
      stop();
    },
    cancel: stop,
    outline: () => points,
  };
}

/** Each click is a corner; Enter, a double click or a click on the first corner closes it. */
function createPolygon({ view, redraw, close }) {
  let corners = [];
  let here = null;
  const stop = () => ((corners = []), (here = null), redraw());
  const near = (one, other) => Math.hypot(one.x - other.x, one.y - other.y) * view.at.zoom < CLOSE_PX;
  const isDouble = (one, before) => near(one, before) && one.time - before.time < DOUBLE_MS;
  function finish() {
    const done = corners;
    stop();
    if (done.length > 2) close(done, done.at(-1));
  }
  return {
    down(point) {
      if (corners.length > 2 && near(point, corners[0])) return finish();
      if (corners.length && isDouble(point, corners.at(-1))) return finish();
      corners.push(point);
      here = null;
      redraw();
    },
    move: () => {},
    hover: (point) => corners.length && ((here = point), redraw()),
    up: () => {},
    /** A second finger takes the corner that the first one set. */
    cancel: () => (corners.pop(), redraw()),
    abandon: () => corners.length > 0 && (stop(), true),
    finish: () => corners.length > 0 && (finish(), true),
    outline: () => (here ? [...corners, here] : corners),
    corners: () => corners,
  };
}

function createRectangle({ redraw, close }) {
  let [first, last] = [null, null];
  const stop = () => ((first = last = null), redraw());
  /** Whole pixels, from the nearest edges. */
  function area() {
    const [x, y] = [Math.round(Math.min(first.x, last.x)), Math.round(Math.min(first.y, last.y))];
    return { x, y, width: Math.round(Math.max(first.x, last.x)) - x, height: Math.round(Math.max(first.y, last.y)) - y };
  }
  return {
    down: (point) => (first = last = point),
    move: (points) => ((last = points.at(-1)), redraw()),
    up() {
      if (first && area().width > 0 && area().height > 0) close(area(), first);
      stop();
    },
    cancel: stop,
    outline() {
      if (!first) return [];
      const { x, y, width, height } = area();
      return [[0, 0], [width, 0], [width, height], [0, height]].map(([right, down]) => ({ x: x + right, y: y + down }));
    },
  };
}

/** Tools that do all they do at once, when the pointer comes up: a second finger has had its time. */
function createClick(run) {
  let point = null;
  return { down: (given) => (point = given), move: () => {}, up: () => point && run(point), cancel: () => (point = null) };
}
