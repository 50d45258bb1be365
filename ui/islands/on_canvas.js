// What lies on the canvas: the source's picture and its mask. Both come back after a reload; the mask is uploaded when it is
// needed and has changed.
import { call, url } from "./api.js";
import { debounce } from "./dom.js";
import { createDraft } from "./draft.js";
import { writePng } from "./png.js";

const SIDES = ["left", "top", "right", "bottom"];
const DRAFT_MS = 400;
const UPLOAD_MS = 60000;

export const NOT_EXTENDED = Object.fromEntries(SIDES.map((side) => [`extend_${side}`, 0]));
export const assetUrl = (id) => url(`api/v1/assets/${id}/file`);

/** `onChange(run)`: another picture lies there. */
export function createOnCanvas({ canvas, source, inpainting, toasts }) {
  const draft = createDraft();
  const listeners = new Set();
  let shown = ""; // the upload that lies there
  let version = 0; // of the mask
  let sent = { version: -1, id: "" };
  let isBusy = false;
  let remembered = source.fields.image; // what lay there before the page was loaded anew, until it lies there again
  let turn = Promise.resolve();

  const save = debounce(() => {
    if (!shown || isBusy) return;
    const { x, y, ...frame } = frameOf(canvas);
    draft.keep({ image: shown, ...frame, extension: canvas.extension(), bytes: canvas.hasMask() ? canvas.bytes() : null });
  }, DRAFT_MS);

  canvas.onChange(() => {
    version += 1;
    if (isBusy) return;
    save();
    const sides = fieldsOf(canvas.extension());
    if (differs(sides, source.fields)) source.change(sides);
  });
  source.onChange(follow);
  inpainting.onChange(follow);

  /** One thing after the other: pictures come when they come. */
  function follow() {
    turn = turn.then(draw).catch((error) => (isBusy = false, toasts.fail(error, { key: "canvas" })));
    return turn;
  }
  async function draw() {
    const { image } = source.fields;
    if (image !== shown) {
      if (image && !source.size) return; // it is being measured
      shown = image;
      await (image ? open(image) : canvas.close());
      for (const run of listeners) run();
    }
    if (!image) return;
    if (inpainting.wanted) await takeWanted();
    if (differs(fieldsOf(canvas.extension()), source.fields)) canvas.setExtension(extensionOf(source.fields));
  }
  async function open(image) {
    isBusy = true;
    try {
      await canvas.open({ src: assetUrl(image), ...source.size });
      const kept = remembered === image && !inpainting.wanted ? await draft.recall() : null;
      remembered = "";
      if (kept?.image === image) await restore(kept);
      else canvas.setExtension(extensionOf(source.fields));
    } catch {
      throw new Unreadable();
    } finally {
      isBusy = false;
    }
  }
  async function restore({ width, height, extension, bytes }) {
    canvas.setExtension(extension);
    const frame = frameOf(canvas);
    if (bytes && width === frame.width && height === frame.height)
      await canvas.loadMask(await writePng({ width, height, channels: 1, bytes }));
  }
  /** The mask of settings that were taken up. */
  async function takeWanted() {
    const id = inpainting.wanted;
    inpainting.wanted = "";
    canvas.setExtension(extensionOf(source.fields));
    await canvas.loadMask(assetUrl(id));
    sent = { version, id };
  }

  /** Puts another picture there; what is marked stays if that picture has the same size, unless it is not to. */
  async function replace({ id, width, height }, { keepsMask = true } = {}) {
    await turn;
    const size = canvas.size();
    const isSame = size.width === width && size.height === height && !isExtended(canvas);
    source.size = { width, height };
    if (isSame && id !== shown) {
      shown = id;
      await canvas.replacePicture(assetUrl(id), { keepMask: keepsMask });
    }
    source.change({ image: id, ...NOT_EXTENDED });
    await turn;
    save();
    for (const run of listeners) run();
  }

  /** The upload of the mask; "" if nothing is marked. */
  async function sendMask() {
    await turn;
    const isEmpty = !canvas.hasMask() && !inpainting.fields.is_inverted;
    if (!isEmpty && sent.version !== version) {
      const now = version;
      sent = { version: now, id: (await upload(await canvas.maskBlob())).id };
    }
    inpainting.mask = isEmpty ? "" : sent.id;
    return inpainting.mask;
  }
  return {
    replace,
    sendMask,
    settled: () => turn,
    image: () => shown,
    version: () => version,
    onChange: (run) => listeners.add(run),
  };
}

class Unreadable extends Error {
  status = 404;
  message = "The picture cannot be shown.";
  remedy = "Choose it again.";
}

/** Uploads a mask. */
export function upload(blob) {
  const body = new FormData();
  body.append("file", blob, "mask.png");
  return call("POST", "api/v1/assets", { body, timeoutMs: UPLOAD_MS });
}

const fieldsOf = (extension) => Object.fromEntries(SIDES.map((side) => [`extend_${side}`, extension[side]]));
const extensionOf = (fields) => Object.fromEntries(SIDES.map((side) => [side, fields[`extend_${side}`] ?? 0]));
const differs = (sides, fields) => Object.entries(sides).some(([name, px]) => fields[name] !== px);
export const isExtended = (canvas) => SIDES.some((side) => canvas.extension()[side] > 0);

/** The picture with what extends it: {x, y, width, height} in its pixels. */
export function frameOf(canvas) {
  const [{ width, height }, { left, top, right, bottom }] = [canvas.size(), canvas.extension()];
  return { x: -left, y: -top, width: width + left + right, height: height + top + bottom };
}
