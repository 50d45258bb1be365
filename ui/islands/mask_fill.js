// Flood fill: the area around a pixel, as far as the mask encloses it. Pure functions on planes (mask_whole.js).
import { boundsOf, cut, inverse } from "./mask_whole.js";

const MARKED = 128;

/**
 * The unmarked (or, if `isMarked`, the marked) area around a point, as a stamp of 255; null if the point is not in one.
 * The soft rim that encloses it belongs to it, up to its crest: from there on it would go down on the other side.
 */
export function areaAround(plane, point, isMarked = false) {
  const { width, height, bytes } = isMarked ? inverse(plane) : plane;
  const [x, y] = [Math.floor(point.x) - plane.x, Math.floor(point.y) - plane.y];
  if (x < 0 || y < 0 || x >= width || y >= height || bytes[y * width + x] >= MARKED) return null;
  const area = { ...plane, bytes: new Uint8Array(bytes.length) };
  climb(area, bytes, flood(area, bytes, y * width + x));
  return cut(area, boundsOf(area));
}

/** Fills all below MARKED that hangs together, a run of a row at a time; returns pixels of the rim around it. */
function flood({ width, bytes: area }, bytes, seed) {
  const rim = [];
  const waiting = [seed];
  const isOpen = (place) => bytes[place] < MARKED && area[place] === 0;
  /** Looks at the row above or below a run: one seed for each run there. */
  function look(from, to) {
    if (from < 0 || from >= area.length) return;
    for (let place = from; place < to; place++)
      if (bytes[place] >= MARKED) rim.push(place);
      else if (area[place] === 0 && (place === from || !isOpen(place - 1))) waiting.push(place);
  }
  while (waiting.length) {
    const place = waiting.pop();
    if (area[place]) continue;
    const start = place - (place % width);
    let [from, to] = [place, place + 1];
    while (from > start && isOpen(from - 1)) from--;
    while (to < start + width && isOpen(to)) to++;
    area.fill(255, from, to);
    if (from > start && bytes[from - 1] >= MARKED) rim.push(from - 1);
    if (to < start + width && bytes[to] >= MARKED) rim.push(to);
    look(from - width, to - width);
    look(from + width, to + width);
  }
  return rim;
}

/** Adds the soft rim: pixels below 255, each at least as high as the one before it. */
function climb({ width, bytes: area }, bytes, rim) {
  const waiting = [];
  const visit = (place, least) => {
    if (area[place] !== 0 || bytes[place] < least || bytes[place] === 255) return;
    area[place] = 255;
    waiting.push(place);
  };
  for (const place of rim) visit(place, MARKED);
  while (waiting.length) {
    const place = waiting.pop();
    const here = bytes[place];
    const column = place % width;
    if (column > 0) visit(place - 1, here);
    if (column < width - 1) visit(place + 1, here);
    if (place >= width) visit(place - width, here);
    if (place < area.length - width) visit(place + width, here);
  }
}
