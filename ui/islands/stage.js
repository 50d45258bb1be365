// Where a picture develops: each preview fades in over the one before it, from grain to the finished picture.
import { h } from "./dom.js";

const GRAIN_PX = 256;
const FADE_MS = 450; // a little more than the transition in style.css

/** A frame of the picture's own shape. `show` loads and fades in; while one loads only the latest wish is kept. */
export function createStage() {
  const layers = h("div", { class: "layers" });
  const frame = h("div", { class: "frame" }, layers);
  const element = h("div", { class: "stage" }, frame);
  let wanted = null;
  let shown = "";
  let isLoading = false;

  /** The shape of what comes, so that the frame does not jump. */
  function shape(width, height) {
    element.style.setProperty("--ratio", width / height);
  }
  function clear() {
    wanted = null;
    shown = "";
    layers.replaceChildren();
  }
  /** Shows a picture by its address. */
  function show(src, alt = "") {
    wanted = { src, alt };
    if (!isLoading) load();
  }
  async function load() {
    while (wanted && wanted.src !== shown) {
      const next = wanted;
      isLoading = true;
      const image = h("img", { alt: next.alt, draggable: "false" });
      image.src = next.src;
      const isThere = await image.decode().then(
        () => true,
        () => false,
      );
      isLoading = false;
      if (!wanted) return;
      shown = next.src;
      if (
        isThere &&
        (wanted === next || layers.childElementCount === 0 || isSameSeries(wanted.src, next.src))
      )
        place(image);
    }
  }
  function place(image) {
    for (const old of layers.children) old.setAttribute("aria-hidden", "true");
    layers.append(image);
    image.getBoundingClientRect(); // the browser must see it transparent first
    image.classList.add("in");
    setTimeout(() => {
      while (image.isConnected && image.previousElementSibling) image.previousElementSibling.remove();
    }, FADE_MS);
  }
  return { element, frame, shape, show, clear, isEmpty: () => layers.childElementCount === 0 };
}

const isSameSeries = (one, other) => one.split("?")[0] === other.split("?")[0];

/** Grain for frames that are still blank, made once: uniform grey noise, as latents are before the first step. */
export function makeGrain() {
  const canvas = h("canvas", { width: GRAIN_PX, height: GRAIN_PX });
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(GRAIN_PX, GRAIN_PX);
  for (let i = 0; i < pixels.data.length; i += 4) {
    const grey = 58 + Math.random() * 44;
    pixels.data.set([grey, grey, grey, 255], i);
  }
  context.putImageData(pixels, 0, 0);
  document.documentElement.style.setProperty("--grain", `url(${canvas.toDataURL()})`);
}
