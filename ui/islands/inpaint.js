// The mode "inpaint", loaded when it is first opened: canvas, edits and ways to retouch, and the islands that show them.
import { call, insist } from "./api.js";
import { createCanvas } from "./canvas.js";
import { createEditStack } from "./edit_stack.js";
import { mountEditor } from "./editor.js";
import { mountEdits } from "./edits.js";
import { watchEditKeys } from "./edits_keys.js";
import { mountMasking } from "./masking.js";
import { createOnCanvas, NOT_EXTENDED } from "./on_canvas.js";
import { mountRetouch } from "./retouch.js";
import { createSteps } from "./steps.js";

const PATIENCE_MS = 120000;

/** Fills the islands of the mode: {editor, masking, retouch, edits} take a host; `generate(values)` sends an edit. */
export async function createInpaint(page) {
  const { store, source, inpainting, toasts } = page;
  const { presets } = await insist("GET", "api/v1/retouch", {}, PATIENCE_MS);
  const canvas = createCanvas({ toasts });
  const stack = createEditStack({ store, toasts, share: page.verbs.share });
  const onCanvas = createOnCanvas({ canvas, source, inpainting, toasts });
  const preset = () => presets.find((row) => row.name === inpainting.preset) ?? presets[0];
  const parts = { ...page, canvas, stack, onCanvas, presets, preset };
  const steps = createSteps(parts);
  Object.assign(parts, { steps });

  if (!source.fields.image) Object.assign(source.fields, NOT_EXTENDED);
  bind(parts);
  watchEditKeys(parts);
  await stack.restore();
  return {
    editor: (host) => mountEditor(host, parts),
    masking: (host) => mountMasking(host, parts),
    retouch: (host) => mountRetouch(host, parts),
    edits: (host) => mountEdits(host, parts),
    generate: steps.generate,
  };
}

/** The canvas shows what the edits have come to; another picture that is chosen begins another project. */
function bind({ stack, source, onCanvas, steps }) {
  let wanted = "";

  async function show() {
    const { project, changing } = stack;
    if (!project) return;
    const step = project.steps.find((one) => one.id === changing);
    const image = step ? step.source : project.image;
    if (!image || image === wanted) return;
    wanted = image;
    await bring(image);
  }
  async function bring(image) {
    if (image === source.fields.image) return;
    const asset = await call("GET", `api/v1/assets/${image}`).catch(() => null);
    if (asset && image === wanted) await onCanvas.replace(asset, { keepsMask: !steps.isDone(image) });
  }
  source.onChange(() => {
    const { image } = source.fields;
    if (!stack.isLoaded || image === wanted) return;
    wanted = image;
    if (!stack.project || stack.knows(image)) return;
    stack.close();
  });
  stack.onChange(() => stack.isLoaded && show());
}
