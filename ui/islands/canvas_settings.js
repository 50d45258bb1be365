// What the hand holds: tool, size, softness, colours; what is a habit is remembered for the next visit.
import { keep, recall } from "./prefs.js";

const NAME = "canvas";
const HABITS = { size: 48, softness: 0, tint: "#ff3d6e", opacity: 0.55, colour: "#d33131" };
const SUITS = 1 / 12; // of the longer side of a picture
export const SIZES = { least: 2, most: 1000 }; // a brush of 2 px always meets the centre of a pixel

/** `now` holds the values; `set(fields)` changes some and tells everybody who asked with `onChange`. */
export function createSettings() {
  const now = { tool: "brush", mode: "mask", takesAway: false, ...HABITS, ...recall(NAME, {}) };
  const watchers = [];
  let isSizeChosen = "size" in recall(NAME, {});
  return {
    now,
    onChange: (run) => watchers.push(run),
    set(fields) {
      Object.assign(now, fields);
      isSizeChosen ||= "size" in fields;
      const habits = Object.keys(HABITS).filter((name) => name !== "size" || isSizeChosen);
      keep(NAME, Object.fromEntries(habits.map((name) => [name, now[name]])));
      for (const run of watchers) run(fields);
    },
    /** A brush that suits a picture with such a longer side, as long as nobody has chosen one. */
    suit(side) {
      if (isSizeChosen) return;
      now.size = Math.max(SIZES.least, Math.min(HABITS.size, Math.round(side * SUITS)));
      for (const run of watchers) run({ size: now.size });
    },
    /** Another size, a step smaller (−1) or larger (1); steps grow with the size. */
    stepSize(by) {
      const step = Math.max(1, Math.round(now.size * 0.15));
      this.set({ size: Math.min(SIZES.most, Math.max(SIZES.least, now.size + by * step)) });
    },
    stepSoftness(by) {
      this.set({ softness: Math.min(1, Math.max(0, Math.round(now.softness * 10 + by) / 10)) });
    },
  };
}

/** "#rrggbb" as [red, green, blue]. */
export function rgbOf(hex) {
  return [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
}

/** [red, green, blue] as "#rrggbb". */
export function hexOf(rgb) {
  return `#${[...rgb].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}
