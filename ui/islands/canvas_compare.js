// Before and after: a line over the picture that one drags; left of it is the picture, right of it the result.
import { h, iconButton, setAttribute, show } from "./dom.js";

const STEP = 0.05;

/** `divide(x)` hides the result left of x, in pixels of the picture; `close()` ends the comparison. */
export function createCompare({ frame, view, divide, close }) {
  let share = 0.5;
  let area = null;
  const line = h("div", {
    class: "easel-divider",
    role: "slider",
    tabindex: "0",
    "aria-label": "Before and after",
    "aria-valuemin": "0",
    "aria-valuemax": "100",
    data: { ownPointer: "" },
  }, h("span", { class: "easel-divider-grip" }));
  const names = ["Before", "After"].map((name) => h("span", { class: "easel-compare-name", "aria-hidden": "true" }, name));
  const end = iconButton("close", "Close the comparison (Esc)", close, { class: "icon-button easel-compare-close" });
  end.dataset.ownPointer = "";
  const element = h("div", { class: "easel-compare", hidden: true }, line, ...names, end);

  /** Sets the line where the view is. */
  function move() {
    if (!area) return;
    const x = area.x + area.width * share;
    const top = view.toView({ x, y: area.y });
    const bottom = view.toView({ x, y: area.y + area.height });
    Object.assign(line.style, { left: `${top.x}px`, top: `${top.y}px`, height: `${bottom.y - top.y}px` });
    setAttribute(line, "aria-valuenow", Math.round(share * 100));
    setAttribute(line, "aria-valuetext", `${Math.round((1 - share) * 100)} % after`);
    divide(x);
  }
  function set(value) {
    share = Math.min(1, Math.max(0, value));
    move();
  }
  line.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    line.focus();
    line.setPointerCapture(event.pointerId);
  });
  line.addEventListener("pointermove", (event) => {
    if (line.hasPointerCapture(event.pointerId))
      set((view.toPicture(event.clientX, event.clientY).x - area.x) / area.width);
  });
  line.addEventListener("keydown", (event) => {
    const to = { ArrowLeft: share - STEP, ArrowRight: share + STEP, Home: 0, End: 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    set(to);
  });
  return {
    element,
    move,
    isOpen: () => area !== null,
    /** Begins to compare within a region (the whole frame if null), with that share of "before". */
    open(region, from = 0.5) {
      area = region ?? frame();
      show(element, true);
      set(from);
    },
    end() {
      area = null;
      show(element, false);
    },
  };
}
