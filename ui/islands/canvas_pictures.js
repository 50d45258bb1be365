// The pictures under the marks: the one that is edited, a preview in a region of it, changes over it, a result beside it.
import { h, setAttribute, show } from "./dom.js";

const PIXELS_FROM_ZOOM = 2; // from here on the pixels of the picture are what one wants to see

/** A sheet of pictures that moves as one. All places are pixels of the edited picture. */
export function createPictures({ frame, picture }) {
  const base = createPicture("The picture");
  const blank = h("div", { class: "easel-blank", hidden: true });
  const preview = createPicture("What develops");
  const changed = createPicture("What has changed");
  const result = createPicture("After");
  const board = h("div", { class: "easel-board" });
  const element = h("div", { class: "easel-sheet" }, board, blank, ...[base, preview, changed, result].map((one) => one.element));

  const whole = () => ({ x: 0, y: 0, ...picture() });

  /** Sets the sheet where the view is; `at` is {zoom, x, y}. */
  function move(at) {
    element.style.transform = `translate(${at.x}px, ${at.y}px) scale(${at.zoom})`;
    setAttribute(element, "data-pixels", at.zoom * devicePixelRatio >= PIXELS_FROM_ZOOM);
    board.style.setProperty("--check", `${16 / at.zoom}px`);
  }
  /** The sizes, when the picture or its extension have changed. */
  function shape() {
    place(board, frame());
    place(blank, whole());
    place(base.element, whole());
    place(changed.element, whole());
  }
  async function open(src) {
    await base.show(src);
    show(blank, false);
  }
  function openBlank(colour) {
    base.clear();
    blank.style.background = colour;
    show(blank, true);
  }
  /** `mask`, {src, x, y, width, height}: only what is white in that picture is shown. */
  const inRegion = (one) => (src, region, mask = null) => {
    if (!src) return one.clear();
    const area = region ?? whole();
    place(one.element, area);
    cutOut(one.element, area, mask);
    return one.show(src);
  };
  return {
    element,
    move,
    shape,
    open,
    openBlank,
    showPreview: inRegion(preview),
    showResult: inRegion(result),
    showChanged: (src) => (src ? changed.show(src) : changed.clear()),
    /** Hides the result left of a line, `x` in pixels of the picture. */
    divide(x) {
      const left = parseFloat(result.element.style.left) || 0;
      result.element.style.clipPath = `inset(0 0 0 ${Math.max(0, x - left)}px)`;
    },
    clear() {
      for (const one of [base, preview, changed, result]) one.clear();
      show(blank, false);
    },
  };
}

function place(element, { x, y, width, height }) {
  Object.assign(element.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
}

function cutOut(element, area, mask) {
  Object.assign(element.style, {
    maskImage: mask ? `url("${mask.src}")` : "",
    maskMode: mask ? "luminance" : "",
    maskRepeat: mask ? "no-repeat" : "",
    maskSize: mask ? `${mask.width}px ${mask.height}px` : "",
    maskPosition: mask ? `${mask.x - area.x}px ${mask.y - area.y}px` : "",
  });
}

/** One picture that changes without a flicker; while one loads only the latest wish counts. */
function createPicture(alt) {
  const element = h("img", { alt, draggable: "false", hidden: true });
  let wanted = "";

  /** Rejects if the picture cannot be shown. */
  async function load(src) {
    wanted = src;
    const next = new Image();
    next.src = src;
    await next.decode();
    if (wanted !== src) return;
    element.src = src;
    await element.decode().catch(() => {}); // a later wish has taken its place
    show(element, wanted !== "");
  }
  function clear() {
    wanted = "";
    element.removeAttribute("src");
    show(element, false);
  }
  return { element, show: load, clear };
}
