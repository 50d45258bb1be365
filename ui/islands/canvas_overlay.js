// Draws over the pictures, once an animation frame at most: the mask in its tint, the sketch, the outline of a shape.
import { createTiles } from "./canvas_tiles.js";
import { rgbOf } from "./canvas_settings.js";
import { h } from "./dom.js";

const SMOOTH_BELOW = 2; // device pixels a pixel of the picture: larger pixels are shown as they are
const CORNER_PX = 4;

/** A canvas of the viewport's size in device pixels. `isHidden()` says whether marks would cover what is to be seen. */
export function createOverlay({ paper, settings, view, outline, isHidden }) {
  const element = h("canvas", { class: "easel-overlay", "aria-hidden": "true" });
  const context = element.getContext("2d");
  const tiles = {
    mask: createTiles({ extent: paper.frame, pixelsOf: maskPixels }),
    sketch: createTiles({ extent: () => ({ x: 0, y: 0, ...paper.picture() }), pixelsOf: sketchPixels }),
  };
  let isAsked = false;

  function redraw() {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(draw);
  }
  function draw() {
    isAsked = false;
    fitToScreen();
    context.clearRect(0, 0, element.width, element.height);
    if (!isHidden()) {
      context.imageSmoothingEnabled = view.at.zoom * devicePixelRatio < SMOOTH_BELOW;
      if (paper.hasSketch()) drawTiles("sketch", 1);
      drawTiles("mask", settings.now.mode === "mask" ? settings.now.opacity : 0);
    }
    drawOutline(outline());
  }
  function fitToScreen() {
    const box = element.parentElement;
    const [width, height] = [box.clientWidth, box.clientHeight].map((size) => Math.round(size * devicePixelRatio));
    if (element.width !== width) element.width = width;
    if (element.height !== height) element.height = height;
  }
  function drawTiles(name, opacity) {
    if (opacity === 0) return;
    context.globalAlpha = opacity;
    tiles[name].draw(context, (x, y) => {
      const point = view.toView({ x, y });
      return [Math.round(point.x * devicePixelRatio), Math.round(point.y * devicePixelRatio)];
    });
    context.globalAlpha = 1;
  }
  /** White dashes on black: seen on every picture. */
  function drawOutline({ points, isClosed, corners }) {
    if (!points.length) return;
    context.save();
    context.scale(devicePixelRatio, devicePixelRatio);
    context.beginPath();
    points.map(view.toView).forEach(({ x, y }, place) => (place ? context.lineTo(x, y) : context.moveTo(x, y)));
    if (isClosed) context.closePath();
    for (const [colour, dash] of [["#000", []], ["#fff", [5, 5]]]) {
      context.strokeStyle = colour;
      context.lineWidth = 1.5;
      context.setLineDash(dash);
      context.stroke();
    }
    context.setLineDash([]);
    for (const { x, y } of corners.map(view.toView)) {
      context.fillStyle = "#fff";
      context.strokeStyle = "#000";
      context.fillRect(x - CORNER_PX, y - CORNER_PX, 2 * CORNER_PX, 2 * CORNER_PX);
      context.strokeRect(x - CORNER_PX, y - CORNER_PX, 2 * CORNER_PX, 2 * CORNER_PX);
    }
    context.restore();
  }

  function maskPixels(area, isFirst) {
    const { x, y, width, bytes } = paper.layer("mask");
    const tint = rgbOf(settings.now.tint);
    const opaque = littleEndian(tint);
    const pixels = new ImageData(area.width, area.height);
    const words = new Uint32Array(pixels.data.buffer);
    let isSeen = false;
    for (let row = 0, to = 0; row < area.height; row++) {
      let from = (area.y - y + row) * width + area.x - x;
      for (const end = to + area.width; to < end; to++, from++) {
        if (bytes[from] === 0) continue;
        words[to] = opaque | (bytes[from] << 24);
        isSeen = true;
      }
    }
    return isSeen || !isFirst ? pixels : null;
  }
  function sketchPixels(area, isFirst) {
    if (!paper.hasSketch()) return null;
    const { width, bytes } = paper.layer("sketch");
    const pixels = new ImageData(area.width, area.height);
    for (let row = 0; row < area.height; row++) {
      const from = ((area.y + row) * width + area.x) * 4;
      pixels.data.set(bytes.subarray(from, from + area.width * 4), row * area.width * 4);
    }
    return isFirst && pixels.data.every((value) => value === 0) ? null : pixels;
  }
  return {
    element,
    redraw,
    /** An area of a layer has changed; null: all of it. */
    invalidate(name, area) {
      tiles[name].invalidate(area);
      redraw();
    },
  };
}

/** A colour as the low three bytes of a pixel; every machine that runs a browser keeps the low byte first. */
const littleEndian = ([red, green, blue]) => red | (green << 8) | (blue << 16);
