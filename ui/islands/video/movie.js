// What begins with a movie: restyled, without its flicker, cut or slowed down; the movie on the left, what is done on the right.
import { h, icon, setText, show } from "../dom.js";
import { takesPictures } from "../drop.js";
import { showProblems } from "../problems.js";
import { createMakerFoot } from "./maker_foot.js";
import { createMovieDraft } from "./movie_draft.js";
import { MOVIE_MODES } from "./movie_fields.js";
import { MOVIE_TYPES } from "./movie_files.js";
import { createMovieGuides } from "./movie_guides.js";
import { createPlayer } from "./movie_player.js";
import { OUTPUT_FIELDS } from "./output_fields.js";
import { createStillFields } from "./still_fields.js";
import { createWidgets } from "./widgets.js";

const TITLE = { name: "title", label: "Title", kind: "text", isWide: true, placeholder: "e.g. The harbour" };
const WORDS = [
  { name: "prompt", label: "Prompt", kind: "lines", isWide: true, placeholder: "What it becomes, e.g. a watercolour of a harbour" },
  { name: "negative_prompt", label: "Not to be seen", kind: "text", isWide: true, placeholder: "e.g. text, blur" },
];

export const createRestyle = (parts) => createMovie("restyle", parts);
export const createDeflicker = (parts) => createMovie("deflicker", parts);
export const createRecut = (parts) => createMovie("recut", parts);

/** A mode; see MODES in modes.js. */
function createMovie(mode, { videos, store, form, checkpoint, picker, toasts, modes, source, lent, onBegun, onBack }) {
  const { title, button, draws, fields } = MOVIE_MODES[mode];
  const draft = createMovieDraft({ mode, videos, checkpoint, toasts });
  const file = h("input", { type: "file", accept: MOVIE_TYPES, hidden: true, on: { change: takeChosen } });
  const player = createPlayer({ draft, page: mode, toasts, onOther: () => file.click(), onStart: start });
  const drop = createDrop({ draft, onPress: () => file.click() });
  const widgets = createWidgets({ fields, page: mode, change: draft.set, label: title });
  const words = draws ? createWidgets({ fields: WORDS, page: mode, change: draft.setStill, label: "Words" }) : null;
  const still = draws ? createStillFields({ page: mode, form, checkpoint, picker, change: draft.setStill, usual: (name) => (["width", "height"].includes(name) ? sizeOf(name) : "") }) : null;
  const guiding = draws ? createMovieGuides({ draft, player, store, checkpoint, toasts }) : null;
  const written = createWidgets({ fields: [TITLE, ...OUTPUT_FIELDS], page: mode, change: draft.setFile, label: "File" });
  const foot = createMakerFoot({ draft, id: `${mode}-begin`, words: button, onBegin: begin });
  const back = h("button", { type: "button", class: "quiet maker-back", "aria-label": "New video", on: { click: onBack } }, icon("chevron"), h("span", {}, "New video"));
  const head = h("header", { class: "video-head" }, back, h("h2", {}, title));
  const main = h("div", { class: "maker-main movie-main", data: { at: "movie" } }, drop.element, player.element, guiding?.paint.element);
  const parts = [words && section("What it becomes", words.element), section("What is done", widgets.element), guiding?.mask, guiding?.controls, still?.element, section("File", written.element)];
  const side = h("div", { class: "video-side" }, h("div", { class: "video-scroll" }, ...parts.filter(Boolean)), foot.element);
  const element = h("div", { class: "maker movie", data: { mode }, hidden: true }, head, h("div", { class: "maker-body" }, main, side), file);

  /** From there it can be put back: see frames.js. */
  function start(asset, where, frame) {
    const { id, name } = draft.movie;
    lent.lend({ movie: id, name, frame, width: asset.width, height: asset.height });
    modes.open(where);
    source.take(asset);
  }
  const sizeOf = (name) => (draft.answer ? String(draft.answer[name]) : "as the movie");
  function takeChosen() {
    if (file.files.length) draft.take(file.files[0]);
    file.value = "";
  }
  async function begin() {
    if (draft.problems.length) return focusFirst();
    const video = await draft.begin();
    if (!video) return focusFirst();
    onBegun(video);
  }
  function draw() {
    const isThere = Boolean(draft.movie) && draft.sent === null;
    show(player.element, isThere && !guiding?.paint.isOpen());
    drop.draw(!isThere);
    player.draw();
    widgets.draw(draft.settings);
    for (const { name, fits } of fields) show(placeOf(name), !fits || fits(draft.settings));
    words?.draw(draft.still);
    still?.draw(draft.still);
    guiding?.draw();
    written.draw(draft.file);
    foot.draw(showProblems(element, draft.problems, ({ at }) => placeOf(at)), isThere);
  }
  const placeOf = (at) => guiding?.placeOf(at) ?? element.querySelector(`[data-at="${CSS.escape(at)}"]`);
  function focusFirst() {
    draw();
    const place = element.querySelector(".field-error")?.parentElement;
    place?.querySelector("textarea, input, select, button")?.focus();
    place?.scrollIntoView({ block: "center" });
  }
  takesPictures(element, draft.take);
  draft.onChange(draw);
  return { element, open: () => (draft.find(), draw()) };
}

export const section = (title, ...nodes) => h("section", { class: "maker-part", "aria-label": title }, h("h3", {}, title), ...nodes);

/** Where a movie is wanted, and how far it is on its way. */
export function createDrop({ draft, onPress }) {
  const words = h("span", { class: "empty-title" });
  const about = h("span", {}, "Or press here to choose one. It stays on this machine.");
  const fill = h("span", { class: "progress-fill" });
  const bar = h("div", { class: "progress-bar", role: "progressbar", "aria-label": "Upload", "aria-valuemin": 0, "aria-valuemax": 100 }, fill);
  const button = h("button", { type: "button", class: "video-drop", on: { click: onPress } }, icon("play"), words, about);
  const end = h("button", { type: "button", class: "quiet", on: { click: draft.endUpload } }, "Cancel");
  const sending = h("div", { class: "movie-sending" }, bar, end);
  const element = h("div", { class: "movie-drop" }, button, sending);

  function draw(isShown) {
    const { sent } = draft;
    show(element, isShown);
    show(sending, sent !== null);
    button.disabled = sent !== null;
    setText(words, sent === null ? "Drop a movie" : sent < 1 ? `On its way, ${Math.round(sent * 100)} %` : "It is looked at …");
    bar.setAttribute("aria-valuenow", Math.round((sent ?? 0) * 100));
    fill.style.transform = `scaleX(${(sent ?? 0).toFixed(3)})`;
  }
  return { element, draw };
}
