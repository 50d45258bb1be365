// What is done to a whole mask: where it is marked, grow, shrink, feather, fill. Pure functions on planes.
//
// A plane is {x, y, width, height, bytes}, one byte a pixel. What lies outside of a plane is not looked at, so that a mask
// at the edge of the picture stays at the edge. Results are stamps (mask_shapes.js) that replace what is there.
import { intersect } from "./mask_shapes.js";

const MARKED = 128;

/** The rectangle that holds every pixel above 0, or null. */
export function boundsOf({ x, y, width, height, bytes }) {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let row = 0; row < height; row++) {
    const line = bytes.subarray(row * width, (row + 1) * width);
    const first = line.findIndex((value) => value > 0);
    if (first < 0) continue;
    left = Math.min(left, first);
    right = Math.max(right, line.findLastIndex((value) => value > 0));
    top = Math.min(top, row);
    bottom = row;
  }
  return bottom < 0 ? null : { x: x + left, y: y + top, width: right - left + 1, height: bottom - top + 1 };
}

/** A copy of the part of a plane around a rectangle, `margin` pixels wider where there are so many. */
export function cut(plane, rectangle, margin = 0) {
  const wide = {
    x: rectangle.x - margin,
    y: rectangle.y - margin,
    width: rectangle.width + 2 * margin,
    height: rectangle.height + 2 * margin,
  };
  const area = intersect(wide, plane);
  const bytes = new Uint8Array(area.width * area.height);
  for (let row = 0; row < area.height; row++) {
    const start = (area.y - plane.y + row) * plane.width + area.x - plane.x;
    bytes.set(plane.bytes.subarray(start, start + area.width), row * area.width);
  }
  return { ...area, bytes };
}

/** Each pixel becomes the highest within `reach` pixels (a disc): dilation. Null where nothing is marked. */
export function grow(plane, reach) {
  const bounds = boundsOf(plane);
  return bounds && highestWithin(cut(plane, bounds, reach), reach);
}

/** Each pixel becomes the lowest within `reach` pixels (a disc): erosion. */
export function shrink(plane, reach) {
  const bounds = boundsOf(plane);
  if (!bounds) return null;
  const part = cut(plane, bounds, 1); // one more row has the nearest unmarked pixels
  return inverse(highestWithin(inverse(part), reach));
}

/** 255 − each pixel. */
export function inverse(plane) {
  return { ...plane, bytes: plane.bytes.map((value) => 255 - value) };
}

/**
 * The highest within a disc. Where a full pixel is near it is 255, where no marked one is near it is 0: both are known from
 * distances, in one pass. Only the soft rims between them are searched.
 */
function highestWithin(plane, reach) {
  const { width, height, bytes } = plane;
  const full = isNear(plane, 255, reach);
  const any = bytes.some((value) => value > 0 && value < 255) ? isNear(plane, 1, reach) : full;
  const result = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const place = row * width + column;
      if (full[place]) result[place] = 255;
      else if (any[place]) {
        const start = column;
        while (column + 1 < width && any[place + column + 1 - start] && !full[place + column + 1 - start]) column++;
        searchRim(plane, result, { row, start, end: column }, reach);
      }
    }
  }
  return { ...plane, bytes: result };
}

/** The highest within a disc around the pixels start…end of a row; in each row a window slides along. */
function searchRim({ width, height, bytes }, result, { row, start, end }, reach) {
  const line = row * width;
  for (let by = -reach; by <= reach; by++) {
    if (row + by < 0 || row + by >= height) continue;
    const half = Math.floor(Math.sqrt(reach * reach - by * by));
    const source = bytes.subarray((row + by) * width, (row + by + 1) * width);
    const waiting = []; // places whose values fall: the first is the highest of the window
    let next = Math.max(0, start - half);
    for (let column = start; column <= end; column++) {
      for (const last = Math.min(width - 1, column + half); next <= last; next++) {
        while (waiting.length && source[waiting.at(-1)] <= source[next]) waiting.pop();
        waiting.push(next);
      }
      while (waiting[0] < column - half) waiting.shift();
      if (source[waiting[0]] > result[line + column]) result[line + column] = source[waiting[0]];
    }
  }
}

