// From the form and the canvas to a step of the project: the mask is sent, the request is built, and refusals are shown.
import { areaAround } from "./mask_fill.js";
import { frameOf, upload } from "./on_canvas.js";
import { writePng } from "./png.js";
import { showRefusal } from "./refusal.js";

const NAME_LENGTH = 60;
const PLACES_MAX = 12;

/**
 * `generate(values)` sends what form and canvas say; `use(name, tool)` adds a step without a model. `isDone(image)` says
 * whether this is the result of what was painted, with nothing painted since: then the mask has done its work.
 */
export function createSteps({ canvas, stack, onCanvas, source, inpainting, form, verbs, focus, preset, toasts }) {
  const painted = new Map(); // step → version of the mask that it was sent with
  let isSending = false;

  const steps = { generate, use, several, refuse, isDone, again };

  async function generate(values) {
    form.clearErrors();
    if (isSending) return;
    if (!source.fields.image) return refuse(missing("source.image", "No picture is chosen.", "Choose, drop or paste one."));
    isSending = true;
    try {
      await send(values);
    } catch (error) {
      fail(error, () => generate(null));
    } finally {
      isSending = false;
    }
  }
  async function send(values) {
    const version = onCanvas.version();
    await onCanvas.sendMask();
    const request = verbs.request(values);
    request.source = { ...source.asSent(), image: "" };
    if (stack.changing) return stack.replaceStep({ request });
    const alone = preset().is_each_alone ? await places() : [];
    if (alone.length < 2) return add({ request, name: nameOf(request) }, version);
    for (const [place, mask] of alone.entries()) {
      const one = { ...request, inpainting: { ...request.inpainting, mask } };
      await add({ request: one, name: `${nameOf(request)} (${place + 1} of ${alone.length})` }, version);
    }
  }
  async function add(step, version) {
    const project = await stack.add(onCanvas.image(), step);
    const id = project.steps.at(-1)?.id;
    if (version !== null) painted.set(id, version);
    followJob();
    return project;
  }
  /** The rest of the page follows the job, too: its progress in the title, Shift+X, the seed. */
  function followJob() {
    const step = stack.running();
    if (step?.job_id) focus.set(step.job_id);
  }
  stack.onChange(followJob);

  /** Each marked place as an upload of its own. */
  async function places() {
    const { width, height } = frameOf(canvas);
    const left = { x: 0, y: 0, width, height, bytes: inverted(canvas.bytes(), inpainting.fields.is_inverted) };
    const found = [];
    for (let at = left.bytes.findIndex((value) => value > 127); at >= 0 && found.length < PLACES_MAX; ) {
      const stamp = areaAround(left, { x: at % width, y: Math.floor(at / width) }, true);
      found.push(cutOut(left, stamp));
      at = left.bytes.findIndex((value, place) => place > at && value > 127);
    }
    return Promise.all(found.map(async (bytes) => (await upload(await writePng({ width, height, channels: 1, bytes }))).id));
  }
  /** The same edit with another seed, in the place of the last one. */
  async function again() {
    const step = stack.last();
    if (!step) return;
    const request = { ...step.request, seed: -1 };
    if (!(await stack.setStep(step.id, { request }))) return;
    painted.set(step.id, onCanvas.version());
    followJob();
  }
  async function use(name, tool) {
    form.clearErrors();
    try {
      await add({ name, tool }, null);
    } catch (error) {
      fail(error, () => use(name, tool));
    }
  }
  /** The picture extended in several ways, as jobs of their own; no edit of this project. */
  async function several(extensions) {
    form.clearErrors();
    const request = verbs.request();
    const inpainting = { ...request.inpainting, mask: "" };
    for (const extension of extensions) {
      const sides = Object.fromEntries(Object.entries(extension).map(([side, px]) => [`extend_${side}`, px]));
      await verbs.submit({ ...request, source: { ...source.asSent(), ...sides }, inpainting });
    }
    toasts.say("They develop one after another; see the list of jobs and the library.", { key: "several" });
  }
  function fail(error, run) {
    if (error.status === 422 && refuse(error)) return;
    toasts.fail(error, { key: "edit", action: { label: "Try again", run } });
  }
  /** At the widget that can help; answers whether there is one. */
  function refuse(error) {
    const field = (error.field ?? "").replace(/^request\./, "");
    const isOfPicture = /^(source\.(image|extend_\w+)|inpainting\.(mask|region)|image)$/.test(field);
    if (!isOfPicture) return form.refuse({ ...error, message: error.message, field });
    showRefusal(source.places.canvas ?? document.body, error);
    return true;
  }
  function isDone(image) {
    const step = stack.project?.steps.find((one) => one.image === image && one.state === "done");
    const version = step && painted.get(step.id);
    painted.delete(step?.id);
    return version === onCanvas.version();
  }
  function nameOf({ prompt }) {
    const words = prompt?.trim().split(/\s+/).join(" ") ?? "";
    const short = words.length > NAME_LENGTH ? `${words.slice(0, NAME_LENGTH)}…` : words;
    return short ? `${preset().label}: ${short}` : preset().label;
  }
  return steps;
}

const missing = (field, message, remedy) => ({ status: 422, field, message, remedy });

const inverted = (bytes, isInverted) => (isInverted ? bytes.map((value) => 255 - value) : bytes.slice());

/** Takes what a stamp marks out of a plane, as bytes of the plane's size. */
function cutOut(plane, stamp) {
  const bytes = new Uint8Array(plane.bytes.length);
  for (let row = 0; row < stamp.height; row++) {
    const from = row * stamp.width;
    const to = (stamp.y - plane.y + row) * plane.width + stamp.x - plane.x;
    for (let column = 0; column < stamp.width; column++) {
      if (!stamp.bytes[from + column]) continue;
      bytes[to + column] = plane.bytes[to + column];
      plane.bytes[to + column] = 0;
    }
  }
  return bytes;
}
