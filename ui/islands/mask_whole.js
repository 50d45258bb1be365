// What is done to a whole mask: where it is marked, grow, shrink, feather. Pure functions on planes.
//
// A plane is {x, y, width, height, bytes}, one byte a pixel. What lies outside of a plane is not looked at, so that a mask
// at the edge of the picture stays at the edge. Results are stamps (mask_shapes.js) that replace what is there.
import { intersect } from "./mask_shapes.js";

/** The rectangle that holds every pixel above 0, or null. */
export function boundsOf({ x, y, width, height, bytes }) {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let row = 0; row < height; row++) {
    const start = row * width;
    let first = 0;
    while (first < width && bytes[start + first] === 0) first++;
    if (first === width) continue;
    let last = width - 1;
    while (bytes[start + last] === 0) last--;
    left = Math.min(left, first);
    right = Math.max(right, last);
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
  const bytes = new Uint8Array(plane.bytes.length);
  for (let place = 0; place < bytes.length; place++) bytes[place] = 255 - plane.bytes[place];
  return { ...plane, bytes };
}

/**
 * The highest within a disc. Where a full pixel is near it is 255, where no marked one is near it is 0: both are known from
 * distances, in one pass. Only the soft rims between them are searched.
 */
function highestWithin(plane, reach) {
  const { width, height, bytes } = plane;
  const result = isNear(plane, 255, reach);
  const rims = isSoft(bytes) ? rimsOf(result, isNear(plane, 1, reach), width, height) : null;
  if (rims) for (let row = 0; row < height; row++) raiseFrom(plane, row, { result, rims, reach });
  return { ...plane, bytes: result };
}

function isSoft(bytes) {
  for (let place = 0; place < bytes.length; place++) if (bytes[place] > 0 && bytes[place] < 255) return true;
  return false;
}

/** For each row the runs [start, end) of pixels that are near a marked one, but near no full one. */
function rimsOf(full, any, width, height) {
  return Array.from({ length: height }, (_, row) => {
    const runs = [];
    for (let column = 0, start = row * width; column < width; column++) {
      if (full[start + column] || !any[start + column]) continue;
      const from = column;
      while (column < width && !full[start + column] && any[start + column]) column++;
      runs.push([from, column]);
    }
    return runs;
  });
}

/** Raises the rims of all rows near a row by what is in it. */
function raiseFrom({ width, height, bytes }, row, { result, rims, reach }) {
  let windows = null;
  for (let by = -reach; by <= reach; by++) {
    const target = row + by;
    if (target < 0 || target >= height || rims[target].length === 0) continue;
    windows ??= windowsOf(bytes.subarray(row * width, (row + 1) * width), reach);
    const half = Math.floor(Math.sqrt(reach * reach - by * by));
    const level = 31 - Math.clz32(2 * half + 1); // two windows of 2^level cover 2 · half + 1 pixels
    const highest = windows[level];
    const first = reach - half;
    const second = reach + half + 1 - 2 ** level;
    for (const [start, end] of rims[target])
      for (let column = start; column < end; column++) {
        const value = Math.max(highest[column + first], highest[column + second]);
        if (value > result[target * width + column]) result[target * width + column] = value;
      }
  }
}

/** At [level][place] the highest of 2^level pixels from `place` on; the row begins at place `reach`. */
function windowsOf(line, reach) {
  const padded = new Uint8Array(line.length + 2 * reach);
  padded.set(line, reach);
  const windows = [padded];
  for (let size = 1; 2 * size <= 2 * reach + 1; size *= 2) {
    const small = windows.at(-1);
    const large = new Uint8Array(padded.length);
    for (let place = 0; place + size < large.length; place++) large[place] = Math.max(small[place], small[place + size]);
    windows.push(large);
  }
  return windows;
}

/** 255 where a pixel of at least `level` is not farther than `reach`. */
function isNear({ width, height, bytes }, level, reach) {
  const above = new Uint16Array(width * height); // steps up or down to such a pixel, at most reach + 1
  for (let place = 0; place < above.length; place++)
    above[place] = bytes[place] >= level ? 0 : place < width ? reach + 1 : Math.min(reach + 1, above[place - width] + 1);
  for (let place = above.length - width - 1; place >= 0; place--)
    above[place] = Math.min(above[place], above[place + width] + 1);
  const half = Array.from({ length: reach + 1 }, (_, by) => Math.floor(Math.sqrt(reach * reach - by * by)));
  const near = new Uint8Array(width * height);
  const edges = new Int32Array(width + 1); // +1 where a run that is near begins, −1 where it ends
  for (let row = 0, place = 0; row < height; row++) {
    edges.fill(0);
    for (let column = 0; column < width; column++) {
      const by = above[row * width + column];
      if (by > reach) continue;
      edges[Math.max(0, column - half[by])]++;
      edges[Math.min(width, column + half[by] + 1)]--;
    }
    for (let column = 0, open = 0; column < width; column++, place++) {
      open += edges[column];
      if (open > 0) near[place] = 255;
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
  const fine = new Uint16Array(part.bytes.length); // 1/256 of a level
  for (let place = 0; place < fine.length; place++) fine[place] = part.bytes[place] * 256;
  const both = blurRows(blurRows(fine, part.width, part.height, radii), part.height, part.width, radii);
  const bytes = new Uint8Array(both.length);
  for (let place = 0; place < bytes.length; place++) bytes[place] = Math.min(255, (both[place] + 128) >> 8);
  return { ...part, bytes };
}

/** Blurs along the rows and returns rows as columns, so that twice is both ways. */
function blurRows(source, width, height, radii) {
  const result = new Uint16Array(width * height);
  const lines = [new Float64Array(width), new Float64Array(width)];
  for (let row = 0; row < height; row++) {
    let [line, next] = lines;
    let sum = 0;
    for (let column = 0; column < width; column++) sum += line[column] = source[row * width + column];
    if (sum === 0) continue;
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
  const share = 1 / (2 * radius + 1);
  let sum = source[0] * (radius + 1);
  for (let place = 1; place <= radius; place++) sum += source[Math.min(place, last)];
  for (let place = 0; place <= last; place++) {
    target[place] = sum * share;
    sum += source[place + radius < last ? place + radius + 1 : last] - source[place > radius ? place - radius : 0];
  }
}
