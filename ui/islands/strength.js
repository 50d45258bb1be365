// The island that says how far the source may change.

/** Fills `host`; nothing stands there yet. */
export function mountStrength(host) {
  host.hidden = true;
}
