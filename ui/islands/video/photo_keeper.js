// Keeps a photo that is about to come to life in this browser, over a reload: what was set, and what was painted.
import { call } from "../api.js";
import { debounce } from "../dom.js";
import { createDraft } from "../draft.js";
import { keep, recall } from "../prefs.js";

const NAME = "video-photo";
const PAINTED_MS = 500; // masks are large: not at every stroke of a quick hand
const FIELDS = ["photo", "chosen", "loop_seconds", "fps", "format", "quality", "title", "refine"];

/** `keep(draft)`, and `recall()`, which answers with what was kept, or null; a photo that the server has cleared away is none. */
export function createPhotoKeeper() {
  const store = createDraft(NAME);
  const keepMasks = debounce(({ photo, effects }) => {
    const masks = Object.fromEntries(effects.filter(({ isPainted }) => isPainted).map(({ key, mask }) => [key, mask.bytes]));
    store.keep({ image: photo?.id, masks });
  }, PAINTED_MS);

  function keepAll(draft) {
    const effects = draft.effects.map(({ mask, ...rest }) => rest);
    keep(NAME, { ...Object.fromEntries(FIELDS.map((name) => [name, draft[name]])), effects });
    keepMasks(draft);
  }
  async function recallAll() {
    const kept = recall(NAME, null);
    if (!kept?.photo || !(await isThere(kept.photo))) return null;
    const painted = await store.recall();
    const masks = painted?.image === kept.photo.id ? painted.masks : {};
    return { ...kept, effects: kept.effects.map((one) => withMask(one, masks[one.key], kept.photo)) };
  }
  return { keep: keepAll, recall: recallAll };
}

function withMask(effect, bytes, { width, height }) {
  if (bytes?.length !== width * height) return { ...effect, mask: null, isPainted: false };
  return { ...effect, mask: { x: 0, y: 0, width, height, channels: 1, bytes } };
}

/** Uploads that nobody used for long are cleared away by the server; while it does not answer they count as there. */
const isThere = ({ id }) => call("GET", `api/v1/assets/${id}`).then(() => true, (error) => error.status !== 404);
