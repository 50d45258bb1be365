// The island of the source: the picture to start from, chosen, dropped, pasted or taken from the library; or many.
import { url } from "./api.js";
import { h, icon, iconButton, setAttribute, setText, show } from "./dom.js";
import { PICTURE_TYPES, sendPicture, takesPictures } from "./drop.js";
import { createMany } from "./many.js";
import { openSketch } from "./sketch.js";

/** Fills `host`. `library.pick(run)` lets the user choose a picture there. */
export function mountSource(host, { source, form, store, verbs, toasts, library, pictureVerbs, controls, sizing }) {
  const many = createMany({ source, store, verbs, toasts });
  const image = h("img", { alt: "The picture to start from", on: { error: () => gone(true), load: () => gone(false) } });
  const words = h("span", {});
  const invitation = h("span", { class: "guide-invitation" }, icon("picture"), words);
  const file = h("input", { type: "file", accept: PICTURE_TYPES, multiple: true, hidden: true });
  const frame = h("button", { type: "button", class: "guide-picture", on: { click: () => file.click() } }, image, invitation);
  const remove = iconButton("close", "Remove the source", source.remove, { class: "icon-button source-remove" });
  const size = h("span", { class: "value" });
  const fit = action("fit", "Size from picture", sizing.take);
  const guide = action("nodes", "Use as ControlNet input", useAsGuide);
  const sketch = action("pencil", "", draw);
  const sketchWords = sketch.lastElementChild;
  host.append(
    h("div", { class: "label-row" }, h("span", { class: "label" }, "Start from"), size),
    h("div", { class: "guide-frame source-frame" }, frame, remove),
    file,
    h("div", { class: "source-actions" }, action("library", "Library", pick), sketch, fit, guide),
    many.element,
  );
  source.places.image = host;

  async function take(one, files = [one]) {
    if (files.length > 1) return many.choose(files);
    setText(words, "Sending …");
    show(invitation, true);
    show(image, false);
    const asset = await sendPicture(one, toasts);
    if (asset) source.take(asset);
    else refresh();
  }
  function pick() {
    library.pick("Choose the picture to start from.", (record) => pictureVerbs.sendTo(record, "image"));
  }
  async function draw() {
    const { image: id } = source.fields;
    const blank = { width: form.values.width ?? 512, height: form.values.height ?? 512 };
    const base = id && source.size ? { src: url(`api/v1/assets/${id}/file`), ...source.size } : null;
    const blob = await openSketch({ base, blank, toasts });
    const asset = blob && (await sendPicture(new File([blob], "sketch.png", { type: "image/png" }), toasts));
    if (asset) source.take(asset, { isSketch: !base });
  }
  function useAsGuide() {
    const offered = Object.keys(controls.offers?.preprocessors ?? {});
    const preprocessor = (source.isSketch && ["scribble", "line"].find((name) => offered.includes(name))) || "none";
    controls.change(controls.add(), { image: source.fields.image, preprocessor });
    document.dispatchEvent(new CustomEvent("darkroom:reveal", { detail: document.getElementById("fold-controls") }));
    document.querySelector("[data-island=controls] .guide:last-child")?.scrollIntoView({ block: "nearest" });
  }
  function gone(isGone) {
    const has = Boolean(source.fields.image);
    show(image, has && !isGone);
    show(invitation, !has || isGone);
    setText(words, has ? "The picture is gone. Choose it again." : "Choose, drop or paste a picture");
    setAttribute(frame, "aria-label", has ? "Another picture to start from" : "Choose a picture to start from");
  }
  let drawn = "";
  function refresh() {
    const { image: id } = source.fields;
    if (id && id !== drawn) image.src = url(`api/v1/assets/${id}/file`);
    drawn = id;
    gone(source.isGone);
    setText(size, source.size ? `${source.size.width} × ${source.size.height} px` : "");
    setText(sketchWords, id ? "Sketch on it" : "Draw a sketch");
    for (const node of [remove, fit, guide]) show(node, Boolean(id) && !source.isGone);
    show(remove, Boolean(id));
    show(guide, Boolean(id) && !source.isGone && controls.offered().length > 0);
    frame.classList.toggle("wide", Boolean(source.size) && source.size.width > source.size.height * 1.5);
  }
  file.addEventListener("change", () => {
    const chosen = [...file.files];
    file.value = "";
    if (chosen.length) take(chosen[0], chosen);
  });
  takesPictures(frame, take);
  source.onChange(refresh);
  controls.onChange(refresh);
}

function action(name, label, run) {
  return h("button", { type: "button", class: "quiet", on: { click: run } }, icon(name), h("span", {}, label));
}
