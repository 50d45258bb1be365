// A movie frame by frame: it plays, stands still at any of its frames, and shows those that were changed as they are now.
import { url } from "../api.js";
import { debounce, h, icon, isTyping, setAttribute, setText, show } from "../dom.js";
import { createMovieStrip } from "./movie_strip.js";
import { frameUrl, seconds } from "./telling.js";

const EDGE = 0.001; // the end of a frame is shown as the next one
const LOOK_MS = 150;
const STEPS = { ",": -1, ".": 1, ArrowLeft: -1, ArrowRight: 1 };

/**
 * The player; `draw({movie, src, edits})` brings it up to date, `go(frame)` goes to a frame, `frame()` is the one that is
 * shown; `onFrame(frame)` is called when it becomes another one. `watchKeys(host)`: while that is to be seen, keys step.
 */
export function createFramePlayer({ onFrame }) {
  const film = h("video", { class: "movie-film", playsinline: true, preload: "auto" });
  const still = h("img", { class: "frames-picture", alt: "The frame", hidden: true }); // of a movie that no browser plays
  const edited = h("img", { class: "frames-picture", alt: "The frame as it was put back", hidden: true });
  const note = h("button", { type: "button", class: "frames-note", hidden: true }, "As you put it back. Hold to see it as it was");
  const screen = h("div", { class: "movie-screen" }, film, still, edited, note);
  const strip = createMovieStrip({ onPick: go });
  const play = h("button", { type: "button", class: "icon-button", on: { click: turn } });
  const number = h("input", { type: "number", id: "frames-number", min: 0, step: 1, inputmode: "numeric", autocomplete: "off", "aria-label": "Frame" });
  const last = h("span");
  const time = h("span", { class: "frames-time" });
  const step = (by, sign, label) => h("button", { type: "button", class: `icon-button frames-${sign}`, "aria-label": label, title: label, on: { click: () => go(at + by) } }, icon("chevron"));
  const place = h("label", { class: "frames-number", for: number.id }, "Frame", number, last);
  const bar = h("div", { class: "frames-bar" }, play, step(-1, "back", "The frame before (,)"), place, step(1, "on", "The next frame (.)"), time);
  const facts = h("p", { class: "hint" });
  const element = h("div", { class: "frames-player" }, screen, strip.element, bar, facts);
  let shown = { movie: null, src: "", edits: [] };
  let at = 0;
  let isUnseen = false;

  film.addEventListener("error", () => shown.src && ((isUnseen = true), look(), drawFrame()));
  film.addEventListener("loadeddata", () => ((isUnseen = false), drawFrame()));
  film.addEventListener("timeupdate", follow);
  for (const event of ["pointerdown", "keydown"]) note.addEventListener(event, ({ key }) => key !== "Tab" && show(edited, false));
  for (const event of ["pointerup", "pointerleave", "pointercancel", "keyup", "blur"]) note.addEventListener(event, drawFrame);
  for (const event of ["play", "pause", "ended"]) film.addEventListener(event, () => (follow(), drawFrame()));
  film.addEventListener("click", turn);
  number.addEventListener("change", () => number.value !== "" && go(Math.round(Number(number.value))));

  const most = () => shown.movie.frames - 1;
  const look = debounce(() => (still.src = frameUrl("movies", shown.movie.id, at)), LOOK_MS);

  function turn() {
    if (film.paused && !isUnseen) film.play().catch(() => {});
    else film.pause();
  }
  /** In the middle of a frame, since its edge may be shown as the one before. */
  function go(frame) {
    if (!shown.movie) return;
    const wanted = Math.min(most(), Math.max(0, frame));
    film.pause();
    film.currentTime = (wanted + 0.5) / shown.movie.fps;
    if (isUnseen) look();
    reach(wanted);
  }
  function follow() {
    if (!shown.movie || film.seeking || isUnseen || !film.readyState) return;
    reach(Math.min(most(), Math.floor(film.currentTime * shown.movie.fps + EDGE)));
  }
  function reach(frame) {
    if (frame !== at) {
      at = frame;
      onFrame(at);
    }
    drawFrame();
  }
  function draw(next) {
    const isOther = next.src !== shown.src;
    shown = next;
    if (isOther) {
      [at, isUnseen] = [0, false];
      still.removeAttribute("src");
      film.src = shown.src;
      setText(facts, factsOf(shown.movie));
    }
    setAttribute(number, "max", most());
    setText(last, `/ ${most().toLocaleString()}`);
    strip.draw(shown);
    drawFrame();
  }
  function drawFrame() {
    if (!shown.movie) return;
    const image = film.paused ? shown.edits.find((edit) => edit.frame === at)?.image : "";
    if (image) setAttribute(edited, "src", url(`api/v1/assets/${image}/file`));
    show(edited, Boolean(image));
    show(note, Boolean(image));
    show(still, isUnseen);
    if (document.activeElement !== number) number.value = at;
    setText(time, `${seconds(at / shown.movie.fps)} of ${seconds(shown.movie.seconds)}`);
    const label = film.paused ? "Play" : "Pause";
    if (play.title !== label) play.replaceChildren(icon(label.toLowerCase()));
    setAttribute(play, "title", label);
    setAttribute(play, "aria-label", label);
    play.disabled = isUnseen;
    strip.mark(at);
  }
  function watchKeys(host) {
    document.addEventListener("keydown", (event) => {
      const by = STEPS[event.key];
      if (!by || !shown.movie || event.altKey || event.ctrlKey || event.metaKey || !host.checkVisibility()) return;
      const isTheirs = event.key.startsWith("Arrow") && event.target.closest?.("input, select, [role=tab], dialog");
      if (isTyping(event.target) || isTheirs) return;
      event.preventDefault();
      go(at + by);
    });
  }
  return { element, frame: () => at, go, draw, watchKeys };
}

function factsOf({ name, width, height, fps, sounds }) {
  return [name, `${width} × ${height} px`, `${Number(fps.toFixed(3))} fps`, sounds ? "with sound" : "without sound"].join(" · ");
}
