// Which part of the picture is in sight: zoom, pan, fit, and the way from the screen to the picture and back.

const MOST = 32;
const LEAST = 0.02;
const MARGIN_PX = 24; // round a fitted picture
const KEPT_PX = 48; // so much of the picture stays in sight, however far it is moved

/** `element` is the viewport, `frame()` what is to be seen (picture and extension). Zoom 1 is a CSS pixel a pixel. */
export function createView({ element, frame, onMove }) {
  const at = { zoom: 1, x: 0, y: 0 }; // x, y: where the picture's corner is, in CSS pixels from the viewport's
  let isFitted = true;

  const box = () => element.getBoundingClientRect();
  const centre = () => ({ x: element.clientWidth / 2, y: element.clientHeight / 2 });

  function move(zoom, x, y) {
    const { x: left, y: top, width, height } = frame();
    const keep = (value, start, size, room) =>
      Math.min(room - KEPT_PX - start * zoom, Math.max(KEPT_PX - (start + size) * zoom, value));
    at.zoom = zoom;
    at.x = keep(x, left, width, element.clientWidth);
    at.y = keep(y, top, height, element.clientHeight);
    onMove();
  }
  /** `point`: what stays where it is, in client coordinates; the middle if there is none. */
  function setZoom(wanted, point = null) {
    const zoom = Math.min(MOST, Math.max(LEAST, wanted));
    const corner = box();
    const fixed = point ? { x: point.x - corner.x, y: point.y - corner.y } : centre();
    isFitted = false;
    move(zoom, fixed.x - ((fixed.x - at.x) / at.zoom) * zoom, fixed.y - ((fixed.y - at.y) / at.zoom) * zoom);
  }
  function panBy(dx, dy) {
    isFitted = false;
    move(at.zoom, at.x + dx, at.y + dy);
  }
  function fit() {
    const { x, y, width, height } = frame();
    const [wide, high] = [element.clientWidth, element.clientHeight];
    isFitted = true;
    if (!width || !wide || !high) return;
    const margin = Math.min(MARGIN_PX, wide / 16);
    const zoom = Math.max(LEAST, Math.min(MOST, (wide - 2 * margin) / width, (high - 2 * margin) / height));
    move(zoom, (wide - width * zoom) / 2 - x * zoom, (high - height * zoom) / 2 - y * zoom);
  }
  function toPicture(clientX, clientY) {
    const corner = box();
    return { x: (clientX - corner.x - at.x) / at.zoom, y: (clientY - corner.y - at.y) / at.zoom };
  }
  function resize() {
    if (isFitted) fit();
    else if (element.clientWidth > 0) move(at.zoom, at.x, at.y); // 0: a tab that is not in view
  }
  new ResizeObserver(resize).observe(element);

  return {
    at,
    setZoom,
    panBy,
    fit,
    toPicture,
    isFitted: () => isFitted,
    /** Where a pixel of the picture is, in CSS pixels from the viewport's corner. */
    toView: ({ x, y }) => ({ x: x * at.zoom + at.x, y: y * at.zoom + at.y }),
  };
}