/** 1 where a pixel of at least `level` is not farther than `reach`. */
function isNear({ width, height, bytes }, level, reach) {
  const above = new Uint16Array(width * height); // steps up or down to such a pixel, at most reach + 1
  for (let place = 0; place < above.length; place++)
    above[place] = bytes[place] >= level ? 0 : place < width ? reach + 1 : Math.min(reach + 1, above[place - width] + 1);
  for (let place = above.length - width - 1; place >= 0; place--)
    above[place] = Math.min(above[place], above[place + width] + 1);
  const half = Array.from({ length: reach + 1 }, (_, by) => Math.floor(Math.sqrt(reach * reach - by * by)));
  const near = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const line = row * width;
    let done = 0; // all before it are decided
    for (let column = 0; column < width; column++) {
      const by = above[line + column];
      if (by > reach) continue;
      const from = Math.max(0, column - half[by]);
      const to = Math.min(width, column + half[by] + 1);
      near.fill(1, line + Math.max(from, by === 0 ? done : 0), line + to);
      if (by === 0) done = Math.max(done, to);
    }
  }
  return near;
}

/** A soft edge: three box blurs one after the other, whose radii add up to `reach`; the edge pixels repeat outside. */
export function feather(plane, reach) {
  const bounds = boundsOf(plane);
  if (!bounds) return null;
  const part = cut(plane, bounds, reach);
  const radii = [reach, reach + 1, reach + 2].map((sum) => Math.floor(sum / 3)).filter((radius) => radius > 0);
  const fine = Uint16Array.from(part.bytes, (value) => value * 256);
  const sideways = blurRows(fine, part.width, part.height, radii);
  const both = blurRows(sideways, part.height, part.width, radii);
  return { ...part, bytes: Uint8Array.from(both, (value) => Math.min(255, (value + 128) >> 8)) };
}

/** Blurs along the rows and returns rows as columns, so that twice is both ways. */
function blurRows(source, width, height, radii) {
  const result = new Uint16Array(width * height);
  const lines = [new Float64Array(width), new Float64Array(width)];
  for (let row = 0; row < height; row++) {
    let [line, next] = lines;
    for (let column = 0; column < width; column++) line[column] = source[row * width + column];
    for (const radius of radii) {
      boxBlur(line, next, radius);
      [line, next] = [next, line];
    }
    for (let column = 0; column < width; column++) result[column * height + row] = line[column] + 0.5;
  }
  return result;
}

function boxBlur(source, target, radius) {
  const last = source.length - 1;
  let sum = source[0] * (radius + 1);
  for (let place = 1; place <= radius; place++) sum += source[Math.min(place, last)];
  for (let place = 0; place <= last; place++) {
    target[place] = sum / (2 * radius + 1);
    sum += source[Math.min(last, place + radius + 1)] - source[Math.max(0, place - radius)];
  }
}

/** The unmarked (or, if `isMarked`, the marked) area around a pixel, with its soft rim, as a stamp of 255; or null. */
export function areaAround(plane, point, isMarked = false) {
  const value = isMarked ? (place) => 255 - plane.bytes[place] : (place) => plane.bytes[place];
  const [x, y] = [Math.floor(point.x) - plane.x, Math.floor(point.y) - plane.y];
  if (x < 0 || y < 0 || x >= plane.width || y >= plane.height || value(y * plane.width + x) >= MARKED) return null;
  const area = new Uint8Array(plane.width * plane.height);
  const waiting = [y * plane.width + x];
  area[waiting[0]] = 255;
  while (waiting.length) {
    const place = waiting.pop();
    const column = place % plane.width;
    const here = value(place);
    // Up the soft rim, never down its other side.
    const visit = (next) => {
      const there = value(next);
      if (area[next] || there === 255 || (here >= MARKED ? there < here : false)) return;
      area[next] = 255;
      waiting.push(next);
    };
    if (column > 0) visit(place - 1);
    if (column < plane.width - 1) visit(place + 1);
    if (place >= plane.width) visit(place - plane.width);
    if (place < area.length - plane.width) visit(place + plane.width);
  }
  const filled = { ...plane, bytes: area };
  return cut(filled, boundsOf(filled));
}
