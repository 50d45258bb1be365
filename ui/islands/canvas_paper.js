// What is painted on: the mask, one byte a pixel over picture and extension, and the sketch, RGBA over the picture.
//
// Places are pixels of the picture: (0, 0) is its upper left corner, an extension to the left has negative ones. The bytes
// here are the truth; canvases only show them, so that no browser's colour management or privacy noise reaches a mask.
import { createHistory, createPatch } from "./canvas_history.js";
import { intersect } from "./mask_shapes.js";
import { inverse } from "./mask_whole.js";

const NONE = Object.freeze({ left: 0, top: 0, right: 0, bottom: 0 });

/** The frame of a picture with its extension. */
export function frameOf({ width, height }, { left, top, right, bottom }) {
  return { x: -left, y: -top, width: width + left + right, height: height + top + bottom };
}

/** `onDraw(name, area)` says what has to be drawn again (null: all of it), `onChange()` that a step is done. */
export function createPaper({ onDraw, onChange }) {
  const history = createHistory();
  let picture = { width: 0, height: 0 };
  let extension = NONE;
  let layers = {};
  let underWay = null; // the stroke that is not yet a step

  const makeLayer = (area, channels) => ({
    ...area,
    channels,
    bytes: new Uint8Array(area.width * area.height * channels),
  });

  function reset(size) {
    picture = { ...size };
    extension = NONE;
    history.clear();
    underWay = null;
    layers = { mask: makeLayer(frameOf(picture, NONE), 1) };
    onDraw("mask", null);
    onDraw("sketch", null);
    onChange();
  }
  /** A layer; a sketch takes four bytes a pixel and is made when it is first wanted. */
  function layer(name) {
    layers[name] ??= makeLayer(frameOf(picture, NONE), 4);
    return layers[name];
  }

  /** Steps come one after the other: what happens while a stroke is under way ends it, as it is. */
  function settle() {
    underWay?.commit();
  }
  /** A stroke on a layer: stamps until `commit` or `cancel`; one step of the history. `how`: a mode, or a colour. */
  function begin(name, how) {
    settle();
    const target = layer(name);
    const patch = createPatch(target);
    const paint = name === "mask" ? maskPainter(target, MASK_MODES[how]) : sketchPainter(target, how);
    const swap = () => patch.swap((tile) => onDraw(name, tile));

    function stamp(given) {
      const area = given && intersect(given, target);
      if (!area || underWay !== stroke) return;
      paint(given, area, patch.keep(area));
      onDraw(name, area);
    }
    function commit() {
      if (!end() || patch.isEmpty()) return;
      patch.pack();
      history.push({ undo: swap, redo: swap, bytes: patch.bytes });
      onChange();
    }
    /** Was it still under way? */
    function end() {
      const isOurs = underWay === stroke;
      if (isOurs) underWay = null;
      return isOurs;
    }
    const stroke = { stamp, commit, cancel: () => end() && swap(), bounds: target };
    underWay = stroke;
    return stroke;
  }
  /** One stamp as one step. */
  function put(name, how, given) {
    const stroke = begin(name, how);
    stroke.stamp(given);
    stroke.commit();
  }
  function invert() {
    const flip = () => {
      const mask = layer("mask");
      mask.bytes.set(inverse(mask).bytes);
      onDraw("mask", null);
    };
    settle();
    flip();
    history.push({ undo: flip, redo: flip, bytes: () => 0 });
    onChange();
  }
  /** Another extension; what is marked stays where it is, and what falls outside comes back with `undo`. */
  function extend(wanted) {
    settle();
    const before = { extension, mask: layers.mask };
    const after = { extension: wanted, mask: moved(layers.mask, frameOf(picture, wanted)) };
    const use = (state) => {
      extension = state.extension;
      layers.mask = state.mask;
      onDraw("mask", null);
    };
    use(after);
    const bytes = () => before.mask.bytes.length;
    history.push({ undo: () => use(before), redo: () => use(after), bytes });
    onChange();
  }
  function moved(old, area) {
    const now = makeLayer(area, 1);
    const shared = intersect(old, area);
    for (let y = shared.y; y < shared.y + shared.height; y++) {
      const start = (y - old.y) * old.width + shared.x - old.x;
      now.bytes.set(old.bytes.subarray(start, start + shared.width), (y - area.y) * area.width + shared.x - area.x);
    }
    return now;
  }
  const step = (act) => () => {
    settle();
    if (!history[act]()) return false;
    onChange();
    return true;
  };

  return {
    reset,
    layer,
    begin,
    put,
    invert,
    extend,
    hasSketch: () => Boolean(layers.sketch),
    picture: () => picture,
    extension: () => extension,
    frame: () => frameOf(picture, extension),
    undo: step("undo"),
    redo: step("redo"),
    canUndo: history.canUndo,
    canRedo: history.canRedo,
  };
}

