// The island of the ways to retouch a picture, in the mode "inpaint".

/** Fills `host`; nothing stands there yet. */
export function mountRetouch(host) {
  host.hidden = true;
}
