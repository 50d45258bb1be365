// Shapes as stamps: which pixels a stroke, a polygon or a rectangle covers, and how much. Pure functions.
//
// A stamp is {x, y, width, height, bytes}: coverage 0…255 of a rectangle, in pixels of the picture. Pixel (i, j) has its
// centre at (i + 0.5, j + 0.5).

// A long segment is cut into pieces, so that its rectangles hold little else than itself.
const PIECE_PX = 128;

/** The part that two rectangles share, or null. */
export function intersect(one, other) {
  const x = Math.max(one.x, other.x);
  const y = Math.max(one.y, other.y);
  const width = Math.min(one.x + one.width, other.x + other.width) - x;
  const height = Math.min(one.y + one.height, other.y + other.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : null;
}

/** The smallest rectangle that holds both; either may be null. */
export function union(one, other) {
  if (!one || !other) return one ?? other;
  const x = Math.min(one.x, other.x);
  const y = Math.min(one.y, other.y);
  const width = Math.max(one.x + one.width, other.x + other.width) - x;
  const height = Math.max(one.y + one.height, other.y + other.height) - y;
  return { x, y, width, height };
}

/** The whole pixels around points, with room for `reach` on each side. */
function around(points, reach) {
  const xs = points.map((point) => point.x);
  const ys = points.map((point) => point.y);
  const x = Math.floor(Math.min(...xs) - reach);
  const y = Math.floor(Math.min(...ys) - reach);
  return { x, y, width: Math.ceil(Math.max(...xs) + reach) - x, height: Math.ceil(Math.max(...ys) + reach) - y };
}

/**
 * Coverage of a brush, 0…255, at a distance d ≤ r from the stroke's polyline: with t = (r − d) / (softness · r), at most 1,
 * it is 255 · t²(3 − 2t), rounded. So the core up to r(1 − softness) is full. A hard brush covers all pixels with d ≤ r.
 */
function coverage(distance, radius, softness) {
  const t = Math.min(1, (radius - distance) / (softness * radius));
  return Math.round(255 * t * t * (3 - 2 * t));
}

/** The stamps of one segment of a stroke, within `bounds`; its ends are {x, y, radius}. */
export function segmentStamps(from, to, softness, bounds) {
  const longest = Math.max(PIECE_PX, from.radius);
  const pieces = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / longest));
  const at = (share) => ({
    x: from.x + (to.x - from.x) * share,
    y: from.y + (to.y - from.y) * share,
    radius: from.radius + (to.radius - from.radius) * share,
  });
  return Array.from({ length: pieces }, (_, place) =>
    pieceStamp(at(place / pieces), at((place + 1) / pieces), softness, bounds),
  ).filter(Boolean);
}

/**
 * One piece. In each row the pixels that are surely outside are left out and those surely in the core are filled; only
 * those near the two outlines are measured.
 */
function pieceStamp(from, to, softness, bounds) {
  const [least, most] = [Math.min(from.radius, to.radius), Math.max(from.radius, to.radius)];
  const area = intersect(around([from, to], most), bounds);
  if (!area) return null;
  const bytes = new Uint8Array(area.width * area.height);
  for (let row = 0; row < area.height; row++) {
    const level = area.y + row + 0.5;
    const [left, right] = columns(spanAt(level, from, to, most), 1, area);
    const [coreLeft, coreRight] = columns(spanAt(level, from, to, least * (1 - softness)), -1, area);
    const line = { bytes, start: row * area.width, x: area.x, level };
    if (coreLeft >= coreRight) measure(line, left, right, { from, to, softness });
    else {
      measure(line, left, coreLeft, { from, to, softness });
      bytes.fill(255, line.start + coreLeft, line.start + coreRight);
      measure(line, coreRight, right, { from, to, softness });
    }
  }
  return { ...area, bytes };
}

/** Where the outline at a distance from a segment meets a level: [left, right]; left > right if it does not. */
function spanAt(level, from, to, radius) {
  let [left, right] = [Infinity, -Infinity];
  const meet = (x) => ((left = Math.min(left, x)), (right = Math.max(right, x)));
  for (const end of [from, to]) {
    const half2 = radius * radius - (level - end.y) ** 2;
    if (half2 < 0) continue;
    meet(end.x - Math.sqrt(half2));
    meet(end.x + Math.sqrt(half2));
  }
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  if (length === 0) return [left, right];
  const [nx, ny] = [((from.y - to.y) / length) * radius, ((to.x - from.x) / length) * radius];
  const corners = [[from.x + nx, from.y + ny], [to.x + nx, to.y + ny], [to.x - nx, to.y - ny], [from.x - nx, from.y - ny]];
  corners.forEach(([x, y], place) => {
    const [nextX, nextY] = corners[(place + 1) % 4];
    if (y <= level !== nextY <= level) meet(x + ((level - y) / (nextY - y)) * (nextX - x));
  });
  return [left, right];
}

/** The columns of an area that a span touches, made wider (or, below 0, narrower) by `margin`. */
function columns([left, right], margin, area) {
  if (left > right) return [0, 0];
  const from = Math.max(0, Math.floor(left) - margin - area.x);
  return [from, Math.max(from, Math.min(area.width, Math.ceil(right) + margin - area.x))];
}

function measure({ bytes, start, x, level }, left, right, { from, to, softness }) {
  const [dx, dy, py] = [to.x - from.x, to.y - from.y, level - from.y];
  const length2 = dx * dx + dy * dy || 1;
  const widening = to.radius - from.radius;
  for (let column = left; column < right; column++) {
    const px = x + column + 0.5 - from.x;
    const share = Math.min(1, Math.max(0, (px * dx + py * dy) / length2));
    const distance2 = (px - share * dx) ** 2 + (py - share * dy) ** 2;
    const radius = from.radius + share * widening;
    if (distance2 > radius * radius) continue;
    bytes[start + column] = softness > 0 ? coverage(Math.sqrt(distance2), radius, softness) : 255;
  }
}

/** All pixels of a rectangle of whole numbers. */
export function rectangleStamp(rectangle, bounds) {
  const area = intersect(rectangle, bounds);
  return area && { ...area, bytes: new Uint8Array(area.width * area.height).fill(255) };
}

/** The pixels whose centre lies inside a closed polygon; a line that crosses itself leaves no holes (winding ≠ 0). */
export function polygonStamp(points, bounds) {
  const area = intersect(around(points, 0), bounds);
  if (!area) return null;
  const bytes = new Uint8Array(area.width * area.height);
  for (let row = 0; row < area.height; row++) {
    const crossings = crossingsAt(area.y + row + 0.5, points);
    let winding = 0;
    crossings.forEach(({ x, turn }, place) => {
      winding += turn;
      if (winding === 0 || place + 1 === crossings.length) return;
      const start = Math.max(0, Math.ceil(x - 0.5) - area.x);
      const end = Math.min(area.width, Math.ceil(crossings[place + 1].x - 0.5) - area.x);
      if (end > start) bytes.fill(255, row * area.width + start, row * area.width + end);
    });
  }
  return { ...area, bytes };
}

/** Where the edges of a polygon cross a level, from left to right, and which way each goes. */
function crossingsAt(level, points) {
  const found = [];
  points.forEach((from, place) => {
    const to = points[(place + 1) % points.length];
    if (from.y <= level === to.y <= level) return;
    const x = from.x + ((level - from.y) / (to.y - from.y)) * (to.x - from.x);
    found.push({ x, turn: to.y > from.y ? 1 : -1 });
  });
  return found.sort((one, other) => one.x - other.x);
}
