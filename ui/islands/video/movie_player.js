// The movie that something is to be done to: it is watched here, a part of it is marked, and single frames are taken out.
import { call, url } from "../api.js";
import { h, icon, setAttribute, setText, show } from "../dom.js";
import { plural } from "../words.js";
import { createWidgets } from "./widgets.js";
import { seconds } from "./telling.js";

const EDGE = 0.001; // the end of a frame is shown as the next one
const PART_FIELDS = [
  { name: "start_seconds", label: "From, s", kind: "number", range: [0, 21600], empty: 0, placeholder: "the beginning" },
  { name: "end_seconds", label: "To, s", kind: "number", range: [0, 21600], placeholder: "the end" },
];

/** The part; `draw()`. `onStart(asset, mode, number)`: a frame is to be worked on as a picture. */
export function createPlayer({ draft, page, toasts, onOther, onStart }) {
  const film = h("video", { class: "movie-film", controls: true, playsinline: true });
  const unseen = h("p", { class: "movie-unseen", hidden: true }, "This browser cannot show this movie. It can be worked on all the same.");
  const facts = h("p", { class: "hint" });
  const other = h("button", { type: "button", class: "secondary", on: { click: onOther } }, icon("play"), "Another movie");
  const part = h("span", { class: "movie-span-fill" });
  const span = h("div", { class: "movie-span", "aria-hidden": "true" }, part);
  const widgets = createWidgets({ fields: PART_FIELDS, page, change: set, label: "Part" });
  const here = [
    ["start_seconds", "Begin here"],
    ["end_seconds", "End here"],
  ].map(([name, label]) => h("button", { type: "button", class: "secondary", on: { click: () => set(name, Number(film.currentTime.toFixed(3))) } }, label));
  const whole = h("button", { type: "button", class: "quiet", on: { click: () => (draft.set("start_seconds", 0), draft.set("end_seconds", null)) } }, "All of it");
  const picture = h("img", { alt: "The frame", class: "movie-frame-picture" });
  const told = h("span");
  const taken = h("div", { class: "movie-frame", hidden: true, role: "status" }, picture, told, ...["image", "inpaint"].map((mode) => h("button", { type: "button", class: "secondary", on: { click: () => onStart(asset, mode, taking) } }, mode === "image" ? "Image to image" : "Inpaint")));
  const take = h("button", { type: "button", class: "secondary", on: { click: takeFrame } }, icon("picture"), "Take this frame");
  const bar = h("div", { class: "movie-bar" }, ...here, whole, take, other);
  const element = h("div", { class: "movie-player" }, h("div", { class: "movie-screen" }, film, unseen), facts, span, widgets.element, bar, taken);
  let asset = null;
  let taking = 0; // its number

  film.addEventListener("error", () => show(unseen, Boolean(draft.src)));
  film.addEventListener("loadeddata", () => show(unseen, false));
  function set(name, value) {
    draft.set(name, value);
    if (name === "start_seconds") film.currentTime = value;
  }
  /** The frame that is seen, as an upload. */
  function frameHere(number) {
    film.pause();
    return call("POST", `api/v1/movies/${draft.movie.id}/frames/${number}`, { timeoutMs: 60000 });
  }
  const numberHere = () => Math.min(draft.movie.frames - 1, Math.floor(film.currentTime * draft.movie.fps + EDGE));
  async function takeFrame() {
    const number = numberHere();
    taking = number;
    take.disabled = true;
    try {
      asset = await frameHere(number);
      setAttribute(picture, "src", url(`api/v1/assets/${asset.id}/thumbnail`));
      setText(told, `Frame ${number}, ${asset.width} × ${asset.height} px: go on with it in`);
      show(taken, true);
    } catch (error) {
      toasts.fail(error, { key: "videos" });
    }
    take.disabled = false;
  }
  function draw() {
    const { movie, src, settings } = draft;
    if (!movie) return;
    if (film.src !== src) ((film.src = src), show(taken, false));
    setText(facts, factsOf(movie));
    widgets.draw(settings);
    const [start, end] = [settings.start_seconds, settings.end_seconds ?? movie.seconds];
    part.style.left = `${Math.min(100, (start / movie.seconds) * 100)}%`;
    part.style.right = `${Math.max(0, 100 - (end / movie.seconds) * 100)}%`;
    show(whole, start > 0 || settings.end_seconds !== null);
  }
  return { element, draw, frame: () => frameHere(numberHere()) };
}

function factsOf({ name, width, height, fps, frames, seconds: length, sounds, codec }) {
  return [name, `${width} × ${height} px`, `${Number(fps.toFixed(3))} fps`, `${seconds(length)}, ${plural(frames, "frame")}`, sounds ? "with sound" : "without sound", codec].join(" · ");
}
