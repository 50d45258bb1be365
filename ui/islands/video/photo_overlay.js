// Draws over the photo, once an animation frame at most: what is painted for each effect, its lines, and the horizon.
import { rgbOf } from "../canvas_settings.js";
import { createTiles } from "../canvas_tiles.js";
import { h } from "../dom.js";
import { EFFECTS } from "./photo_effects.js";
import { barbs } from "./photo_lines.js";

const OPACITY = { chosen: 0.4, other: 0.2 };
const HEAD_PX = 14;
const GREY = [255, 255, 255];

/** A canvas of the viewport's size in device pixels; `line()` is what is being drawn. */
export function createOverlay({ draft, view, line }) {
  const element = h("canvas", { class: "easel-overlay", "aria-hidden": "true" });
  const context = element.getContext("2d");
  const accent = rgbOf(getComputedStyle(document.documentElement).getPropertyValue("--accent").trim());
  const masks = new Map(); // of effects, by mask and by whether it is in hand
  let isAsked = false;

  function redraw() {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(draw);
  }
  /** An area of an effect's mask has changed; null: all of it. */
  function invalidate(effect, area) {
    masks.get(effect.key)?.tiles.invalidate(area);
    redraw();
  }
  function draw() {
    isAsked = false;
    fitToScreen();
    context.clearRect(0, 0, element.width, element.height);
    if (!draft.photo) return;
    const chosen = draft.effect();
    for (const effect of draft.effects) if (effect !== chosen) drawMask(effect, GREY, OPACITY.other);
    if (chosen) drawMask(chosen, accent, OPACITY.chosen);
    context.save();
    context.scale(devicePixelRatio, devicePixelRatio);
    for (const effect of draft.effects) if (effect !== chosen) drawLines(effect, effect.lines, 0.5);
    if (chosen) drawLines(chosen, [...chosen.lines, ...(line().length > 1 ? [line()] : [])], 1);
    if (chosen) drawHorizon(chosen);
    context.restore();
  }
  function fitToScreen() {
    const box = element.parentElement;
    const [width, height] = [box.clientWidth, box.clientHeight].map((size) => Math.round(size * devicePixelRatio));
    if (element.width !== width) element.width = width;
    if (element.height !== height) element.height = height;
  }
  function drawMask(effect, colour, opacity) {
    if (!effect.mask) return;
    const known = masks.get(effect.key);
    if (known?.mask !== effect.mask || known.colour !== colour) masks.set(effect.key, { mask: effect.mask, colour, tiles: tilesOf(effect.mask, colour) });
    context.globalAlpha = opacity;
    masks.get(effect.key).tiles.draw(context, (x, y) => {
      const point = view.toView({ x, y });
      return [Math.round(point.x * devicePixelRatio), Math.round(point.y * devicePixelRatio)];
    });
    context.globalAlpha = 1;
  }
  function drawLines({ kind }, lines, opacity) {
    context.globalAlpha = opacity;
    for (const one of lines) {
      const places = one.map(view.toView);
      const path = EFFECTS[kind].line === "arrow" ? arrow(places) : anchor(places);
      stroke(path);
    }
    context.globalAlpha = 1;
  }
  function drawHorizon({ values: { horizon = null } }) {
    if (horizon === null) return;
    const { width, height } = draft.size();
    const [left, right] = [0, width].map((x) => view.toView({ x, y: horizon * height }));
    stroke(through([left, right]), [6, 6]);
  }
  /** White on black: seen on every photo. */
  function stroke(path, dash = []) {
    context.lineCap = context.lineJoin = "round";
    for (const [colour, width] of [["#000", 5], ["#fff", 2.5]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.setLineDash(width < 5 ? dash : []);
      context.stroke(path);
    }
    context.setLineDash([]);
  }
  return { element, redraw, invalidate };
}

function through(places) {
  const path = new Path2D();
  places.forEach(({ x, y }, place) => (place ? path.lineTo(x, y) : path.moveTo(x, y)));
  return path;
}

function arrow(places) {
  const path = through(places);
  const [one, other] = barbs(places, HEAD_PX);
  path.addPath(through([one, places.at(-1), other]));
  return path;
}

/** With a knob at each end, as something that is pinned there. */
function anchor(places) {
  const path = through(places);
  for (const { x, y } of [places[0], places.at(-1)]) (path.moveTo(x + 4, y), path.arc(x, y, 4, 0, 2 * Math.PI));
  return path;
}

function tilesOf(mask, [red, green, blue]) {
  const opaque = red | (green << 8) | (blue << 16); // every machine that runs a browser keeps the low byte first
  function pixelsOf(area, isFirst) {
    const pixels = new ImageData(area.width, area.height);
    const words = new Uint32Array(pixels.data.buffer);
    let isSeen = false;
    for (let row = 0, to = 0; row < area.height; row++) {
      let from = (area.y + row) * mask.width + area.x;
      for (const end = to + area.width; to < end; to++, from++) {
        if (mask.bytes[from] === 0) continue;
        words[to] = opaque | (mask.bytes[from] << 24);
        isSeen = true;
      }
    }
    return isSeen || !isFirst ? pixels : null;
  }
  const tiles = createTiles({ extent: () => mask, pixelsOf });
  tiles.invalidate(null);
  return tiles;
}
