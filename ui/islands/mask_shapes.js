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
  const pieces = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / PIECE_PX));
  const at = (share) => ({
    x: from.x + (to.x - from.x) * share,
    y: from.y + (to.y - from.y) * share,
    radius: from.radius + (to.radius - from.radius) * share,
  });
  return Array.from({ length: pieces }, (_, place) =>
    pieceStamp(at(place / pieces), at((place + 1) / pieces), softness, bounds),
  ).filter(Boolean);
}

function pieceStamp(from, to, softness, bounds) {
  const area = intersect(around([from, to], Math.max(from.radius, to.radius)), bounds);
  if (!area) return null;
  const bytes = new Uint8Array(area.width * area.height);
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length2 = dx * dx + dy * dy || 1;
  const widening = to.radius - from.radius;
  let place = 0;
  for (let row = 0; row < area.height; row++) {
    const py = area.y + row + 0.5 - from.y;
    for (let column = 0; column < area.width; column++, place++) {
      const px = area.x + column + 0.5 - from.x;
      const share = Math.min(1, Math.max(0, (px * dx + py * dy) / length2));
      const distance2 = (px - share * dx) ** 2 + (py - share * dy) ** 2;
      const radius = from.radius + share * widening;
      if (distance2 > radius * radius) continue;
      bytes[place] = softness > 0 ? coverage(Math.sqrt(distance2), radius, softness) : 255;
    }
  }
  return { ...area, bytes };
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
