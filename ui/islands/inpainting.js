// Where the source may change, as the form holds it in the mode "inpaint"; kept over a reload. The mask is the editor's.
import { keep, recall } from "./prefs.js";

/** `inpainting` of a Request, without its mask and the region, which the server finds; as the first way to retouch has it. */
const BLANK = {
  is_inverted: false,
  blur: 4,
  content: "fill",
  area: "masked",
  padding: 64,
  is_soft: false,
  conditioning_weight: 1,
  hides_seams: true,
};

/**
 * `onChange(run)` calls `run(inpainting)` now and after each change. `mask` is the upload that was last sent or taken up,
 * `wanted` one that the editor has yet to put on the canvas; `refuse(error)` is the editor's.
 */
export function createInpainting({ form, modes }) {
  const listeners = new Set();
  const inpainting = {
    fields: { ...BLANK, ...known(recall("inpainting", {})) },
    preset: recall("retouch", "add"),
    mask: "",
    wanted: "",
    change,
    choose,
    refuse: () => false,
    onChange: (run) => (listeners.add(run), run(inpainting)),
  };
  function save() {
    keep("inpainting", inpainting.fields);
    keep("retouch", inpainting.preset);
  }

  function known(fields) {
    return Object.fromEntries(Object.entries(fields ?? {}).filter(([name]) => name in BLANK));
  }
  function change(fields) {
    Object.assign(inpainting.fields, fields);
    save();
    for (const run of listeners) run(inpainting);
  }
  /** Another way to retouch: its values, for all others the usual ones. */
  function choose(preset, fields) {
    inpainting.preset = preset;
    change({ ...BLANK, ...known(fields) });
  }

  form.own("inpainting", {
    get: () => (modes.current() === "inpaint" ? { ...inpainting.fields, mask: inpainting.mask } : null),
    set(fields) {
      if (!fields) return;
      inpainting.wanted = fields.mask;
      change({ ...BLANK, ...known(fields) });
    },
    refuse: (error) => inpainting.refuse(error),
  });
  return inpainting;
}
