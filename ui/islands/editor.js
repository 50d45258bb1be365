// The island of the editor, in place of the result: an invitation, then the canvas, and under it what becomes of the picture.
import { url } from "./api.js";
import { h, icon, iconButton, setText, show } from "./dom.js";
import { PICTURE_TYPES, sendPicture, takesPictures } from "./drop.js";
import { createFoot } from "./editor_foot.js";
import { wayBack } from "./lent_frame.js";
import { assetUrl } from "./on_canvas.js";
import { hasPreview, previewOf } from "./store.js";

/** Fills `host`. */
export function mountEditor(host, parts) {
  const { canvas, stack, onCanvas, source, store, toasts, library, pictureVerbs, lent } = parts;
  const file = h("input", { type: "file", accept: PICTURE_TYPES, hidden: true });
  const empty = createEmpty({ choose: () => file.click(), pick });
  const backWords = h("span");
  const back = h("button", { type: "button", class: "secondary", data: { act: "put-back" }, on: { click: () => lent.putBack({ id: onCanvas.image(), ...source.size }) } }, icon("film"), backWords);
  const others = [
    back,
    iconButton("picture", "Open another picture", () => file.click()),
    iconButton("library", "Open a picture of the library", pick),
    iconButton("download", "Download this picture", download),
  ];
  const foot = createFoot({ ...parts, others });
  const element = h("section", { class: "editor", "aria-label": "Editor" }, empty, canvas.element, foot.element, file);
  host.append(element);
  source.places.canvas = element;
  let previewed = "";

  async function take(one) {
    element.dataset.state = "sending";
    const asset = one && (await sendPicture(one, toasts));
    if (asset) source.take(asset);
    draw();
  }
  function pick() {
    library.pick("Choose the picture to edit.", (record) => pictureVerbs.sendTo(record, "inpaint"));
  }
  function download() {
    const step = stack.last();
    const href = step?.picture_id && step.image === onCanvas.image() ? url(`api/v1/pictures/${step.picture_id}/file?download=1`) : assetUrl(onCanvas.image());
    h("a", { href, download: "" }).click();
  }
  function draw() {
    const hasPicture = Boolean(source.fields.image) && !source.isGone;
    show(empty, !hasPicture);
    show(canvas.element, hasPicture);
    const step = stack.running() ?? stack.stopped();
    element.dataset.state = step?.state ?? (hasPicture ? "ready" : "empty");
    foot.draw(hasPicture);
    show(back, Boolean(lent.out));
    if (lent.out) setText(backWords, wayBack(lent.out));
    drawPreview();
  }
  /** What develops, in its place in the picture that it starts from. */
  function drawPreview() {
    const step = stack.running();
    const job = step && store.jobs.get(step.job_id);
    const picture = job?.pictures.find((one) => one.state === "running") ?? job?.pictures[0];
    const isHere = job && step.source === onCanvas.image() && hasPreview(job, picture);
    const src = isHere ? previewOf(job, picture) : "";
    if (!src && step) return; // the last one stays until the result is there
    if (src === previewed) return;
    previewed = src;
    element.toggleAttribute("data-previews", Boolean(src));
    if (!src) return canvas.showPreview(null);
    canvas.showPreview(src, placeOf(job.request), maskOf(job.request, canvas.size()))?.catch(() => {}); // the next one may come
  }

  file.addEventListener("change", () => (take(file.files[0]), (file.value = "")));
  takesPictures(element, take);
  stack.onChange(draw);
  source.onChange(draw);
  onCanvas.onChange(draw);
  lent.onChange(draw);
  store.subscribe(draw);
  document.addEventListener("visibilitychange", draw);
}

/** The region of a job in pixels of its source; all of it where the result has a size of its own. */
function placeOf({ source, inpainting }) {
  const region = inpainting?.region;
  if (!region || inpainting.area === "whole") return null;
  return {
    x: region.left - source.extend_left,
    y: region.top - source.extend_top,
    width: region.right - region.left,
    height: region.bottom - region.top,
  };
}

/** Only what is masked develops in sight, unless more than that changes. */
function maskOf({ source, inpainting }, size) {
  const isPlain = inpainting?.mask && !inpainting.is_inverted && inpainting.area !== "whole";
  const isLarger = Object.entries(source).some(([name, px]) => name.startsWith("extend_") && px > 0);
  return isPlain && !isLarger ? { src: assetUrl(inpainting.mask), x: 0, y: 0, ...size } : null;
}

function createEmpty({ choose, pick }) {
  return h(
    "div",
    { class: "empty editor-empty" },
    icon("picture"),
    h("p", { class: "empty-title" }, "Which picture is to change?"),
    h("p", {}, "Drop it here, paste it, or choose one. Then paint over what is to change, say what it is to be, and press Generate. All the rest stays as it is, to the pixel."),
    h(
      "div",
      { class: "chips" },
      h("button", { type: "button", class: "secondary", on: { click: choose } }, icon("picture"), "Choose a picture"),
      h("button", { type: "button", class: "secondary", on: { click: pick } }, icon("library"), "From the library"),
    ),
  );
}
