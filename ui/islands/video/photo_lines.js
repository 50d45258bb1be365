// Lines that a hand has drawn: simplified to few points, their heads, and which of them a point is on. Pure functions.

const HEAD_TURN = Math.PI / 6;

/** A stroke with at most so many points, which stay as near to it as they can: Ramer, Douglas and Peucker. */
export function simplified(points, most) {
  for (let error = 0.5; ; error *= 1.5) {
    const fewer = within(points, error);
    if (fewer.length <= most) return fewer;
  }
}

/** The fewest points from which no point of the line is farther than `error`. */
function within(points, error) {
  if (points.length < 3) return points;
  const [first, last] = [points[0], points.at(-1)];
  let [farthest, place] = [0, 0];
  for (let at = 1; at < points.length - 1; at++) {
    const distance = fromSegment(points[at], first, last);
    if (distance > farthest) [farthest, place] = [distance, at];
  }
  if (farthest <= error) return [first, last];
  return [...within(points.slice(0, place + 1), error).slice(0, -1), ...within(points.slice(place), error)];
}

function fromSegment(point, from, to) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length2 = dx * dx + dy * dy;
  const share = length2 ? Math.min(1, Math.max(0, ((point.x - from.x) * dx + (point.y - from.y) * dy) / length2)) : 0;
  return Math.hypot(point.x - from.x - share * dx, point.y - from.y - share * dy);
}

/** How far a point is from a line. */
export function distanceTo(line, point) {
  return Math.min(...line.slice(1).map((to, place) => fromSegment(point, line[place], to)));
}

export function lengthOf(line) {
  return line.slice(1).reduce((sum, to, place) => sum + Math.hypot(to.x - line[place].x, to.y - line[place].y), 0);
}

/** Both barbs of an arrow of such a head: it looks as the end of the line goes, whatever the last short piece does. */
export function barbs(line, size) {
  const tip = line.at(-1);
  const from = [...line].reverse().find((point) => Math.hypot(tip.x - point.x, tip.y - point.y) >= size) ?? line[0];
  const back = Math.atan2(from.y - tip.y, from.x - tip.x);
  return [back - HEAD_TURN, back + HEAD_TURN].map((turn) => ({ x: tip.x + size * Math.cos(turn), y: tip.y + size * Math.sin(turn) }));
}

/** The nearest point of the picture, for a stroke may leave it. */
export function inside({ x, y }, { width, height }) {
  return { x: Math.min(width, Math.max(0, x)), y: Math.min(height, Math.max(0, y)) };
}
