// Where a video is looked at: the film once there is one; before, the frame that is being drawn or the newest that is done.
import { h, icon, setAttribute, setText, show } from "../dom.js";
import { filmUrl, isPicture, posterUrl, previewUrl } from "./telling.js";

const LOOK_MS = 1000;
const EDGE = 0.001; // the end of a frame is shown as the next one

/** `draw(video)` brings it up to date, null puts it to rest; `seek(frame)` goes to a frame of the film, `onFrame(frame)` says which is shown. */
export function createScreen({ onFrame }) {
  const film = h("video", { class: "video-film", controls: true, loop: true, playsinline: true, hidden: true });
  film.muted = true; // else no browser begins by itself
  const image = h("img", { class: "video-film", alt: "", hidden: true });
  const words = h("p");
  const none = h("div", { class: "video-none" }, icon("picture"), words);
  const element = h("div", { class: "video-screen" }, film, image, none);
  let video = null;
  let turn = 0;
  let isLooking = false;

  image.addEventListener("error", () => !image.dataset.film && show(image, false));
  for (const event of ["timeupdate", "pause", "seeked"]) film.addEventListener(event, follow);
  function follow() {
    const { fps, film: made } = video ?? {};
    if (made && fps && film.src && film.readyState && !film.seeking) onFrame(Math.min(made.frames - 1, Math.floor(film.currentTime * fps + EDGE)));
  }
  function put(node) {
    for (const one of [film, image, none]) show(one, one === node);
    if (node !== film && film.src) (film.pause(), film.removeAttribute("src"), film.load());
  }
  function draw(next) {
    const isOther = next?.id !== video?.id;
    video = next;
    if (isOther) (put(none), (image.dataset.shown = ""), image.removeAttribute("src"));
    if (!video) return;
    element.style.setProperty("--ratio", video.width / video.height);
    if (video.film && video.state === "done") return showFilm();
    setText(words, WAITING[video.state] ?? "");
    const isDrawing = video.state === "running" && video.drawings > 0;
    if (!isDrawing || !image.dataset.shown?.includes("/preview")) showPicture(posterUrl(video)); // else it would jump to and fro
    if (isDrawing) look();
  }
  function showFilm() {
    const src = filmUrl(video);
    if (isPicture(video)) return ((image.dataset.film = "yes"), showPicture(src));
    if (film.src === src) return put(film);
    const wantsRest = matchMedia("(prefers-reduced-motion: reduce)").matches;
    film.src = src;
    setAttribute(film, "poster", posterUrl(video));
    put(film);
    if (!wantsRest) film.play().catch(() => {}); // its own button is there
  }
  function showPicture(src) {
    if (!src) return put(none);
    put(image);
    if (image.dataset.shown === src) return;
    image.dataset.shown = src;
    if (!src.includes("/film")) delete image.dataset.film;
    image.src = src;
  }
  /** While the model draws, the frame under its hand is asked for again and again; nobody is told when it changes. */
  async function look() {
    if (isLooking) return;
    isLooking = true;
    while (video?.state === "running" && video.drawings > 0) {
      if (element.checkVisibility() && !document.hidden) await peek(video);
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
    isLooking = false;
  }
  async function peek(one) {
    const fresh = new Image();
    fresh.src = previewUrl(one, (turn += 1));
    const isThere = await fresh.decode().then(() => true, () => false);
    if (isThere && one.id === video?.id && video.state === "running") showPicture(fresh.src);
  }
  /** Goes to the middle of a frame, since its edge may be shown as the one before. */
  function seek(frame) {
    if (film.hidden || !video?.fps) return;
    film.pause();
    film.currentTime = (frame + 0.5) / video.fps;
  }
  return { element, draw, seek };
}

const WAITING = { queued: "Waits for its turn.", running: "The first frame is on its way.", paused: "Paused before its first frame.", failed: "No frame was done." };
