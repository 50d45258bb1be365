// The ways of making a video: what each is for, and what makes a new one; a way without a row in MODES is shown as not yet there.
import { createAnimate } from "./animate.js";
import { createFrames } from "./frames.js";
import { createDeflicker, createRecut, createRestyle } from "./movie.js";
import { createPhoto } from "./photo.js";

/** Rows of the choice, in this order. */
export const WAYS = [
  { name: "animate", sign: "play", label: "Animate", words: "A prompt becomes a moving picture: the camera travels, one meaning turns into another, frame after frame." },
  { name: "restyle", sign: "compare", label: "Restyle a movie", words: "A movie of yours is drawn anew in another style, with its motion and its sound." },
  { name: "photo", sign: "picture", label: "Photo to life", words: "Paint what moves in a photo: water flows, grass sways, the camera drifts, in a loop without a seam." },
  { name: "deflicker", sign: "sun", label: "Deflicker", words: "Light and texture of a movie are held still where they change by chance." },
  { name: "edit", sign: "film", label: "Work on frames", words: "Single frames of a movie become pictures: change them, put them back, and the change goes on in their neighbours." },
  { name: "recut", sign: "sliders", label: "Cut, slow down, enlarge", words: "A part of a movie is cut out, slowed down, made smoother or larger." },
];

/**
 * What makes a new video of a mode: `create({videos, toasts, …, onBegun(video), onBack()})` answers with {element, open()};
 * `open()` is called whenever it is shown or something is new.
 */
export const MODES = { animate: createAnimate, restyle: createRestyle, photo: createPhoto, deflicker: createDeflicker, edit: createFrames, recut: createRecut };

/** How a mode is shown: its icon, and "Photo to life". */
export const signOf = (mode) => WAYS.find(({ name }) => name === mode)?.sign ?? "play";
export const modeName = (mode) => WAYS.find(({ name }) => name === mode)?.label ?? mode;
