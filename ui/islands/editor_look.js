// Before and after of the last edit: a line to drag over the picture, and the pixels that it has changed.
import { differences, laidInto, told } from "./changed.js";
import { h, icon, setAttribute, setText, show } from "./dom.js";
import { assetUrl } from "./on_canvas.js";

/** Two buttons and a figure; `draw(step)` is told the edit to look at, or null. */
export function createLook({ canvas, stack, onCanvas }) {
  const compare = toggle("compare", "Compare", "Before and after", () => (isComparing ? endCompare() : startCompare()));
  const changes = toggle("eye", "Changes", "Show the pixels that have changed", () => setChanges(!isMarking));
  const figure = h("span", { class: "editor-figure", "aria-live": "polite" });
  const element = h("div", { class: "editor-look" }, compare, changes, figure);
  let step = null;
  let isComparing = false;
  let isMarking = false;
  let addresses = []; // of pictures made here, to be let go

  function draw(next) {
    show(element, Boolean(next));
    if (next?.image === step?.image && next?.source === step?.source) return;
    leave();
    step = next;
  }
  /** Back to the plain picture. */
  function leave() {
    if (isComparing) canvas.setCompare(null);
    if (isMarking) setChanges(false);
    for (const address of addresses) URL.revokeObjectURL(address);
    addresses = [];
  }
  async function startCompare() {
    isComparing = true;
    setAttribute(compare, "aria-pressed", "true");
    const before = await laidInto(assetUrl(step.source), canvas.size(), sidesOf(step));
    addresses.push(before);
    await canvas.showPreview(before, null);
    await canvas.setCompare(assetUrl(onCanvas.image()), { share: 0.5, onEnd: ended });
  }
  const endCompare = () => canvas.setCompare(null);
  function ended() {
    isComparing = false;
    setAttribute(compare, "aria-pressed", "false");
    canvas.showPreview(null);
  }
  async function setChanges(isOn) {
    isMarking = isOn;
    setAttribute(changes, "aria-pressed", String(isOn));
    setText(figure, isOn ? "Counting …" : "");
    if (!isOn) return canvas.showChanged(null);
    const now = step;
    const found = await differences(wanted(now)).catch(() => null);
    if (now !== step || !isMarking) return;
    setText(figure, found ? told(found) : "These pictures cannot be compared pixel by pixel.");
    if (!found) return;
    addresses.push(URL.createObjectURL(found.overlay));
    canvas.showChanged(addresses.at(-1));
  }
  return { element, draw };
}

function wanted(step) {
  const inpainting = step.request?.inpainting;
  return {
    before: assetUrl(step.source),
    after: assetUrl(step.image),
    sides: sidesOf(step),
    mask: inpainting?.mask ? assetUrl(inpainting.mask) : null,
    blur: inpainting?.blur ?? 0,
    isInverted: Boolean(inpainting?.is_inverted),
  };
}

/** Where the earlier picture lies in the later one. */
function sidesOf({ request }) {
  const side = (name) => request?.source?.[`extend_${name}`] ?? 0;
  return { left: side("left"), top: side("top"), right: side("right"), bottom: side("bottom") };
}

function toggle(name, label, title, run) {
  return h("button", { type: "button", class: "secondary", title, "aria-pressed": "false", data: { act: name }, on: { click: run } }, icon(name), label);
}
