// The picture that a picture starts from, as the form holds it in the modes that have one; kept over a reload.
import { call } from "./api.js";
import { debounce } from "./dom.js";
import { keep, recall } from "./prefs.js";

/** `source` of a Request. What extends its sides is the editor's, in the mode "inpaint". */
export const BLANK = {
  image: "",
  strength: 0.75,
  resize: "crop",
  noise_multiplier: 1,
  extend_left: 0,
  extend_top: 0,
  extend_right: 0,
  extend_bottom: 0,
};
const NOT_EXTENDED = Object.fromEntries(Object.keys(BLANK).filter((name) => name.startsWith("extend_")).map((name) => [name, 0]));

/**
 * The source; `onChange(run)` calls `run(source)` now and after each change of `fields`, `size` or `isGone`.
 * `size` is {width, height} in px, null while it is not known; `isGone`: the server no longer has the picture.
 */
export function createSource({ form, modes }) {
  const listeners = new Set();
  const source = {
    fields: { ...BLANK, ...known(recall("source", {})) },
    size: null,
    isSketch: false,
    isGone: false,
    change,
    take,
    remove: () => show({ image: "" }),
    refuse: () => false,
    onChange: (run) => (listeners.add(run), run(source)),
  };
  const save = debounce(() => keep("source", source.fields), 150);

  function known(fields) {
    return Object.fromEntries(Object.entries(fields ?? {}).filter(([name]) => name in BLANK));
  }
  function change(fields) {
    Object.assign(source.fields, fields);
    save();
    for (const run of listeners) run(source);
  }
  /** Takes over what an upload was answered with. */
  function take(asset, { isSketch = false } = {}) {
    show({ image: asset.id, ...NOT_EXTENDED }, asset, isSketch);
  }
  function show(fields, asset = null, isSketch = false) {
    source.size = asset && { width: asset.width, height: asset.height };
    Object.assign(source, { isGone: false, isSketch });
    change(fields);
    if (source.fields.image && !source.size) measure();
  }
  /** Asks how large the picture is, and whether it is still there. */
  async function measure() {
    const { image } = source.fields;
    const found = await call("GET", `api/v1/assets/${image}`).catch((error) => ({ isGone: error.status === 404 }));
    if (image !== source.fields.image) return;
    source.size = found.width ? { width: found.width, height: found.height } : null;
    source.isGone = Boolean(found.isGone);
    change({});
  }

  form.own("source", {
    get: () => ({
      text: null,
      image: { ...source.fields, ...NOT_EXTENDED },
      inpaint: { ...source.fields },
    })[modes.current()],
    set: (fields) => fields && show({ ...BLANK, ...known(fields) }),
    refuse: (error) => source.refuse(error),
  });
  if (source.fields.image) measure();
  return source;
}
