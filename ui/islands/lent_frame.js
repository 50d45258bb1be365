// A frame of a movie that is out, to be worked on as a picture, and its way back into the movie; kept over a reload.
import { call } from "./api.js";
import { keep, recall } from "./prefs.js";

const OUT = "video-frame-out";
const BACK = "video-frames-back"; // {movie: [{frame, image}]}
const MOVIES_MOST = 20;
const MISS = 0.02; // as `pipelines/video/modes/sizing.py` has it

/**
 * `out` is {movie, name, frame, width, height}, null while none is. `back(movie)` are the frames that were put back into
 * that movie, `[{frame, image}]` with ids of uploads, `setBack(movie, frames)` others. `onChange(run)` calls `run()` now
 * and after each change; `open(movie, frame)` shows where they are.
 */
export function createLentFrame({ toasts, open }) {
  const listeners = new Set();
  const lent = { out: recall(OUT, null), lend, end: () => lend(null), back, setBack, putBack, putBackPicture, onChange };

  function lend(out) {
    lent.out = out;
    keep(OUT, out);
    tell();
  }
  function back(movie) {
    return recall(BACK, {})[movie] ?? [];
  }
  function setBack(movie, frames) {
    const { [movie]: _, ...others } = recall(BACK, {});
    keep(BACK, Object.fromEntries([[movie, frames], ...Object.entries(others)].slice(0, MOVIES_MOST)));
    tell();
  }
  /** Puts an upload into the place of the frame that is out; answers whether it fits there. */
  function putBack({ id, width, height }, out = lent.out) {
    if (Math.abs((width * out.height) / (height * out.width) - 1) > MISS) {
      const text = `This picture has ${width} × ${height} px, and the frame ${out.width} × ${out.height}: it needs the same proportions.`;
      toasts.say(text, { isError: true, key: "frame" });
      return false;
    }
    const others = back(out.movie).filter(({ frame }) => frame !== out.frame);
    setBack(out.movie, [...others, { frame: out.frame, image: id }].sort((a, b) => a.frame - b.frame));
    open(out.movie, out.frame);
    return true;
  }
  /** Likewise a picture of the library. */
  async function putBackPicture({ id }, out = lent.out) {
    try {
      return putBack(await call("POST", "api/v1/assets", { json: { picture: id } }), out);
    } catch (error) {
      toasts.fail(error, { key: "frame" });
      return false;
    }
  }
  function tell() {
    for (const run of listeners) run();
  }
  function onChange(run) {
    listeners.add(run);
    run();
  }
  return lent;
}

/** What the way back is called. */
export const wayBack = ({ frame }) => `Put back as frame ${frame}`;
