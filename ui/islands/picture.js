// A finished picture: its settings, what can be done with it, and its denoising strip. Used by result and library.
import { url } from "./api.js";
import { branchesOf, createBranch } from "./branch.js";
import { createCompare } from "./compare.js";
import { createExports } from "./exports.js";
import { h, icon, iconButton, show } from "./dom.js";
import { finerFacts, templateOf } from "./finer_facts.js";
import { wayBack } from "./lent_frame.js";
import { pictureLicences } from "./licence.js";
import { createStrip } from "./strip.js";
import { createVerdict } from "./verify.js";
import { duration, fileSize, when } from "./words.js";

/** The view below a stage. `verbs`: useSettings, useSeed, sendTo, branch, verify, enlarge, lent, styleOf, trash, restore, openInLibrary (absent: no such button). */
export function createPictureView(stage, verbs, toasts) {
  const branch = createBranch(verbs);
  const strip = createStrip(stage, { beside: branch.button, onScrub: branch.at });
  const verdict = createVerdict(verbs.verify);
  const compare = createCompare(stage);
  const exports = createExports(verbs, toasts);
  const words = h("div", { class: "picture-words" });
  const actions = h("div", { class: "picture-actions", role: "toolbar", "aria-label": "Picture" });
  const element = h(
    "div",
    { class: "picture-view", hidden: true },
    strip.element,
    branch.element,
    verdict.element,
    h("div", { class: "picture-row" }, words, actions),
  );
  let current = null;

  function open(record) {
    show(element, true);
    if (current?.id === record.id && current.trashed === record.trashed) return;
    current = record;
    stage.shape(record.width, record.height);
    stage.frame.dataset.state = record.trashed ? "trashed" : "done";
    stage.show(url(`api/v1/pictures/${record.id}/file`), record.prompt || "Picture without a prompt");
    branch.open(record);
    strip.open(record);
    verdict.open(record);
    compare.open(record);
    exports.open(record);
    words.replaceChildren(...describe(record, verbs));
    drawActions();
  }
  function drawActions() {
    if (current) actions.replaceChildren(...buttons(current));
  }
  function close() {
    current = null;
    strip.close();
    branch.close();
    verdict.close();
    compare.close();
    show(element, false);
  }
  function buttons(record) {
    const file = url(`api/v1/pictures/${record.id}/file?download=1`);
    const { lent } = verbs;
    return [
      !record.trashed && lent.out && h("button", { type: "button", class: "secondary", data: { act: "put-back" }, title: `Into ${lent.out.name}`, on: { click: () => lent.putBackPicture(record) } }, icon("film"), wayBack(lent.out)),
      compare.button,
      !record.trashed && iconButton("picture", "Image to image: start from this picture", () => verbs.sendTo(record, "image")),
      !record.trashed && iconButton("brush", "Inpaint: change a part of this picture", () => verbs.sendTo(record, "inpaint")),
      !record.trashed && verbs.enlarge.fits(record) && iconButton("enlarge", "Enlarge to twice its size, with new details", () => verbs.enlarge.run(record)),
      verbs.useSeed &&
        record.seed !== null &&
        iconButton("seed", "Use this seed", () => verbs.useSeed(record)),
      record.request && iconButton("sliders", "Use these settings", () => verbs.useSettings(record)),
      verbs.verify.fits(record) && iconButton("check", "Verify: make it again and compare", () => verbs.verify.run(record)),
      record.parameters &&
        iconButton("copy", "Copy the settings as text", () => copy(record.parameters, toasts)),
      h(
        "a",
        { class: "icon-button", href: file, download: "", "aria-label": "Download", title: "Download" },
        icon("download"),
      ),
      exports.element,
      verbs.openInLibrary && iconButton("library", "Open in the library", () => verbs.openInLibrary(record)),
      record.trashed
        ? iconButton("restore", record.program ? "Show again" : "Take out of the trash", () => verbs.restore(record))
        : record.program
          ? iconButton("hide", "Hide from the library; the file stays", () => verbs.trash(record))
          : iconButton("trash", "Move to the trash", () => verbs.trash(record)),
    ].filter(Boolean);
  }
  verbs.lent.onChange(drawActions);
  return { element, open, close, current: () => current };
}

function refinedBy(request) {
  return request?.refiner ? `${request.refiner}, from ${Math.round(request.refiner_switch_at * 100)} %` : "";
}

function describe(record, verbs) {
  const sampling = record.request?.sampling ?? {};
  const facts = [
    ["Seed", record.seed],
    ["Size", `${record.width} × ${record.height}`],
    ["Steps", sampling.steps],
    ["CFG scale", sampling.guidance_scale],
    ["Sampler", sampling.sampler],
    ["Schedule", sampling.schedule],
    ["Clip skip", record.request?.clip_skip > 1 ? record.request.clip_skip : ""],
    ["Checkpoint", record.checkpoint],
    ["Refiner", refinedBy(record.request)],
    ["Tiles", record.request?.tile ? `${record.request.tile} px` : ""],
    ["Denoising strength", record.request?.source?.strength],
    ["VAE", record.request?.vae ?? ""],
    ["LoRA", record.applied],
    ["ControlNet", guidesOf(record.request?.controls)],
    ["IP-Adapter", guidesOf(record.request?.image_prompts)],
    ...finerFacts(record.request),
    ...branchesOf(record.request).map((words) => ["Branched", words]),
    ["Licences", record.licences ? pictureLicences(record.licences) : ""],
    ["Took", record.seconds ? duration(record.seconds) : ""],
    ["File", fileSize(record.bytes)],
    ["Made", when(record.created)],
    ["Lies in", record.program && `${record.program}, read only`],
  ];
  return [
    h("p", { class: "words-prompt" }, record.prompt || "no prompt"),
    record.negative_prompt && h("p", { class: "words-negative" }, `without: ${record.negative_prompt}`),
    templateOf(record.request, verbs.useTemplate && (() => verbs.useTemplate(record))),
    h(
      "dl",
      { class: "facts" },
      ...facts
        .filter(([, value]) => value !== "" && value !== null && value !== undefined)
        .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))),
    ),
  ].filter(Boolean);
}

/** The models of guides with their weights: "canny 0.8, depth 1". */
const guidesOf = (guides) => (guides ?? []).map(({ model, weight }) => `${model} ${weight}`).join(", ");

/** Copies text; the clipboard API exists on https pages only, so an old way stands behind it. */
export async function copy(text, toasts) {
  let isDone = false;
  try {
    await navigator.clipboard.writeText(text);
    isDone = true;
  } catch {
    const box = h("textarea", { class: "off-screen" });
    box.value = text;
    document.body.append(box);
    box.select();
    isDone = document.execCommand("copy");
    box.remove();
  }
  toasts.say(isDone ? "Settings copied." : "This browser does not let the page copy.", { isError: !isDone });
}
