// Work on frames: a movie is looked through frame by frame, frames become pictures elsewhere, and come back changed.
import { call } from "../api.js";
import { h, icon, setText, show } from "../dom.js";
import { PICTURE_TYPES, sendPicture, takesPictures } from "../drop.js";
import { keep, recall } from "../prefs.js";
import { showProblems } from "../problems.js";
import { createExport } from "./frames_export.js";
import { createPutBack } from "./frames_list.js";
import { createFramePlayer } from "./frames_player.js";
import { createMakerFoot } from "./maker_foot.js";
import { createDrop, section } from "./movie.js";
import { createMovieDraft } from "./movie_draft.js";
import { MOVIE_MODES } from "./movie_fields.js";
import { MOVIE_TYPES } from "./movie_files.js";
import { OUTPUT_FIELDS } from "./output_fields.js";
import { framesUrl, frameUrl } from "./telling.js";
import { createWidgets } from "./widgets.js";

const MODE = "edit";
const TITLE = { name: "title", label: "Title", kind: "text", isWide: true, placeholder: "e.g. The harbour, without the crane" };
const TAKE_MS = 60000; // to a frame of a movie that cannot be sought in
/** Where the movie was left off: {movie, frame}. */
export const AT = "video-frame-at";

/** The mode; see MODES in modes.js. */
export function createFrames(parts) {
  const { videos, checkpoint, toasts, modes, source, sizing, library, lent, onBegun, onBack } = parts;
  const { title, button, fields } = MOVIE_MODES[MODE];
  const draft = createMovieDraft({ mode: MODE, videos, checkpoint, toasts, own: (id) => ({ edits: lent.back(id) }) });
  const file = chooser(MOVIE_TYPES, draft.take);
  const picture = chooser(PICTURE_TYPES, putFile);
  const drop = createDrop({ draft, onPress: () => file.click() });
  const player = createFramePlayer({ onFrame: moved });
  const into = [
    ["image", "picture", "Image to image"],
    ["inpaint", "brush", "Inpaint"],
  ].map(([mode, sign, label]) => action(sign, label, () => takeInto(mode)));
  const given = [
    action("plus", "A picture in its place", () => picture.click(), "Or drop or paste it here: what you made of this frame in any program"),
    action("library", "From the library", () => library.pick(`Choose the picture that takes the place of frame ${player.frame()}.`, (record) => lent.putBackPicture(record, here()))),
  ];
  const save = h("a", { class: "secondary", data: { act: "save-frame" } }, icon("download"), "Save frame");
  const exported = createExport({ urlOf: (...range) => framesUrl("movies", draft.movie.id, ...range), count: () => draft.movie.frames });
  const actions = h("div", { class: "frames-actions" }, h("span", { class: "frames-words" }, "Take this frame to"), ...into, h("span", { class: "frames-words" }, "or put"), ...given);
  const others = h("div", { class: "frames-actions" }, save, exported.element, h("span", { class: "frames-gap" }), action("play", "Another movie", () => file.click()));
  const place = h("div", { class: "frames-place" }, player.element, actions, others);
  const list = createPutBack({ onPick: player.go, onRemove: (frame) => lent.setBack(draft.movie.id, lent.back(draft.movie.id).filter((one) => one.frame !== frame)) });
  const widgets = createWidgets({ fields, page: MODE, change: draft.set, label: title });
  const written = createWidgets({ fields: [TITLE, ...OUTPUT_FIELDS], page: MODE, change: draft.setFile, label: "File" });
  const foot = createMakerFoot({ draft, id: `${MODE}-begin`, words: button, onBegin: begin });
  const back = h("button", { type: "button", class: "quiet maker-back", "aria-label": "New video", on: { click: onBack } }, icon("chevron"), h("span", {}, "New video"));
  const main = h("div", { class: "maker-main movie-main", data: { at: "movie" } }, drop.element, place);
  const sections = [section("Frames that were put back", list.element), section("How far a change goes", widgets.element), section("File", written.element)];
  const side = h("div", { class: "video-side" }, h("div", { class: "video-scroll" }, ...sections), foot.element);
  const head = h("header", { class: "video-head" }, back, h("h2", {}, title));
  const element = h("div", { class: "maker movie frames", data: { mode: MODE }, hidden: true }, head, h("div", { class: "maker-body" }, main, side), file, picture);

  const here = () => ({ movie: draft.movie.id, name: draft.movie.name, frame: player.frame(), width: draft.movie.width, height: draft.movie.height });
  const imageAt = (frame) => draft.settings.edits.find((edit) => edit.frame === frame)?.image ?? "";

  /** The frame, or what was already made of it, becomes the picture to start from. */
  async function takeInto(mode) {
    const out = here();
    const image = imageAt(out.frame);
    for (const one of into) one.disabled = true;
    try {
      const asset = await (image ? call("GET", `api/v1/assets/${image}`) : call("POST", `api/v1/movies/${out.movie}/frames/${out.frame}`, { timeoutMs: TAKE_MS }));
      lent.lend(out);
      modes.open(mode);
      source.take(asset);
      if (mode === "image") sizing.take(); // with other proportions there is no way back
    } catch (error) {
      toasts.fail(error, { key: "videos" });
    }
    for (const one of into) one.disabled = false;
  }
  async function putFile(one) {
    const out = here();
    const asset = await sendPicture(one, toasts);
    if (asset) lent.putBack(asset, out);
  }
  /** A picture is one of this movie's frames; GIFs may be movies themselves. */
  function take(one) {
    const isPicture = draft.movie && one.type.startsWith("image/") && one.type !== "image/gif";
    if (isPicture) putFile(one);
    else draft.take(one);
  }
  async function begin() {
    const video = draft.problems.length ? null : await draft.begin();
    if (!video) return draw();
    lent.end();
    onBegun(video);
  }
  function moved(frame) {
    keep(AT, { movie: draft.movie.id, frame });
    drawFrame();
  }
  function drawFrame() {
    const { id } = draft.movie;
    save.href = frameUrl("movies", id, player.frame());
    save.download = "";
    list.mark(player.frame());
  }
  function draw() {
    const { movie, src, sent, settings } = draft;
    const isThere = Boolean(movie) && sent === null;
    show(place, isThere);
    drop.draw(!isThere);
    if (isThere) player.draw({ movie, src, edits: settings.edits });
    list.draw(isThere ? settings.edits : []);
    if (isThere) drawFrame();
    widgets.draw(settings);
    written.draw(draft.file);
    foot.draw(showProblems(element, draft.problems, placeOf), isThere && settings.edits.length > 0);
  }
  function placeOf({ at }) {
    const number = /^edits\.(\d+)/.exec(at)?.[1];
    return number === undefined ? element.querySelector(`[data-at="${CSS.escape(at)}"]`) : list.rowOf(Number(number));
  }
  /** What was put back while the page was elsewhere. */
  function follow() {
    if (!draft.movie) return;
    const edits = lent.back(draft.movie.id);
    if (JSON.stringify(edits) !== JSON.stringify(draft.settings.edits)) draft.set("edits", edits);
  }
  async function open() {
    draw();
    await draft.find();
    const left = recall(AT, null);
    if (draft.movie && left?.movie === draft.movie.id && left.frame !== player.frame()) player.go(left.frame);
  }
  takesPictures(element, take);
  player.watchKeys(element);
  draft.onChange(draw);
  lent.onChange(follow);
  return { element, open };
}

function action(sign, label, run, title = label) {
  return h("button", { type: "button", class: "secondary", title, on: { click: run } }, icon(sign), label);
}

function chooser(accept, take) {
  const input = h("input", { type: "file", accept, hidden: true });
  input.addEventListener("change", () => {
    if (input.files.length) take(input.files[0]);
    input.value = "";
  });
  return input;
}
