// Files that are dropped on the page or pasted into it go to the place that takes pictures there, or give their settings.
import { call } from "./api.js";
import { h, isTyping, show } from "./dom.js";

/** What a chooser of files offers: all that the server reads. */
export const PICTURE_TYPES = "image/png,image/jpeg,image/webp,image/avif,image/gif,image/bmp,image/tiff";

const PLACE = "[data-takes-picture]";
const TIMEOUT_MS = 60000;
const SETTINGS = /(^|\n)Steps: \d+, /; // how the text of a picture ends

const takers = new WeakMap();

/** From now on pictures that are dropped on this element, or pasted while it has the focus, go to `take(file, files)`. */
export function takesPictures(element, take) {
  element.dataset.takesPicture = "";
  takers.set(element, take);
}

/** Uploads a picture; answers what it is kept as, or null after the user was told why not. */
export async function sendPicture(file, toasts) {
  const body = new FormData();
  body.append("file", file, file.name || "pasted.png");
  try {
    return await call("POST", "api/v1/assets", { body, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    toasts.fail(error, { key: "drop" });
    return null;
  }
}

/**
 * Watches the whole page for files. `take(files)` has what no place takes; `pasted()` is the place for what is pasted
 * while nobody writes and no place has the focus, or null.
 */
export function watchDrops({ take, pasted }) {
  const veil = h(
    "div",
    { class: "drop-veil", hidden: true },
    h("p", {}, "Drop the picture to take up its settings"),
  );
  document.body.append(veil);
  let depth = 0;
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const hide = () => {
    depth = 0;
    show(veil, false);
    mark(null);
  };

  const listen = (name, run) =>
    document.addEventListener(
      name,
      (event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        event.stopPropagation();
        run(event);
      },
      true,
    );
  const placeOf = (event) => event.target?.closest?.(PLACE);
  listen("dragenter", () => show(veil, ++depth > 0));
  listen("dragover", (event) => show(veil, !mark(placeOf(event))));
  listen("dragleave", () => --depth <= 0 && hide());
  listen("drop", (event) => {
    hide();
    give(placeOf(event), [...event.dataTransfer.files]);
  });
  document.addEventListener(
    "paste",
    (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      give(placeOf(event) ?? (isTyping(event.target) ? null : pasted()), files);
    },
    true,
  );

  /** Shows over which place the picture is held. */
  function mark(place) {
    for (const one of document.querySelectorAll(PLACE)) one.classList.toggle("over", one === place);
    return place;
  }
  function give(place, files) {
    if (!files.length) return;
    const taker = place && takers.get(place);
    if (taker) taker(files[0], files);
    else take(files);
  }
}

/** Offers to read what was pasted into the prompt, when it ends as the text of a picture does. */
export function watchSettingsInPrompt({ form, read }) {
  const button = h("button", { type: "button", class: "secondary", on: { click: () => read(form.values.prompt, "the text") } }, "Read settings");
  const offer = h("div", { class: "read-settings", role: "status", hidden: true }, h("span", {}, "This text holds the settings of a picture."), button);
  form.onChange(({ prompt }) => {
    const block = document.getElementById("field-prompt");
    if (block && offer.parentElement !== block) block.append(offer);
    show(offer, SETTINGS.test(prompt ?? ""));
  });
}
