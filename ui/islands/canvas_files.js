// Masks as files: one is saved to the disk, one is loaded from it.
import { h } from "./dom.js";

const KEPT_MS = 1000; // until the browser has surely taken the address

/** `verbs` as in canvas_mask.js; `toasts` may be null. */
export function createFiles({ verbs, toasts }) {
  return {
    async load(file) {
      try {
        const { wasSize } = await verbs.load(file);
        if (wasSize) toasts?.say(`The mask was ${wasSize.width} × ${wasSize.height} and has been stretched over the picture.`);
      } catch {
        toasts?.say(`${file.name} cannot be read as a picture. Choose a PNG, WebP or JPEG file.`, { isError: true });
      }
    },
    async save() {
      const address = URL.createObjectURL(await verbs.maskBlob());
      h("a", { href: address, download: "mask.png" }).click();
      setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
    },
  };
}
