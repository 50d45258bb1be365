// A picture at twice its size: drawn out, then gone over in overlapping tiles, so that details come and composition stays.
import { call } from "./api.js";

const FACTOR = 2;
const STRENGTH = 0.25; // more, and every tile invents things of its own
const CELL = 8;

const grown = (px) => Math.round((px * FACTOR) / CELL) * CELL;

/** `run(record)` asks for the job and shows it; `fits(record)`: is there room for the picture at twice its size? */
export function createEnlarge({ verbs, form, checkpoint, toasts, goTo }) {
  const fits = ({ width, height }) => grown(Math.max(width, height)) <= form.sideMost;

  async function run(record) {
    try {
      const asset = await call("POST", "api/v1/assets", { json: { picture: record.id } });
      const made = record.request ?? verbs.request();
      await verbs.submit({
        ...made,
        ...{ controls: [], image_prompts: [], inpainting: null, draft_fraction: null, batch_size: 1, batch_count: 1 },
        ...{ hires: null, beginnings: [], grid: null },
        source: { image: asset.id, strength: STRENGTH, resize: "stretch" },
        width: grown(record.width),
        height: grown(record.height),
        tile: Math.max(checkpoint.defaults.width, checkpoint.defaults.height), // at which it draws best
      });
      goTo("workspace");
    } catch (error) {
      toasts.fail(error);
    }
  }
  return { run, fits };
}
