// The denoising strip: the kept steps of a finished picture, to scrub through how it developed.
import { call, url } from "./api.js";
import { h, setAttribute, setText, show } from "./dom.js";

const THUMBS = 10;

/** A strip over `stage`. `open(record)` loads its steps; `beside` stands below the label; `onScrub(step or null)`. */
export function createStrip(stage, { beside, onScrub }) {
  const thumbs = h("div", { class: "strip-thumbs", "aria-hidden": "true" });
  const slider = h("input", {
    type: "range",
    class: "strip-slider",
    min: 0,
    step: 1,
    "aria-label": "Step of the development",
  });
  const label = h("span", { class: "strip-label" });
  const aside = h("div", { class: "strip-aside" }, label, beside);
  const element = h("div", { class: "strip", hidden: true }, thumbs, slider, aside);
  let record = null;
  let frames = [];
  let warmed = false;

  const address = (frame) => url(`api/v1/pictures/${record.id}/strip/${frame.step}`);
  const file = () => url(`api/v1/pictures/${record.id}/file`);

  async function open(next) {
    if (record?.id === next.id) return;
    close();
    record = next;
    let found;
    try {
      found = await call("GET", `api/v1/pictures/${next.id}/strip`);
    } catch {
      return; // no strip was kept, or it was dropped for space: the picture stands without it
    }
    if (record?.id !== next.id || found.length < 2) return;
    frames = found;
    setAttribute(slider, "max", frames.length);
    slider.value = frames.length;
    drawThumbs();
    tell();
    show(element, true);
  }
  function close() {
    record = null;
    frames = [];
    warmed = false;
    show(element, false);
    thumbs.replaceChildren();
  }
  function drawThumbs() {
    const count = Math.min(THUMBS, frames.length);
    const picked = Array.from({ length: count }, (_, i) =>
      Math.round((i * (frames.length - 1)) / (count - 1)),
    );
    thumbs.replaceChildren(
      ...picked.map((index) =>
        h(
          "button",
          { type: "button", tabindex: -1, data: { index }, on: { click: () => go(index) } },
          h("img", { src: address(frames[index]), alt: "", loading: "lazy", decoding: "async" }),
        ),
      ),
    );
  }
  /** Index of a kept step; one past the last is the finished picture. */
  function go(index) {
    slider.value = index;
    scrub();
  }
  function scrub() {
    const frame = frames[Number(slider.value)];
    stage.show(frame ? address(frame) : file(), record.prompt);
    tell();
    if (!warmed) for (const one of frames) new Image().src = address(one);
    warmed = true;
  }
  function tell() {
    const index = Number(slider.value);
    const frame = frames[index];
    const text = frame ? `step ${frame.step} · σ ${frame.sigma.toFixed(2)}` : "finished";
    setText(label, text);
    onScrub(frame?.step ?? null);
    setAttribute(slider, "aria-valuetext", text);
    for (const thumb of thumbs.children)
      thumb.classList.toggle("passed", Number(thumb.dataset.index) <= index);
    slider.style.setProperty("--share", frames.length ? index / frames.length : 1);
  }
  slider.addEventListener("input", scrub);
  return { element, open, close };
}
