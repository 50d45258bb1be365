// Where frames and values of a lane lie: plain arithmetic, in shares of the room from 0 to 1, and neat numbers.

const ROOM = 0.14; // above the highest and below the lowest value
const SAME = 1e-9;

export const placeOf = (frame, count) => (count > 1 ? frame / (count - 1) : 0);
export const frameAt = (share, count) => Math.max(0, Math.min(count - 1, Math.round(share * (count - 1))));

/** {low, high} of what is seen of a lane; `span` is how much while all values are the same. */
export function rangeOf(values, span) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const isFlat = high - low < SAME * Math.max(1, Math.abs(high));
  const room = isFlat ? span / 2 : (high - low) * ROOM;
  return { low: low - room, high: high + room };
}

/** From the top down. */
export const heightOf = (value, { low, high }) => 1 - (value - low) / (high - low);
export const valueAt = (share, { low, high }) => high - share * (high - low);

/** The step in which a value is dragged and nudged: about a hundredth of what is seen, 1, 2 or 5 of its digit. */
export function stepOf({ low, high }, isWhole) {
  const about = (high - low) / 100;
  const digit = 10 ** Math.floor(Math.log10(about));
  const step = digit * ([1, 2, 5].find((one) => one * digit >= about) ?? 10);
  return isWhole ? Math.max(1, Math.round(step)) : step;
}

/** To that step, within bounds, without the crumbs of binary fractions. */
export function neat(value, step, [least, most]) {
  const stepped = Math.round(value / step) * step;
  return Number(Math.max(least, Math.min(most, stepped)).toPrecision(10));
}

/** The value of a curve that is known at some frames, at any frame. */
export function onCurve(frame, frames, values) {
  const next = frames.findIndex((one) => one >= frame);
  if (next <= 0) return values[next < 0 ? values.length - 1 : 0];
  const share = (frame - frames[next - 1]) / (frames[next] - frames[next - 1]);
  return values[next - 1] + share * (values[next] - values[next - 1]);
}

/** Four to ten frames that a ruler names, evenly apart by 1, 2 or 5 of a digit. */
export function ticksOf(count, most = 8) {
  const about = Math.max(1, (count - 1) / most);
  const digit = 10 ** Math.floor(Math.log10(about));
  const step = Math.max(1, digit * ([1, 2, 5].find((one) => one * digit >= about) ?? 10));
  return Array.from({ length: Math.floor((count - 1) / step) + 1 }, (_, index) => index * step);
}

/** Four digits are as many as can be read. */
export const told = (value) => String(Number(Number(value).toPrecision(4)));
