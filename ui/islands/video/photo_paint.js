// What is painted and drawn on a photo, effect by effect: masks and lines, and every step that can be undone.
import { createHistory, createPatch } from "../canvas_history.js";
import { intersect } from "../mask_shapes.js";

/**
 * Steps change the masks and lines of effects in place. `size()` is that of the photo, `onDraw(effect, area)` says what
 * is to be drawn again (area null: all of it), `onChange(effect)` that a step is done, undone or done again.
 */
export function createPaint({ size, onDraw, onChange }) {
  const history = createHistory();

  function layerOf(effect) {
    const { width, height } = size();
    effect.mask ??= { x: 0, y: 0, width, height, channels: 1, bytes: new Uint8Array(width * height) };
    return effect.mask;
  }
  function changed(effect) {
    effect.isPainted = effect.mask?.bytes.some((value) => value > 0) ?? false;
    effect.strokes += 1;
    onChange(effect);
  }
  function push(effect, { undo, redo, bytes = () => 0 }) {
    const step = (run) => () => (run(), changed(effect));
    history.push({ undo: step(undo), redo: step(redo), bytes });
    changed(effect);
  }
  /** A stroke on the mask: stamps until `commit` or `cancel`. */
  function begin(effect, erases) {
    const layer = layerOf(effect);
    const patch = createPatch(layer);
    const swap = () => patch.swap((tile) => onDraw(effect, tile));
    return {
      bounds: layer,
      stamp(given) {
        const area = given && intersect(given, layer);
        if (!area) return;
        patch.keep(area);
        (erases ? erase : mark)(layer, given, area);
        onDraw(effect, area);
      },
      commit() {
        if (patch.isEmpty()) return;
        patch.pack();
        push(effect, { undo: swap, redo: swap, bytes: patch.bytes });
      },
      cancel: swap,
    };
  }
  function setLines(effect, lines) {
    const before = effect.lines;
    const use = (those) => () => ((effect.lines = those), onDraw(effect, null));
    use(lines)();
    push(effect, { undo: use(before), redo: use(lines) });
  }
  /** All of it is painted, or nothing; with nothing its lines go, too. */
  function fill(effect, isAll) {
    const layer = layerOf(effect);
    const before = { bytes: layer.bytes, lines: effect.lines };
    const after = { bytes: new Uint8Array(layer.bytes.length).fill(isAll ? 255 : 0), lines: isAll ? effect.lines : [] };
    const use = ({ bytes, lines }) => () => (Object.assign(layer, { bytes }), (effect.lines = lines), onDraw(effect, null));
    use(after)();
    push(effect, { undo: use(before), redo: use(after), bytes: () => before.bytes.length });
  }
  return { begin, setLines, fill, undo: history.undo, redo: history.redo, canUndo: history.canUndo, canRedo: history.canRedo, clear: history.clear };
}

function mark(layer, given, area) {
  eachPixel(layer, given, area, (to, value) => value > layer.bytes[to] && (layer.bytes[to] = value));
}
function erase(layer, given, area) {
  eachPixel(layer, given, area, (to, value) => 255 - value < layer.bytes[to] && (layer.bytes[to] = 255 - value));
}
function eachPixel(layer, given, area, run) {
  for (let y = area.y; y < area.y + area.height; y++) {
    let from = (y - given.y) * given.width + area.x - given.x;
    let to = y * layer.width + area.x;
    for (const end = to + area.width; to < end; to++, from++) run(to, given.bytes[from]);
  }
}
