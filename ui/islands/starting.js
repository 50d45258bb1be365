// The island of the source: the picture to start from, chosen, dropped, pasted or taken from the library.

/** Fills `host`; nothing stands there yet. */
export function mountSource(host) {
  host.hidden = true;
}
