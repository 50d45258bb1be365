// At which frame of the animation the user looks: shown over all lanes, moved by the ruler, and by the preview as it plays.

/** `at` counts from 0; `onChange(run)` calls `run(at)` now and whenever it is another. */
export function createPlayhead() {
  const listeners = new Set();
  const playhead = {
    at: 0,
    set(frame, count) {
      const next = Math.max(0, Math.min(Math.round(frame), count - 1));
      if (next === playhead.at) return;
      playhead.at = next;
      for (const run of listeners) run(next);
    },
    onChange: (run) => (listeners.add(run), run(playhead.at)),
  };
  return playhead;
}
