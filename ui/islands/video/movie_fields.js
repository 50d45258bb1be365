// The table of what can be done to a movie, for each mode that begins with one. `tests/ui/test_video_animate.py` holds it
// against `pipelines/video/modes/`.

const percent = (value) => `${Math.round(value * 100)} %`;
const slider = (name, label, range, more = {}) => ({ name, label, range, kind: "slider", tell: percent, ...more });
const isBy = (way) => (settings) => settings.way === way;

export const PART_START = { start_seconds: 0, end_seconds: null };

/** `start`: how its settings begin; `fits(settings)`: does a field count? `draws`: is the model asked? `lacks(settings)`: is it nothing yet? */
export const MOVIE_MODES = {
  restyle: {
    title: "Restyle a movie",
    button: "Restyle it",
    draws: true,
    start: { way: "keyframes", strength: 0.5, spacing: 12, steadiness: 0.8, seeds: "fixed", mask: null },
    fields: [
      { name: "way", label: "Way", kind: "choice", isWide: true, options: [["keyframes", "Some frames are drawn"], ["blend", "Every frame is drawn"]], hint: "Where some are drawn, the others follow along the motion: steady and quick. Every frame has more of the model, and takes longer." },
      slider("strength", "Strength: how far a frame may change", [0, 1]),
      { name: "spacing", label: "Frames from one to the next, at most", kind: "slider", range: [1, 24], step: 1, fits: isBy("keyframes") },
      slider("steadiness", "Steadiness: how much is kept of the frame before", [0, 0.98], { fits: isBy("blend") }),
      { name: "seeds", label: "Seed", kind: "choice", isWide: true, options: [["fixed", "The same for every frame"], ["random", "Another one for each"]] },
    ],
  },
  deflicker: {
    title: "Deflicker",
    button: "Deflicker it",
    draws: false,
    start: { light: 0.95, texture: 0.5 },
    fields: [
      slider("light", "Light: how much is kept of what was", [0, 0.98], { hint: "Against brightness that pulses." }),
      slider("texture", "Texture: how much is kept of what was", [0, 0.98], { hint: "Against grain and detail that boil. Too much of it smears." }),
    ],
  },
  recut: {
    title: "Cut, slow down, enlarge",
    button: "Make it",
    draws: false,
    start: { fps: null, speed: 1, interpolates: true, scale: 1 },
    fields: [
      { name: "speed", label: "Speed", kind: "number", range: [0.02, 50], hint: "0.5 is half as fast." },
      { name: "fps", label: "Frames a second", kind: "number", range: [1, 240], placeholder: "as it is" },
      { name: "interpolates", label: "Make frames in between", kind: "switch", hint: "Along the motion. Else the nearest frame is shown." },
      { name: "scale", label: "Enlarge, times", kind: "number", range: [1, 4], isWide: true, empty: 1, placeholder: "as it is", hint: "Smoothly and without a model, up to 8192 × 4320 px." },
    ],
  },
  edit: {
    title: "Work on frames",
    button: "Make the movie",
    draws: false,
    start: { reach: 12, edits: [] },
    lacks: ({ edits }) => edits.length === 0,
    fields: [
      { name: "reach", label: "Frames to each side", kind: "slider", range: [0, 24], step: 1, hint: "It moves with what was changed, fades, and ends at cuts. 0: in that frame alone." },
    ],
  },
};
