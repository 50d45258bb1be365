// The island of the mask editor, which stands in place of the result in the mode "inpaint".

/** Fills `host`; nothing stands there yet. */
export function mountEditor(host) {
  host.hidden = true;
}
