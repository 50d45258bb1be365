// What an animation begins with: a picture, the frames of a movie, and a picture whose colours are kept.
import { h, show } from "../dom.js";
import { COLOUR_FIELDS, FRAMES_MOST, START_FIELDS, counts } from "./animate_lanes.js";
import { createMovieSlot, createPictureSlot } from "./animate_slot.js";
import { createWidgets } from "./widgets.js";

const MOVIE = "movie";

/** The part; `draw()`, and `take(file)` puts a picture or a movie where it belongs, as the animation is set. */
export function createStart({ draft }) {
  const picture = createPictureSlot({ name: "init_image", label: "A picture", hint: ({ mode }) => (mode === "morph" ? "Every frame is drawn over it." : "The first frame is drawn over it."), draft });
  const movie = createMovieSlot({ name: "init_video", label: "A movie", hint: () => "Each frame is drawn over one of it.", draft, onTake: takeMovie });
  const widgets = createWidgets({ fields: START_FIELDS, page: "animate", change: set, label: "What it begins with" });
  const colours = createWidgets({ fields: COLOUR_FIELDS, page: "animate", change: draft.set, label: "Colours" });
  const kept = createPictureSlot({ name: "colour_image", label: "A picture whose colours are kept", hint: ({ mode }) => (mode === MOVIE ? "Without one they change with the movie." : "Without one they are those of the first frame."), draft });
  const begins = section("Begins with", picture.element, movie.element, widgets.element);
  const held = section("Colours", colours.element, kept.element);
  const element = h("div", { class: "animate-start" }, begins, held);

  /** As many frames as it has, at its pace, so that the timeline is as long as the clip will be. */
  function takeMovie({ id, frames, fps }) {
    const whole = { mode: MOVIE, init_video: id, extract_from_frame: 0, extract_to_frame: -1 };
    const pace = Math.min(240, Math.max(1, Number(fps.toFixed(3))));
    draft.setAll({ ...whole, fps: pace, max_frames: lengthOf({ ...draft.settings, ...whole }, frames) });
  }
  function set(name, value) {
    const next = { ...draft.settings, [name]: value };
    const isLonger = name.startsWith("extract_") && movie.frames() > 0;
    draft.setAll({ [name]: value, ...(isLonger && { max_frames: lengthOf(next, movie.frames()) }) });
  }
  function take(file) {
    const isMovie = file.type.startsWith("video/") || /\.(mkv|mov|avi|webm|mp4|m4v|mpe?g)$/i.test(file.name);
    return (isMovie ? movie : draft.settings.mode === MOVIE ? kept : picture).take(file);
  }
  function draw() {
    const { settings } = draft;
    const { mode, init_image: image, init_video: video, colour_image: colour, colour_coherence: space } = settings;
    for (const part of [picture, movie, kept]) part.draw();
    for (const [group, fields] of [[widgets, START_FIELDS], [colours, COLOUR_FIELDS]]) {
      group.draw(settings);
      for (const field of fields) show(group.element.querySelector(`[data-at="${field.name}"]`), counts(field, settings));
    }
    show(picture.element, mode !== MOVIE);
    show(movie.element, mode === MOVIE);
    show(widgets.element, Boolean(mode === MOVIE ? video : image));
    show(held, mode !== "morph");
    show(kept.element, mode === MOVIE || space !== "none");
    show(colours.element, mode !== MOVIE || Boolean(colour));
  }
  return { element, draw, take };
}

/** How many frames of a movie are taken. */
function lengthOf({ extract_from_frame: from, extract_to_frame: to, extract_nth_frame: every }, frames) {
  const end = to < 0 ? frames : Math.min(frames, to + 1);
  return Math.max(1, Math.min(FRAMES_MOST, Math.ceil((end - from) / Math.max(1, every ?? 1))));
}

const section = (title, ...nodes) => h("section", { class: "maker-part", "aria-label": title }, h("h3", {}, title), h("div", { class: "maker-slots" }, ...nodes));
