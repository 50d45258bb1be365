// The size of the result from the proportions of the source, as large as the checkpoint draws best.
import { keep, recall } from "./prefs.js";
import { sized } from "./shape.js";

const STEP_PX = 8;

/** Takes the size by itself when a picture is chosen, unless the user has set one; `take()` does it anyway. */
export function createSizing({ source, form, checkpoint, modes }) {
  let own = recall("size_of_source", null); // what was set by itself, and may be set anew

  function take() {
    if (!source.size) return;
    const { width, height } = checkpoint.defaults;
    const found = sized([source.size.width, source.size.height], width * height, STEP_PX);
    const [across, down] = found.map((side) => Math.min(side, form.sideMost));
    own = { width: across, height: down };
    keep("size_of_source", own);
    form.fill(own);
  }
  const isAt = (size) => size && form.values.width === size.width && form.values.height === size.height;
  const isUntouched = () => isAt(checkpoint.defaults) || isAt(own);

  source.onTake(() => modes.current() === "image" && isUntouched() && take());
  return { take };
}
