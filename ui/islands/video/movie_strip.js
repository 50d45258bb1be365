// A movie as a row of small frames over a slider, drawn by the browser itself; marks show which frames were changed.
import { h, setAttribute, show } from "../dom.js";

const THUMBS = 16;
const THUMB_PX = 160;
const CLOSE_MS = 10000; // for one frame to be there

/** The strip; `draw({movie, src, edits})`, `mark(frame)` the one that is shown; `onPick(frame)` another one. */
export function createMovieStrip({ onPick }) {
  const thumbs = h("div", { class: "frames-thumbs", "aria-hidden": "true", on: { click: pick } });
  const slider = h("input", { type: "range", class: "strip-slider", min: 0, step: 1, "aria-label": "Place in the movie", on: { input: () => onPick(Number(slider.value)) } });
  const marks = h("div", { class: "frames-marks", "aria-hidden": "true" });
  const element = h("div", { class: "frames-strip" }, thumbs, marks, slider);
  let known = "";
  let last = 1;

  function pick({ clientX }) {
    const { left, width } = thumbs.getBoundingClientRect();
    onPick(Math.floor(((clientX - left) / width) * (last + 1)));
  }
  function draw({ movie, src, edits }) {
    last = Math.max(1, movie.frames - 1);
    setAttribute(slider, "max", last);
    marks.replaceChildren(...edits.map(({ frame }) => placed(h("i"), frame)));
    if (src === known) return;
    known = src;
    film(movie, src);
  }
  function placed(node, frame) {
    node.style.left = `${(frame / last) * 100}%`;
    return node;
  }
  function mark(frame) {
    slider.value = frame;
    slider.style.setProperty("--share", frame / last);
    setAttribute(slider, "aria-valuetext", `Frame ${frame}`);
  }
  /** One frame after the other; where the browser cannot play the movie there is the slider alone. */
  async function film({ frames, fps, width, height }, src) {
    const size = { width: THUMB_PX, height: Math.max(1, Math.round((THUMB_PX * height) / width)) };
    const canvases = Array.from({ length: Math.min(THUMBS, frames) }, () => h("canvas", size));
    thumbs.replaceChildren(...canvases);
    show(thumbs, true);
    const reader = h("video", { preload: "auto" });
    reader.muted = true;
    reader.src = src;
    try {
      for (const [place, canvas] of canvases.entries()) {
        await sought(reader, (Math.floor(((place + 0.5) * frames) / canvases.length) + 0.5) / fps);
        if (src !== known) break;
        canvas.getContext("2d").drawImage(reader, 0, 0, canvas.width, canvas.height);
      }
    } catch {
      if (src === known) show(thumbs, false);
    }
    reader.removeAttribute("src");
    reader.load();
  }
  return { element, draw, mark };
}

/** Resolves when the frame at that time is there; rejects where it cannot be. */
function sought(film, seconds) {
  return new Promise((done, fail) => {
    const late = setTimeout(fail, CLOSE_MS);
    film.onseeked = () => (clearTimeout(late), done());
    film.onerror = () => (clearTimeout(late), fail());
    film.currentTime = seconds;
  });
}
