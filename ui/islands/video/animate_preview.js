// The way of the camera, shown small over a grid while it is set: motion alone, nothing is drawn by the model.
import { url } from "../api.js";
import { debounce, h, icon, setAttribute, setText, show } from "../dom.js";
import { sketched } from "./animate_lanes.js";
import { seconds } from "./telling.js";

const ASK_MS = 300;
const SKETCH_FRAMES = 150; // as many as the server draws

/** The part; `draw()` asks for another sketch where the camera goes another way. */
export function createPreview({ draft, playhead }) {
  const canvas = h("canvas", { class: "camera-canvas", role: "img", "aria-label": "The way of the camera" });
  const image = h("img", { class: "camera-canvas", alt: "The way of the camera", hidden: true });
  const words = h("p", { class: "sketch-words" });
  const play = h("button", { type: "button", class: "icon-button sketch-play", on: { click: () => run(!isPlaying) } });
  const place = h("span", { class: "sketch-place" });
  const element = h("section", { class: "animate-preview", "aria-label": "Camera" }, h("div", { class: "sketch-screen" }, canvas, image, words), h("div", { class: "sketch-bar" }, play, place));
  let known = "";
  let wanted = 0; // the newest question; older answers are thrown away
  let frames = []; // {bitmap, ends}: the second at which it makes room for the next
  let isPlaying = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  let began = performance.now();

  const ask = debounce(async (settings, [width, height], seed) => {
    const mine = (wanted += 1);
    const got = await sketch({ settings, width, height, seed }).catch(() => null);
    if (mine !== wanted || !got) return;
    if (got.error) return setText(words, LATER);
    setText(words, "");
    await take(got.blob, mine);
  }, ASK_MS);

  async function take(blob, mine) {
    const decoded = "ImageDecoder" in window ? await decode(blob).catch(() => null) : null;
    if (mine !== wanted) return;
    show(canvas, Boolean(decoded));
    show(image, !decoded);
    if (!decoded) {
      URL.revokeObjectURL(image.src);
      image.src = URL.createObjectURL(blob); // it plays by itself, and the playhead goes by the clock
      began = performance.now();
      return;
    }
    for (const { bitmap } of frames) bitmap.close();
    frames = decoded;
    [canvas.width, canvas.height] = [frames[0].bitmap.width, frames[0].bitmap.height];
    paint(playhead.at);
  }
  function paint(at) {
    const { fps, max_frames: most } = draft.settings ?? { fps: 1, max_frames: 1 };
    const isSeen = at < SKETCH_FRAMES;
    setText(place, isSeen ? `Frame ${at} of ${most} · ${seconds(at / fps)}` : `Frame ${at}: the preview ends at ${SKETCH_FRAMES}`);
    const shown = frames.find(({ ends }) => ends > (at + 0.5) / fps) ?? frames.at(-1);
    if (shown) canvas.getContext("2d").drawImage(shown.bitmap, 0, 0);
  }
  function run(next) {
    isPlaying = next;
    play.replaceChildren(icon(isPlaying ? "pause" : "play"));
    setAttribute(play, "aria-label", isPlaying ? "Pause the preview" : "Play the preview");
    began = performance.now() - (playhead.at / (draft.settings?.fps ?? 1)) * 1000;
    if (isPlaying) requestAnimationFrame(tick);
  }
  function tick(now) {
    if (!isPlaying || !element.isConnected) return;
    const { fps, max_frames: most } = draft.settings ?? { fps: 1, max_frames: 1 };
    const count = Math.min(most, SKETCH_FRAMES);
    if (element.checkVisibility()) playhead.set(Math.floor(((now - began) / 1000) * fps) % count, most);
    requestAnimationFrame(tick);
  }
  function draw() {
    show(element, draft.settings.mode === "2d");
    if (element.hidden) return;
    const asked = [sketched(draft.settings), draft.size(), draft.seed()];
    const now = JSON.stringify(asked);
    if (now !== known) ask(...asked);
    known = now;
    paint(playhead.at);
  }
  playhead.onChange(paint);
  setTimeout(() => run(isPlaying)); // once it stands in the page
  return { element, draw, stop: () => isPlaying && run(false) };
}

const LATER = "The preview goes on once the lanes of the camera can be read.";

async function sketch(json) {
  const answer = await fetch(url("api/v1/video/camera"), { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(json), cache: "no-store" });
  return answer.ok ? { blob: await answer.blob() } : { error: (await answer.json()).error };
}

/** All frames at once, small as they are, so that any of them can be shown. Frames that are the same may have become one. */
async function decode(blob) {
  const decoder = new ImageDecoder({ data: await blob.arrayBuffer(), type: blob.type });
  await decoder.tracks.ready;
  await decoder.completed;
  const frames = [];
  for (let index = 0; index < decoder.tracks.selectedTrack.frameCount; index++) {
    const { image } = await decoder.decode({ frameIndex: index });
    const began = frames.at(-1)?.ends ?? 0;
    frames.push({ bitmap: await createImageBitmap(image), ends: began + (image.duration ?? 0) / 1e6 });
    image.close();
  }
  decoder.close();
  return frames;
}
