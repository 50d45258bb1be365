// The table of what changes over the frames of an animation: groups of schedules, and what is set beside them for all frames.
// `tests/ui/test_video_animate.py` holds it against `pipelines/video/animation.py`.

/** `span`: how much of it is seen while it stays the same; `start`: its first value where it was left to the fields. */
const lane = (name, label, span, more = {}) => ({ name, label, span, ...more });
const choice = (name, label, options) => ({ name, label, options, kind: "choice" });
const number = (name, label, range, more = {}) => ({ name, label, range, kind: "number", ...more });

export const GROUPS = [
  {
    name: "camera",
    label: "Camera",
    modes: ["2d"],
    lanes: [
      lane("zoom", "Zoom", 0.05),
      lane("angle", "Angle", 4),
      lane("translation_x", "Move right", 16),
      lane("translation_y", "Move down", 16),
      lane("transform_center_x", "Centre across", 0.5),
      lane("transform_center_y", "Centre down", 0.5),
      lane("perspective_flip_theta", "Roll", 8, { needs: "flips_perspective" }),
      lane("perspective_flip_phi", "Tilt", 8, { needs: "flips_perspective" }),
      lane("perspective_flip_gamma", "Swivel", 8, { needs: "flips_perspective" }),
      lane("perspective_flip_fv", "Field of view", 40, { needs: "flips_perspective" }),
    ],
    fields: [
      choice("border", "What a move uncovers", [["replicate", "Edges, drawn out"], ["wrap", "The other side"], ["reflect", "A mirror image"]]),
      { name: "flips_perspective", label: "Tilt the picture in space", kind: "switch" },
    ],
  },
  {
    name: "diffusion",
    label: "Diffusion",
    modes: ["2d", "morph", "movie"],
    lanes: [
      lane("strength", "Strength", 0.4, { modes: ["2d", "movie"] }),
      lane("noise_multiplier", "Noise multiplier", 0.2, { start: 1, modes: ["2d", "movie"] }),
      lane("guidance_scale", "CFG scale", 4, { start: 7 }),
      lane("steps", "Steps", 10, { start: 20, isWhole: true }),
      lane("sampler", "Sampler", 0, { isText: true, example: '0: ("Euler a"), 30: ("DPM++ 2M")' }),
      lane("clip_skip", "CLIP skip", 2, { start: 1, isWhole: true }),
      lane("seed_schedule", "Seed", 100, { isWhole: true, needs: "seed_behaviour=schedule" }),
      lane("variation_seed", "Variation seed", 100, { start: 0, isWhole: true }),
      lane("variation_strength", "Variation strength", 0.4, { start: 0 }),
    ],
    fields: [
      choice("seed_behaviour", "Seed over the frames", [["iter", "Counts up"], ["fixed", "Stays"], ["ladder", "Ladder"], ["alternate", "To and fro"], ["random", "By chance"], ["schedule", "As its lane says"]]),
      number("seed_every", "Counts up every", [1, 1000000], { step: 1 }),
    ],
  },
  {
    name: "look",
    label: "Look",
    modes: ["2d"],
    lanes: [
      lane("noise", "Noise", 0.1),
      lane("contrast", "Contrast", 0.2),
      lane("unsharp_kernel", "Sharpen, width", 6, { isWhole: true }),
      lane("unsharp_sigma", "Sharpen, sigma", 1),
      lane("unsharp_amount", "Sharpen, amount", 0.4),
      lane("unsharp_threshold", "Sharpen, threshold", 6),
    ],
    fields: [
      choice("noise_type", "Noise", [["uniform", "The same everywhere"], ["perlin", "In soft patches (Perlin)"]]),
      number("perlin_octaves", "Octaves", [1, 7], { step: 1 }),
      number("perlin_persistence", "Persistence", [0, 1]),
      number("perlin_width", "Patches across", [0.1, 16]),
      number("perlin_height", "Patches down", [0.1, 16]),
    ],
  },
];

/** Of what it begins with, once that is there. */
export const START_FIELDS = [
  { name: "init_strength", label: "How much of it stays", kind: "slider", range: [0, 1], tell: (value) => `${Math.round(value * 100)} %`, modes: ["2d", "morph"] },
  number("extract_from_frame", "From frame", [0, 10000000], { step: 1, empty: 0, placeholder: "the first", modes: ["movie"] }),
  number("extract_to_frame", "To frame", [-1, 10000000], { step: 1, empty: -1, placeholder: "the last", modes: ["movie"] }),
  number("extract_nth_frame", "Every so many", [1, 1000000], { step: 1, modes: ["movie"] }),
  { name: "keeps_times", label: "Times and sound of the movie", kind: "switch", hint: "Else frames are evenly apart, and silent.", modes: ["movie"] },
];

export const COLOUR_FIELDS = [choice("colour_coherence", "Colours held", [["none", "Not at all"], ["hsv", "In HSV"], ["lab", "In LAB"], ["rgb", "In RGB"]])];

export const MODES_OF_MOTION = [
  ["2d", "Camera", "Each frame is the one before, moved, and then changed by the model."],
  ["morph", "Morph", "Prompts turn into each other: each frame is made anew, of two whose meanings are blended."],
  ["movie", "Movie", "Each frame is one of a movie, changed by the model as prompts and schedules say."],
];

/** Of the whole clip. */
export const FRAMES_MOST = 200000;
export const CLIP_FIELDS = [
  number("max_frames", "Frames", [1, 200000], { step: 1 }),
  number("fps", "Frames a second", [1, 240], { fits: ({ mode, keeps_times: keeps }) => mode !== "movie" || !keeps }),
  number("diffusion_cadence", "Cadence", [1, 50], { step: 1, modes: ["2d", "movie"], isWide: true, hint: "Every so many frames one is drawn; those between are made of two." }),
  { name: "is_looped", label: "A loop", kind: "switch", modes: ["2d", "morph"], hint: "After the last frame the first one follows." },
];

const LANES = new Map(GROUPS.flatMap(({ lanes }) => lanes.map((row) => [row.name, row])));
export const laneOf = (name) => LANES.get(name);

/** Does this lane or field count, as the animation is set? */
export function counts({ needs = "", modes, fits = () => true }, settings) {
  const [name, value] = needs.split("=");
  const isAsked = fits(settings) && (!name || (value ? settings[name] === value : settings[name]));
  return isAsked && (!modes || modes.includes(settings.mode));
}

// What the sketch of the camera depends on, beside its lanes.
const SKETCHED = ["max_frames", "fps", "border", "flips_perspective", "init_image"];
export const sketched = (settings) => Object.fromEntries([...SKETCHED, ...GROUPS[0].lanes.map(({ name }) => name)].map((name) => [name, settings[name]]));
