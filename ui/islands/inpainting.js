// Where the source may change, as the form holds it in the mode "inpaint".

/** `inpainting` of a Request; there is none yet. */
export function createInpainting({ form }) {
  form.own("inpainting", { get: () => null, set: () => {}, refuse: () => false });
  return {};
}
