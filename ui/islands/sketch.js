// The sketch pad: the canvas in a window of its own, blank or over a picture; what is drawn becomes a picture.
import { h } from "./dom.js";

/**
 * Opens the pad over `base` {src, width, height}, or blank in the size `blank` {width, height}; answers with a PNG, or
 * with null if it was given up.
 */
export async function openSketch({ base, blank, toasts }) {
  const { createCanvas } = await import("./canvas.js");
  const canvas = createCanvas({ toasts });
  return new Promise((done) => {
    const finish = async (isKept) => {
      const blob = isKept ? await canvas.sketchBlob() : null;
      canvas.close();
      dialog.remove();
      done(blob);
    };
    const button = (label, look, isKept) => h("button", { type: "button", class: look, on: { click: () => finish(isKept) } }, label);
    const head = h("div", { class: "sketch-head" }, h("h2", {}, base ? "Sketch on the picture" : "Sketch"), button("Cancel", "secondary", false), button("Use it", "primary", true));
    const dialog = h("dialog", { class: "sketch", "aria-label": "Sketch" }, head, h("div", { class: "sketch-canvas" }, canvas.element));
    dialog.addEventListener("cancel", (event) => (event.preventDefault(), finish(false)));
    document.body.append(dialog);
    dialog.showModal();
    canvas.setMode("sketch");
    (base ? canvas.open(base) : canvas.openBlank({ ...blank, colour: "#ffffff" })).catch((error) => {
      toasts.fail(error);
      finish(false);
    });
  });
}
