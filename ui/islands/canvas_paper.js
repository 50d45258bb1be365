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

/** How a stamp changes a mask; `have` and `given` are bytes. */
const MASK_MODES = {
  mark: (have, given) => (given > have ? given : have),
  erase: (have, given) => (255 - given < have ? 255 - given : have),
  replace: (have, given) => given,
};

/** `onDraw(name, area)` says what has to be drawn again (null: all of it), `onChange()` that a step is done. */
export function createPaper({ onDraw, onChange }) {
  const history = createHistory();
  let picture = { width: 0, height: 0 };
  let extension = NONE;
  let layers = {};

  const makeLayer = (area, channels) => ({
    ...area,
    channels,
    bytes: new Uint8Array(area.width * area.height * channels),
  });

  function reset(size) {
    picture = { ...size };
    extension = NONE;
    history.clear();
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

  /** A stroke on a layer: stamps until `commit` or `cancel`; one step of the history. `how`: a mode, or a colour. */
  function begin(name, how) {
    const target = layer(name);
    const patch = createPatch(target);
    const paint = name === "mask" ? maskPainter(target, MASK_MODES[how]) : sketchPainter(target, how);
    const swap = () => patch.swap((tile) => onDraw(name, tile));

    function stamp(given) {
      const area = given && intersect(given, target);
      if (!area) return;
      paint(given, area, patch.keep(area));
      onDraw(name, area);
    }
    function commit() {
      if (patch.isEmpty()) return;
      patch.pack();
      history.push({ undo: swap, redo: swap, bytes: patch.bytes });
      onChange();
    }
    return { stamp, commit, cancel: swap, bounds: target };
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
    flip();
    history.push({ undo: flip, redo: flip, bytes: () => 0 });
    onChange();
  }
  /** Another extension; what is marked stays where it is, and what falls outside comes back with `undo`. */
  function extend(wanted) {
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

function maskPainter(layer, change) {
  return (given, area) => {
    for (let y = area.y; y < area.y + area.height; y++) {
      let from = (y - given.y) * given.width + area.x - given.x;
      let to = (y - layer.y) * layer.width + area.x - layer.x;
      for (const end = to + area.width; to < end; to++, from++)
        layer.bytes[to] = change(layer.bytes[to], given.bytes[from]);
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
  for (let part = 0; part < 3; part++) {
    const mixed = colour && alpha > 0 ? (colour[part] * opacity + before[from + part] * below) / alpha : before[from + part];
    bytes[to + part] = Math.round(mixed);
  }
  bytes[to + 3] = Math.round(alpha * 255);
}

/** The sketch over a picture of the same size; both RGBA, the result RGB. */
export function flatten(picture, sketch) {
  const count = picture.length / 4;
  const result = new Uint8Array(count * 3);
  for (let place = 0; place < count; place++) {
    const alpha = sketch ? sketch[place * 4 + 3] / 255 : 0;
    for (let part = 0; part < 3; part++) {
      const below = picture[place * 4 + part];
      result[place * 3 + part] = alpha > 0 ? Math.round(below + (sketch[place * 4 + part] - below) * alpha) : below;
    }
  }
  return result;
}
