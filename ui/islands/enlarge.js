// A picture at twice its size: drawn out, then gone over in overlapping tiles, so that details come and composition stays.
import { call } from "./api.js";

const FACTOR = 2;
const SIDE_MOST = 2048; // px that a request may ask for
const STRENGTH = 0.25; // more, and every tile invents things of its own
const CELL = 8;

const grown = (px) => Math.round((px * FACTOR) / CELL) * CELL;

/** Whether there is room for the picture at twice its size. */
export const canEnlarge = ({ width, height }) => grown(Math.max(width, height)) <= SIDE_MOST;

/** `enlarge(record)` asks for the job and shows it. */
export function createEnlarge({ verbs, checkpoint, toasts, goTo }) {
  /** The side at which the checkpoint draws best. */
  function tile() {
    const { width = 512, height = 512 } = checkpoint.all.find((row) => row.name === checkpoint.name)?.defaults ?? {};
    return Math.max(width, height);
  }
  return async function enlarge(record) {
    try {
      const asset = await call("POST", "api/v1/assets", { json: { picture: record.id } });
      const made = record.request ?? verbs.request();
      await verbs.submit({
        ...made,
        ...{ controls: [], image_prompts: [], inpainting: null, draft_fraction: null, batch_size: 1, batch_count: 1 },
        source: { image: asset.id, strength: STRENGTH, resize: "stretch" },
        width: grown(record.width),
        height: grown(record.height),
        tile: tile(),
      });
      goTo("workspace");
    } catch (error) {
      toasts.fail(error);
    }
  };
}
