// The verbs of mask and sketch: what is done to all of it at once, and how it is loaded and given out.
import { boundsOf, feather, grow, shrink } from "./mask_whole.js";
import { intersect, rectangleStamp } from "./mask_shapes.js";
import { flatten } from "./canvas_paper.js";
import { maskIn, readPicture, writePng } from "./png.js";

/** `base()` resolves to the RGBA bytes of the picture, `mode()` is "mask" or "sketch", `colour()` three numbers. */
export function createVerbs({ paper, base, mode, colour }) {
  const mask = () => paper.layer("mask");
  const isSketch = () => mode() === "sketch";
  const all = () => {
    const layer = paper.layer(mode());
    return rectangleStamp(layer, layer);
  };

  function clear() {
    if (isSketch()) return paper.put("sketch", null, all());
    const bounds = boundsOf(mask());
    if (bounds) paper.put("mask", "erase", rectangleStamp(bounds, bounds));
  }
  /** Marks a rectangle of picture pixels, or takes it away. */
  function rectangle(area, takesAway = false) {
    const how = isSketch() ? (takesAway ? null : colour()) : takesAway ? "erase" : "mark";
    paper.put(mode(), how, rectangleStamp(area, paper.layer(mode())));
  }
  const change = (run) => (reach) => {
    const stamp = run(mask(), reach);
    if (stamp) paper.put("mask", "replace", stamp);
    return Boolean(stamp);
  };

  /**
   * A saved mask as a stamp. One of the picture's size lies on the picture, one of the frame's size on the frame; another
   * size is stretched over the picture.
   */
  async function read(source) {
    const [picture, frame] = [paper.picture(), paper.frame()];
    const found = await readPicture(source);
    const isFrame = found.width === frame.width && found.height === frame.height;
    const area = isFrame ? frame : { x: 0, y: 0, ...picture };
    const isFitting = found.width === area.width && found.height === area.height;
    const pixels = isFitting ? found : await readPicture(source, area);
    return { stamp: { ...area, bytes: maskIn(pixels) }, wasSize: isFitting ? null : found };
  }
  /** Puts a saved mask in the place of this one; says {wasSize} if it had to be stretched. */
  async function load(source) {
    const picture = paper.picture();
    const { stamp, wasSize } = await read(source);
    if (paper.picture() !== picture) return { wasSize: null }; // it was meant for the picture that lay here
    const stroke = paper.begin("mask", "replace");
    const frame = paper.frame();
    if (stamp.width !== frame.width || stamp.height !== frame.height)
      stroke.stamp({ ...frame, bytes: new Uint8Array(frame.width * frame.height) });
    stroke.stamp(stamp);
    stroke.commit();
    return { wasSize };
  }
  /** Adds a mask to what is there, as a stroke. */
  async function propose(source) {
    const picture = paper.picture();
    const { stamp, wasSize } = await read(source);
    const bounds = boundsOf(stamp);
    if (bounds && paper.picture() === picture) paper.put("mask", "mark", stamp);
    return { wasSize, isEmpty: !bounds };
  }

  return {
    clear,
    rectangle,
    fillAll: () => (isSketch() ? paper.put("sketch", colour(), all()) : paper.put("mask", "mark", all())),
    invert: paper.invert,
    grow: change(grow),
    shrink: change(shrink),
    feather: change(feather),
    load,
    propose,
    hasMask: () => boundsOf(mask()) !== null,
    maskBlob: () => writePng({ ...mask(), channels: 1 }),
    async sketchBlob() {
      const picture = paper.picture();
      const sketch = paper.hasSketch() ? paper.layer("sketch").bytes : null;
      return writePng({ ...picture, channels: 3, bytes: flatten(await base(), sketch) });
    },
    /** The colour at a point of picture and sketch, or null outside. */
    async colourAt(point) {
      const { width, height } = paper.picture();
      const pixel = intersect({ x: Math.floor(point.x), y: Math.floor(point.y), width: 1, height: 1 }, { x: 0, y: 0, width, height });
      if (!pixel) return null;
      const at = (pixel.y * width + pixel.x) * 4;
      const sketch = paper.hasSketch() ? paper.layer("sketch").bytes.slice(at, at + 4) : null;
      return flatten((await base()).subarray(at, at + 4), sketch);
    },
  };
}
