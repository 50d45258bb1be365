// The picture that a picture starts from, as the form holds it in the modes that have one; kept over a reload.
import { call } from "./api.js";
import { debounce } from "./dom.js";
import { keep, recall } from "./prefs.js";
import { showRefusal } from "./refusal.js";

const NOT_EXTENDED = { extend_left: 0, extend_top: 0, extend_right: 0, extend_bottom: 0 };

/** `source` of a Request. What extends its sides is the editor's, in the mode "inpaint". */
export const BLANK = { image: "", strength: 0.75, resize: "crop", noise_multiplier: 1, ...NOT_EXTENDED };

// What is usual for a whole picture would leave too much of what stands in a masked part.
const STRENGTHS = { image: BLANK.strength, inpaint: 1 };

/**
 * The source. `onChange(run)` calls `run()` now and after each change of `fields`, `size`, `isGone` or `isSketch`;
 * `onTake(run)` calls `run()` when another picture was chosen, and not when one comes back with settings or a reload.
 * `size` is {width, height} in px, null while it is not known; `isGone`: the server no longer has the picture.
 * `places`: field → the element at which a refusal of it is said.
 */
export function createSource({ form, modes, toasts }) {
  const listeners = new Set();
  const takers = new Set();
  const source = {
    fields: { ...BLANK, ...known(recall("source", {})) },
    size: null,
    isSketch: false,
    isGone: false,
    places: {},
    change,
    take,
    remove: () => show({ image: "", ...NOT_EXTENDED }),
    asSent: () => ({ ...source.fields, ...(modes.current() === "inpaint" ? {} : NOT_EXTENDED) }),
    onChange: (run) => (listeners.add(run), run()),
    onTake: (run) => takers.add(run),
  };
  let strengths = { ...STRENGTHS, ...recall("strengths", {}) }; // each mode keeps its own
  const save = debounce(() => keep("source", source.fields), 150);

  function known(fields) {
    return Object.fromEntries(Object.entries(fields ?? {}).filter(([name]) => name in BLANK));
  }
  function change(fields) {
    Object.assign(source.fields, fields);
    if (modes.current() in strengths) strengths[modes.current()] = source.fields.strength;
    keep("strengths", strengths);
    save();
    for (const run of listeners) run();
  }
  /** Takes over an upload, as it was answered: {id, width, height}. */
  function take({ id, width, height }, { isSketch = false } = {}) {
    show({ image: id, ...NOT_EXTENDED }, { size: { width, height }, isSketch });
    form.clearErrors();
    for (const run of takers) run();
  }
  function show(fields, { size = null, isSketch = false } = {}) {
    Object.assign(source, { size, isSketch, isGone: false });
    change(fields);
  }
  /** Takes over the source of settings that are used again. */
  function restore(fields) {
    if (!fields) return;
    const { strength } = { ...BLANK, ...known(fields) };
    strengths = { image: strength, inpaint: strength }; // in whichever mode they are shown
    show({ ...BLANK, ...known(fields) });
    measure();
  }
  /** Asks how large the picture is, and whether it is still there. */
  async function measure() {
    const { image } = source.fields;
    if (!image) return;
    const found = await call("GET", `api/v1/assets/${image}`).catch((error) => ({ isGone: error.status === 404 }));
    if (image !== source.fields.image) return;
    source.size = found.width ? { width: found.width, height: found.height } : null;
    source.isGone = Boolean(found.isGone);
    if (source.isGone)
      toasts.say("The picture that it started from is no longer there. Choose one again.", { isError: true, key: "source" });
    change({});
  }
  function refuse(error) {
    const field = error.field.split(".")[1];
    const place = source.places[field] ?? source.places.image;
    if (!place?.closest("[data-island]").checkVisibility()) return false; // another mode's: it is said as a message
    showRefusal(place, error);
    return true;
  }

  form.own("source", { get: () => (modes.current() === "text" ? null : source.asSent()), set: restore, refuse });
  modes.onChange((mode) => mode in strengths && change({ strength: strengths[mode] }));
  measure();
  return source;
}
