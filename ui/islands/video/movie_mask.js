// Where a movie may change: a picture for all of its frames, or a movie of masks that goes along. White changes.
import { url } from "../api.js";
import { h, icon, setAttribute, setText, show } from "../dom.js";
import { PICTURE_TYPES, sendPicture, takesPictures } from "../drop.js";
import { MOVIE_TYPES, sendMovie } from "./movie_files.js";
import { createMaskPaint } from "./movie_paint.js";
import { createWidgets } from "./widgets.js";

export const MASK_START = { image: "", movie: "", is_inverted: false, blur: 4 };
const FIELDS = [
  { name: "blur", label: "Soft edge", kind: "slider", range: [0, 64], step: 1, tell: (value) => `${value} px` },
  { name: "is_inverted", label: "Change all but the mask", kind: "switch" },
];
const INVITATION = "All of it changes. Choose, drop or paste a picture, or a movie of masks: white changes, black stays.";

/** The part; `draw()` brings it up to date with the draft. `frame()`: the one that is seen, as an upload, to paint on. */
export function createMask({ draft, frame, toasts }) {
  const file = h("input", { type: "file", accept: `${PICTURE_TYPES},${MOVIE_TYPES}`, hidden: true, on: { change: takeChosen } });
  const image = h("img", { alt: "The mask", hidden: true });
  const words = h("span");
  const button = h("button", { type: "button", class: "guide-picture", "aria-label": "Choose a mask", on: { click: () => file.click() } }, image, h("span", { class: "guide-invitation" }, words));
  const paint = createMaskPaint({ toasts, onDone: (id) => (id ? set({ image: id, movie: "" }) : draft.announce()) });
  const painting = h("button", { type: "button", class: "secondary", title: "On the frame that is seen", on: { click: begin } }, icon("brush"), "Paint it");
  const none = h("button", { type: "button", class: "quiet", on: { click: () => draft.set("mask", null) } }, icon("close"), "No mask");
  const widgets = createWidgets({ fields: FIELDS, page: "mask", change: (name, value) => set({ [name]: value }), label: "Mask" });
  const element = h("section", { class: "maker-part movie-mask", "aria-label": "Mask" }, h("h3", {}, "Mask"), h("div", { class: "guide-frame" }, button), h("div", { class: "paint-verbs" }, painting, none), widgets.element, file);
  let of = ""; // the movie whose frame is painted on
  let sent = null; // how much of a movie is on its way

  const set = (fields) => draft.set("mask", { ...MASK_START, ...draft.settings.mask, ...fields });
  function takeChosen() {
    if (file.files.length) take(file.files[0]);
    file.value = "";
  }
  async function take(given) {
    sent = 0;
    draw();
    const kept = await (given.type.startsWith("image/") ? sendPicture(given, toasts) : takeMovie(given));
    sent = null;
    if (kept) set(kept.seconds === undefined ? { image: kept.id, movie: "" } : { image: "", movie: kept.id });
    else draw();
  }
  async function begin() {
    painting.disabled = true;
    try {
      of = draft.movie.id;
      paint.open(await frame());
      draft.announce();
    } catch (error) {
      toasts.fail(error, { key: "videos" });
    }
    draw();
  }
  function takeMovie(given) {
    const { done } = sendMovie(given, (share) => ((sent = share), draw()));
    return done.catch((error) => (toasts.fail(error, { key: "videos" }), null));
  }
  function draw() {
    const { mask } = draft.settings;
    if (paint.isOpen() && draft.movie?.id !== of) paint.close();
    const hasImage = Boolean(mask?.image) && sent === null;
    show(image, hasImage);
    if (hasImage) setAttribute(image, "src", url(`api/v1/assets/${mask.image}/file`));
    show(words.parentElement, !hasImage);
    setText(words, sent !== null ? `On its way, ${Math.round(sent * 100)} %` : mask?.movie ? "A movie of masks goes along, frame by frame." : INVITATION);
    button.disabled = sent !== null;
    painting.disabled = sent !== null || !draft.movie || paint.isOpen();
    show(none, Boolean(mask));
    show(widgets.element, Boolean(mask));
    widgets.draw(mask ?? MASK_START);
  }
  takesPictures(button, take);
  return { element, draw, paint };
}
