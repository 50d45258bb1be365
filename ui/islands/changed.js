// Which pixels an edit has changed: exact differences of two pictures, as a figure and as something to lay over them.
import { readPicture } from "./png.js";

const KERNEL_SIGMAS = 2.5; // so far a mask of that blur reaches; as in `pipelines/editing/masks.py`
const COLOUR = [255, 178, 36, 200]; // the amber of the page

/**
 * Compares a step's picture `after` with the one `before`, both addresses; `sides` says where the earlier one lies in it.
 * Answers {changed, outside, total, overlay}: pixels, those beyond what the mask allows (null if there is none to compare
 * with), and a picture of the changes as a Blob.
 */
export async function differences({ before, after, sides, mask, blur, isInverted }) {
  const now = await readPicture(after);
  const size = { width: now.width - sides.left - sides.right, height: now.height - sides.top - sides.bottom };
  const was = await readPicture(before, size);
  const allowed = mask && within(await readPicture(mask, now), { blur, isInverted });
  const overlay = new ImageData(now.width, now.height);
  const isLimited = allowed || Object.values(sides).some((px) => px > 0); // what is added may change, the rest only as marked
  const found = { changed: 0, outside: isLimited ? 0 : null, total: now.width * now.height };
  for (let y = 0; y < now.height; y++)
    for (let x = 0; x < now.width; x++) {
      const at = (y * now.width + x) * 4;
      const [left, top] = [x - sides.left, y - sides.top];
      const isNew = left < 0 || top < 0 || left >= was.width || top >= was.height;
      if (!isNew && isSame(now.bytes, at, was.bytes, (top * was.width + left) * 4)) continue;
      found.changed += 1;
      if (!isNew && isLimited && !allowed?.[at / 4]) found.outside += 1;
      overlay.data.set(COLOUR, at);
    }
  return { ...found, overlay: await asBlob(overlay) };
}

const isSame = (one, at, other, there) =>
  one[at] === other[there] && one[at + 1] === other[there + 1] && one[at + 2] === other[there + 2];

/** Which pixels a mask may change, a byte each: those marked, and those that its blur reaches. */
function within({ bytes, width, height }, { blur, isInverted }) {
  const marked = new Uint8Array(width * height);
  for (let place = 0; place < marked.length; place++) marked[place] = Number(isInverted ? bytes[place * 4] < 255 : bytes[place * 4] > 0);
  const reach = blur > 0 ? Math.floor(KERNEL_SIGMAS * blur + 0.5) : 0;
  if (!reach) return marked;
  return turned(spread(turned(spread(marked, width, height, reach), width, height), height, width, reach), height, width);
}

/** Marks what lies within `reach` of a marked pixel of its row. */
function spread(marked, width, height, reach) {
  const result = new Uint8Array(marked.length);
  for (let row = 0; row < height; row++) {
    const line = row * width;
    for (let x = 0, end = -1; x < width; x++) {
      if (!marked[line + x]) continue;
      const to = Math.min(width - 1, x + reach);
      result.fill(1, line + Math.max(end + 1, x - reach), line + to + 1);
      end = to;
    }
  }
  return result;
}

/** Rows as columns. */
function turned(marked, width, height) {
  const result = new Uint8Array(marked.length);
  for (let row = 0; row < height; row++)
    for (let x = 0; x < width; x++) result[x * height + row] = marked[row * width + x];
  return result;
}

function asBlob(pixels) {
  const canvas = new OffscreenCanvas(pixels.width, pixels.height);
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}

/** "12.3 % of the pixels changed, none outside the mask" */
export function told({ changed, outside, total }) {
  const share = (100 * changed) / total;
  const words = `${share > 0 && share < 0.1 ? share.toFixed(2) : share.toFixed(1)} % of the pixels changed`;
  if (outside === null) return words;
  return `${words}, ${outside ? `${outside} of them` : "none"} outside the mask`;
}

/** The earlier picture laid where it is in the later, larger one: an address that can be shown beside it. */
export async function laidInto(before, { width, height }, sides) {
  const bitmap = await createImageBitmap(await (await fetch(before)).blob());
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").drawImage(bitmap, sides.left, sides.top, width - sides.left - sides.right, height - sides.top - sides.bottom);
  bitmap.close();
  return URL.createObjectURL(await canvas.convertToBlob({ type: "image/png" }));
}
