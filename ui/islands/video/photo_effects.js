// The table of what can move in a photo: what is painted and drawn for it, and its settings. `tests/ui/test_video.py` holds
// it against `pipelines/video/photo/plan.py`.

/** `start` is what it is at first; with `isFine` a slider has as much room for small values as for large ones. */
const slider = (name, label, range, start, more = {}) => ({ name, label, range, start, kind: "slider", tell: (value) => String(value), ...more });
const choice = (name, label, options, start) => ({ name, label, options, start, kind: "choice" });
const percent = { tell: (value) => `${(value * 100).toFixed(value < 0.0995 ? 1 : 0)} %` };
const times = { isFine: true, tell: (value) => `${value.toFixed(value < 1 ? 2 : 1)} ×` };
const waves = { isFine: true, ...percent };

/**
 * Kinds of effects. `paints` and `draws` say what brush and arrow are for; `line` is what the arrow tool draws: "arrow",
 * as many as one likes, or "anchor", one. `needs` is what there must be before it can move: "mask", "lines".
 */
export const EFFECTS = {
  flow: {
    label: "Flow",
    words: "Water, smoke, clouds, fire.",
    paints: "Paint what flows.",
    draws: "Draw an arrow in it that says where to.",
    line: "arrow",
    needs: ["mask", "lines"],
    fields: [slider("speed", "Speed", [0.05, 10], 1, times)],
  },
  ripple: {
    label: "Ripple",
    words: "Still water, reflections.",
    paints: "Paint what ripples.",
    needs: ["mask"],
    fields: [
      slider("amount", "Strength", [0, 0.03], 0.003, percent),
      slider("wavelength", "Wavelength", [0.005, 0.5], 0.04, waves),
      slider("direction_degrees", "Direction", [-360, 360], 90, { shown: [0, 355], step: 5, tell: (value) => `${value}° ${compass(value)}` }),
      slider("speed", "Speed", [0.005, 1], 0.05, { isFine: true, tell: (value) => `${(value * 100).toFixed(1)} % a second` }),
    ],
  },
  sway: {
    label: "Sway",
    words: "Grass, trees, hair, cloth.",
    paints: "Paint what sways.",
    draws: "Draw a line where it is held.",
    line: "anchor",
    needs: ["mask", "lines"],
    fields: [
      slider("amount", "Strength", [0, 0.1], 0.01, percent),
      slider("period_seconds", "Period", [0.25, 30], 2, { isFine: true, tell: (value) => `${value.toFixed(1)} s` }),
      slider("wavelength", "Gusts apart", [0.05, 10], 0.5, waves),
    ],
  },
  parallax: {
    label: "Parallax",
    words: "The camera drifts.",
    paints: "Paint what is near, or set a horizon.",
    needs: [],
    fields: [
      slider("amount", "Strength", [0, 0.1], 0.015, percent),
      choice("path", "Path", [["circle", "Circle"], ["left-right", "Left and right"]], "circle"),
      slider("focus", "Depth that stays in place", [0, 1], 0.5, { tell: (value) => `${Math.round(value * 100)} %` }),
      slider("horizon", "Horizon", [0, 0.99], null, { isOptional: true, tell: (value) => (value === null ? "none" : `at ${Math.round(value * 100)} %`) }),
    ],
  },
};

/** 0 is to the right, 90 down. */
const compass = (degrees) => ["→", "↘", "↓", "↙", "←", "↖", "↑", "↗"][Math.round((((degrees % 360) + 360) % 360) / 45) % 8];

/** A new effect of a kind, with its settings as they are at first. `strokes` rises whenever something of it is painted. */
export function newEffect(kind, key) {
  const values = Object.fromEntries(EFFECTS[kind].fields.map(({ name, start }) => [name, start]));
  return { key, kind, values, lines: [], mask: null, isPainted: false, strokes: 0 };
}

/** What is still missing, in the words of the table; "" when it can move. */
export function lacking({ kind, isPainted, lines }) {
  const { needs, paints, draws } = EFFECTS[kind];
  if (needs.includes("mask") && !isPainted) return paints;
  return needs.includes("lines") && !lines.length ? draws : "";
}

/** As the server takes it: points in shares of width and height. */
export function asPlan({ kind, values, lines }, { width, height }) {
  const shares = (line) => line.map(({ x, y }) => [x / width, y / height].map((value) => Number(Math.min(1, Math.max(0, value)).toFixed(4))));
  const drawn = { arrow: { arrows: lines.map((line) => ({ points: shares(line) })) }, anchor: { anchor: lines.length ? shares(lines[0]) : [] } };
  return { kind, ...values, ...drawn[EFFECTS[kind].line] };
}
