// Shows the bytes of a layer: small canvases side by side, made where something is, brought up to date when they are seen.
import { h } from "./dom.js";
import { intersect, union } from "./mask_shapes.js";

const TILE_PX = 512; // one canvas for all would be copied whole at every stroke, and phones refuse large ones

/**
 * `extent()` is the layer's rectangle. `pixelsOf(area, isFirst)` gives the ImageData of a part of it; for the first of a
 * tile it may give null, which means that nothing is to be seen there.
 */
export function createTiles({ extent, pixelsOf }) {
  let tiles = new Map();

  /** Notes that an area has changed; null means everything. */
  function invalidate(area) {
    if (!area) tiles = new Map();
    const { x, y, width, height } = area ?? extent();
    for (let top = floor(y); top < y + height; top += TILE_PX)
      for (let left = floor(x); left < x + width; left += TILE_PX) {
        const key = `${left} ${top}`;
        if (!tiles.has(key)) tiles.set(key, { x: left, y: top, canvas: null, stale: null });
        const tile = tiles.get(key);
        tile.stale = tile.stale ? union(tile.stale, area ?? extent()) : (area ?? extent());
      }
  }
  /** Draws all tiles that are in sight: `place(point)` gives device pixels, which tiles share so that no seam is seen. */
  function draw(context, place) {
    for (const tile of tiles.values()) {
      const [left, top] = place(tile.x, tile.y);
      const [right, bottom] = place(tile.x + TILE_PX, tile.y + TILE_PX);
      if (right < 0 || bottom < 0 || left > context.canvas.width || top > context.canvas.height) continue;
      if (tile.stale) update(tile);
      if (tile.canvas) context.drawImage(tile.canvas, left, top, right - left, bottom - top);
    }
  }
  function update(tile) {
    const own = intersect({ ...tile, width: TILE_PX, height: TILE_PX }, extent());
    const area = own && intersect(own, tile.stale);
    tile.stale = null;
    const pixels = area && pixelsOf(area, !tile.canvas);
    if (!pixels) return;
    tile.canvas ??= h("canvas", { width: TILE_PX, height: TILE_PX });
    tile.canvas.getContext("2d").putImageData(pixels, area.x - tile.x, area.y - tile.y);
  }
  return { invalidate, draw };
}

const floor = (value) => Math.floor(value / TILE_PX) * TILE_PX;
