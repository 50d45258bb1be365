// Photos and masks on their way to the server; a photo that is too large for a movie goes there in a smaller size.
import { call, url } from "../api.js";
import { writePng } from "../png.js";

const TIMEOUT_MS = 120000;
/** Longer sides that are offered, in pixels; the largest is that of `pipelines/video/photo/loop.py`. */
export const SIDES = [640, 960, 1280, 1920, 2560, 4096];
const SIDE_USUAL = 1920; // what screens show, and what any machine plays

/**
 * A file as a photo that can be animated: {id, width, height} as it is sent, `whole` the same of the upload as it was,
 * `side` the longer side that was chosen, `name`. Raises ApiError or ConnectionLost.
 */
export async function takePhoto(file) {
  const name = file.name || "pasted picture";
  const { id, width, height } = await send(file, name);
  return sized({ name, whole: { id, width, height } }, SIDE_USUAL);
}

/** The same photo with this longer side at most. */
export async function sized({ name, whole }, side) {
  const scale = Math.min(1, side / Math.max(whole.width, whole.height));
  if (scale === 1) return { ...whole, name, whole, side };
  const size = { width: Math.round(whole.width * scale), height: Math.round(whole.height * scale) };
  const { id } = await send(await shrunk(whole.id, size), "photo.png");
  return { ...size, id, name, whole, side };
}

async function shrunk(id, { width, height }) {
  const blob = await (await fetch(url(`api/v1/assets/${id}/file`))).blob();
  const bitmap = await createImageBitmap(blob, { resizeWidth: width, resizeHeight: height, resizeQuality: "high" });
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob({ type: "image/png" });
}

function send(blob, name) {
  const body = new FormData();
  body.append("file", blob, name);
  return call("POST", "api/v1/assets", { body, timeoutMs: TIMEOUT_MS });
}

/** Answers with `send(effect)`: the upload of its mask, "" where nothing is painted; what has not changed is sent once. */
export function createMaskSender() {
  const sent = new WeakMap(); // mask → {strokes, id}

  async function upload({ mask, strokes }) {
    const { id } = await send(await writePng(mask), "mask.png");
    sent.set(mask, { strokes, id });
    return id;
  }
  return async function sendMask(effect) {
    if (!effect.isPainted) return "";
    const known = sent.get(effect.mask);
    return known?.strokes === effect.strokes ? known.id : upload(effect);
  };
}

/** An effect as it lies on the same photo in another size. */
export function moved(effect, from, to) {
  const [across, down] = [to.width / from.width, to.height / from.height];
  const lines = effect.lines.map((line) => line.map(({ x, y }) => ({ x: x * across, y: y * down })));
  return { ...effect, lines, mask: effect.isPainted ? resampled(effect.mask, to) : null };
}

/** By the nearest pixel: movement fades at the border of what is painted, so that no edge of it is seen. */
function resampled({ bytes, width, height }, to) {
  const made = new Uint8Array(to.width * to.height);
  for (let y = 0; y < to.height; y++) {
    const row = Math.min(height - 1, Math.floor(((y + 0.5) * height) / to.height)) * width;
    for (let x = 0; x < to.width; x++) made[y * to.width + x] = bytes[row + Math.floor(((x + 0.5) * width) / to.width)];
  }
  return { x: 0, y: 0, width: to.width, height: to.height, channels: 1, bytes: made };
}
