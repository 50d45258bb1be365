// The zoom in the corner of the canvas: smaller, in percent, larger, fit.
import { h, iconButton, setText } from "./dom.js";

const STEP = 1.25;

/** `draw()` shows the zoom of the view. */
export function createZoomBar(view) {
  const value = h("button", {
    type: "button",
    class: "quiet easel-percent",
    title: "One pixel a pixel (1)",
    on: { click: () => view.setZoom(1) },
  });
  const by = (factor) => () => view.setZoom(view.at.zoom * factor);
  const element = h(
    "div",
    { class: "easel-zoom", role: "group", "aria-label": "Zoom", data: { ownPointer: "" } },
    iconButton("minus", "Smaller (−)", by(1 / STEP)),
    value,
    iconButton("plus", "Larger (+)", by(STEP)),
    iconButton("fit", "Fit (0)", view.fit),
  );
  return { element, draw: () => setText(value, `${Math.round(view.at.zoom * 100)} %`) };
}
