// Settings from outside: of a picture that was dropped, a text file beside one, or text that was pasted into the prompt.
import { call } from "./api.js";
import { sendPicture } from "./drop.js";
import { createTaken } from "./taken.js";
import { fileSize } from "./words.js";

const UPLOAD_BYTES_MAX = 128_000_000; // as the server has it
const TEXT_BYTES_MAX = 1_000_000;
// What islands hold of a Request, beside the form's own fields.
const PARTS = ["source", "inpainting", "controls", "image_prompts", "grid"];

/** `take(files)` is what happens to files that are dropped where nothing else takes them; `read(text, name)` to text. */
export function createTaking({ form, checkpoint, graphics, modes, source, pictureVerbs, toasts }) {
  const card = createTaken({ fields: form.fields, undo, start });
  const say = (text) => toasts.say(text, { isError: true, key: "drop" });

  function start(asset, mode) {
    modes.open(mode);
    source.take(asset);
  }
  /** All that settings can change, so that it can be put back. */
  function snapshot() {
    const values = form.now([...form.fields.map((field) => field.name), ...PARTS]);
    return { values, checkpoint: checkpoint.name, style: graphics.chosen, mode: modes.current() };
  }
  function undo({ values, checkpoint: name, style, mode }) {
    if (name) checkpoint.choose(name);
    graphics.choose(style);
    form.fill(values);
    modes.open(mode);
    toasts.say("The settings are as they were.", { key: "settings" });
  }
  function use(name, asset) {
    if (!asset.request) return card.none({ name, asset });
    const before = snapshot();
    const isFound = pictureVerbs.takeUp(asset.request);
    card.tell({ name, asset, before, after: form.fromRequest(asset.request), isFound });
  }
  async function take(files) {
    const [file] = files;
    const name = file.name || "This picture";
    const isText = file.type === "text/plain" || /\.txt$/i.test(file.name);
    if (isText && file.size <= TEXT_BYTES_MAX) return read(await file.text(), name);
    const kind = file.type && !file.type.startsWith("image/");
    if (kind) return say(`${name} is no picture. Drop a PNG, JPEG, WebP, AVIF, GIF, BMP or TIFF.`);
    if (file.size > UPLOAD_BYTES_MAX)
      return say(`${name} has ${fileSize(file.size)}. At most ${fileSize(UPLOAD_BYTES_MAX)} can be read.`);
    const asset = await sendPicture(file, toasts);
    if (!asset) return;
    use(name, asset);
    if (files.length > 1)
      toasts.say(`${files.length} files were dropped; these are the settings of ${name}. To start from all of them, drop them on the picture in Image to image.`, { key: "drop" });
  }
  /** Reads settings that stand as text. */
  async function read(text, name) {
    try {
      const told = await call("POST", "api/v1/parameters", { json: { text } });
      if (told.request) use(name, told);
      else say(`${name} holds no settings that can be read.`);
    } catch (error) {
      toasts.fail(error, { key: "drop" });
    }
  }
  return { take, read };
}
