// The ring that shows how much the brush will cover, and what the pointer looks like with the tool in hand.
import { h, show } from "./dom.js";

const LEAST_PX = 5; // a smaller ring is not seen: a cross stands for it

/** `move(event, point)` follows the pointer (point null: it has left), `draw()` the settings and the zoom. */
export function createCursor({ viewport, view, settings, wantsPan }) {
  const element = h("div", { class: "easel-cursor", "aria-hidden": "true", hidden: true });
  let here = null;

  function move(event, point) {
    here = point && event.pointerType !== "touch" && event.target === viewport ? event : null;
    draw();
  }
  function draw() {
    const isBrush = !wantsPan() && ["brush", "eraser"].includes(settings.now.tool);
    const diameter = settings.now.size * view.at.zoom;
    const isRing = isBrush && diameter >= LEAST_PX;
    viewport.dataset.pointer = wantsPan() ? "hand" : isRing ? "ring" : "cross";
    show(element, isRing && here !== null);
    if (element.hidden) return;
    const corner = viewport.getBoundingClientRect();
    const [x, y] = [here.clientX - corner.x - diameter / 2, here.clientY - corner.y - diameter / 2];
    element.style.transform = `translate(${x}px, ${y}px)`;
    element.style.width = element.style.height = `${diameter}px`;
  }
  return { element, move, draw };
}