/** How a stamp changes a run of a mask: `have` from `to` on, `given` from `from` on. Loops, for they run at every move. */
const MASK_MODES = {
  mark(have, to, given, from, count) {
    for (const end = to + count; to < end; to++, from++) if (given[from] > have[to]) have[to] = given[from];
  },
  erase(have, to, given, from, count) {
    for (const end = to + count; to < end; to++, from++) if (255 - given[from] < have[to]) have[to] = 255 - given[from];
  },
  replace: (have, to, given, from, count) => have.set(given.subarray(from, from + count), to),
};

function maskPainter(layer, change) {
  return (given, area) => {
    for (let y = area.y; y < area.y + area.height; y++) {
      const from = (y - given.y) * given.width + area.x - given.x;
      const to = (y - layer.y) * layer.width + area.x - layer.x;
      change(layer.bytes, to, given.bytes, from, area.width);
    }
  };
}

/**
 * Colour over what was there before the stroke, by the highest coverage that the stroke has given a pixel: so a soft stroke
 * that crosses itself does not add up. `colour`: [red, green, blue], or null to take away.
 */
function sketchPainter(layer, colour) {
  const covers = new Map();
  const cover = (tile) => {
    if (!covers.has(tile)) covers.set(tile, new Uint8Array(tile.width * tile.height));
    return covers.get(tile);
  };
  return (given, _, tiles) => {
    for (const tile of tiles) {
      const area = intersect(given, tile);
      const covered = cover(tile);
      for (let y = area.y; y < area.y + area.height; y++)
        for (let x = area.x; x < area.x + area.width; x++) {
          const coverage = given.bytes[(y - given.y) * given.width + x - given.x];
          const own = (y - tile.y) * tile.width + x - tile.x;
          if (coverage <= covered[own]) continue;
          covered[own] = coverage;
          blend(layer.bytes, (y * layer.width + x) * 4, tile.bytes, own * 4, colour, coverage / 255);
        }
    }
  };
}

/** Writes at `to` the pixel that was `before` at `from`, under `colour` of that opacity. */
function blend(bytes, to, before, from, colour, opacity) {
  const below = (before[from + 3] / 255) * (1 - opacity);
  const alpha = colour ? opacity + below : below;
  const share = colour && alpha > 0 ? opacity / alpha : 0;
  for (let part = 0; part < 3; part++) {
    const old = before[from + part];
    bytes[to + part] = share > 0 ? old + (colour[part] - old) * share + 0.5 : old;
  }
  bytes[to + 3] = alpha * 255 + 0.5;
}

/** The sketch over a picture of the same size; both RGBA, the result RGB. */
export function flatten(picture, sketch) {
  const result = new Uint8Array((picture.length / 4) * 3);
  for (let from = 0, to = 0; from < picture.length; from += 4, to += 3) {
    const alpha = sketch ? sketch[from + 3] / 255 : 0;
    for (let part = 0; part < 3; part++) {
      const below = picture[from + part];
      result[to + part] = alpha > 0 ? below + (sketch[from + part] - below) * alpha + 0.5 : below;
    }
  }
  return result;
}
