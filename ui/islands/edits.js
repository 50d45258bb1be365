// The island that lists the edits of a picture, in the mode "inpaint".

/** Fills `host`; nothing stands there yet. */
export function mountEdits(host) {
  host.hidden = true;
}
