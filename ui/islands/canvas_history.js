// Undo and redo: steps that were done, steps that were undone, and no more bytes than a budget.

const BUDGET_BYTES = 256 * 1024 * 1024;
const TILE_PX = 64;

/** A step is {undo(), redo(), bytes()}. The oldest are forgotten when all together are too large. */
export function createHistory(budgetBytes = BUDGET_BYTES) {
  let done = [];
  let undone = [];

  function push(step) {
    undone = [];
    done.push(step);
    let total = done.reduce((sum, one) => sum + one.bytes(), 0);
    while (total > budgetBytes && done.length > 1) total -= done.shift().bytes();
  }
  function move(from, to, act) {
    const step = from.pop();
    if (!step) return false;
    step[act]();
    to.push(step);
    return true;
  }
  return {
    push,
    undo: () => move(done, undone, "undo"),
    redo: () => move(undone, done, "redo"),
    canUndo: () => done.length > 0,
    canRedo: () => undone.length > 0,
    clear() {
      done = [];
      undone = [];
    },
  };
}

/**
 * What a layer looked like before a stroke, in tiles of 64 pixels that are kept when they are first touched.
 * `swap` puts them back and keeps what was there, so that one patch is both undo and redo.
 */
export function createPatch(layer) {
  const tiles = new Map();

  /** The tiles of a rectangle, each kept from now on. */
  function keep(area) {
    const touched = [];
    for (const tile of tilesOf(layer, area)) {
      const key = (tile.y - layer.y) * layer.width + tile.x - layer.x;
      if (!tiles.has(key)) tiles.set(key, { ...tile, bytes: read(layer, tile) });
      touched.push(tiles.get(key));
    }
    return touched;
  }
  /** Exchanges what is kept with what is there; calls `draw` for each tile. */
  function swap(draw) {
    for (const tile of tiles.values()) {
      const now = pack(read(layer, tile));
      write(layer, tile, tile.bytes);
      tile.bytes = now;
      draw(tile);
    }
  }
  return {
    keep,
    swap,
    /** Tiles of one value, which are most, need no more than that value. */
    pack() {
      for (const tile of tiles.values()) tile.bytes = pack(tile.bytes);
    },
    isEmpty: () => tiles.size === 0,
    bytes: () => [...tiles.values()].reduce((sum, tile) => sum + 64 + (tile.bytes.length ?? 0), 0),
  };
}

/** The tiles, as rectangles in the layer's pixels, that a rectangle in pixels of the picture meets. */
function tilesOf(layer, area) {
  const found = [];
  const [left, top] = [area.x - layer.x, area.y - layer.y];
  for (let y = top - (top % TILE_PX); y < top + area.height; y += TILE_PX)
    for (let x = left - (left % TILE_PX); x < left + area.width; x += TILE_PX) {
      const [width, height] = [Math.min(TILE_PX, layer.width - x), Math.min(TILE_PX, layer.height - y)];
      found.push({ x: x + layer.x, y: y + layer.y, width, height });
    }
  return found;
}

function read(layer, tile) {
  const size = tile.width * layer.channels;
  const bytes = new Uint8Array(size * tile.height);
  eachRow(layer, tile, (start, row) => bytes.set(layer.bytes.subarray(start, start + size), row * size));
  return bytes;
}

/** `bytes` may be one value for all. */
function write(layer, tile, bytes) {
  const size = tile.width * layer.channels;
  eachRow(layer, tile, (start, row) => {
    if (typeof bytes === "number") layer.bytes.fill(bytes, start, start + size);
    else layer.bytes.set(bytes.subarray(row * size, (row + 1) * size), start);
  });
}

function eachRow(layer, tile, run) {
  for (let row = 0; row < tile.height; row++)
    run(((tile.y - layer.y + row) * layer.width + tile.x - layer.x) * layer.channels, row);
}

/** One value for a tile that has no other. */
function pack(bytes) {
  if (typeof bytes === "number") return bytes;
  for (let place = 1; place < bytes.length; place++) if (bytes[place] !== bytes[0]) return bytes;
  return bytes[0];
}
