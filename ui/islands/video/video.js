// The tab in which videos are made: the list of them, a new one, and each of them; loaded when it is first opened.
import { call } from "../api.js";
import { h, show } from "../dom.js";
import { keep, recall } from "../prefs.js";
import { createWorks } from "../works.js";
import { createChooser } from "./chooser.js";
import { AT } from "./frames.js";
import { createDockRows } from "./in_dock.js";
import { createList } from "./list.js";
import { MODES } from "./modes.js";
import { MOVIE } from "./movie_draft.js";
import { createView } from "./view.js";

const NEW = "new";
const COPY_MS = 120000; // of a film, as a movie

/**
 * The videos with their rows in the dock, and the tab once Gradio has drawn its place: `mount(host)`. `open(at)` shows
 * something there: "" is the list, "new" the choice of modes, the name of a mode a new video of it, else the id of one;
 * `openFrame(movie, frame)` a frame of a movie that was sent.
 */
export function createVideo(parts) {
  const videos = createWorks({ kind: "videos", ...parts });
  const video = { mount, open, openFrame };
  const { dock, goTo } = parts;
  dock.put(createDockRows({ videos, onOpen: (id) => (goTo("video"), video.open(id)), onChange: dock.draw }));

  function open(at) {
    keep("video", at); // until the tab is drawn
  }
  /** Shows a frame of a movie where frames are worked on. */
  function openFrame(movie, frame) {
    keep(MOVIE, movie);
    keep(AT, { movie, frame });
    video.open("edit");
  }
  function mount(host) {
    video.open = mountTab(host, { ...parts, videos, openFrame });
  }
  return video;
}

/** Builds the island; answers with its `open(at)`. */
function mountTab(host, parts) {
  const { videos, toasts, openFrame } = parts;
  const list = createList({ videos, onOpen: open, onNew: () => open(NEW) });
  const chooser = createChooser({ onChoose: open, onBack: () => open("") });
  const view = createView({ videos, onBack: () => open(""), onUse });
  const makers = new Map(); // of modes that were opened
  const section = h("section", { class: "video", "aria-label": "Video" }, list.element, chooser.element, view.element);
  host.append(section);
  let at = recall("video", "");

  /** A finished video becomes a movie to begin with; at a frame that is worked on, or for what is chosen then. */
  async function onUse(id, frame) {
    const movie = await videos.attempt(() => call("POST", `api/v1/videos/${id}/movie`, { timeoutMs: COPY_MS }));
    if (!movie) return;
    if (frame !== null) return openFrame(movie.id, frame);
    keep(MOVIE, movie.id);
    open(NEW);
    toasts.say("The film is the movie to begin with: choose what is to be done to it.", { key: "videos" });
  }
  function maker(name) {
    if (!makers.has(name)) {
      const made = MODES[name]({ ...parts, onBegun: ({ id }) => open(id), onBack: () => open(NEW) });
      makers.set(name, made);
      section.append(made.element);
    }
    return makers.get(name);
  }
  function open(next) {
    const isOther = next !== at;
    at = next;
    keep("video", at);
    draw();
    if (isOther && host.checkVisibility()) {
      scrollTo(0, 0);
      host.querySelector(".video > :not([hidden]) button:not([hidden], :disabled)")?.focus({ preventScroll: true });
    }
  }
  /** What is to be seen: {one, mode, isChoice}. Without any video the choice stands there at once, and says what to do. */
  function place() {
    const mode = at in MODES ? at : "";
    const one = mode || at === NEW ? null : videos.find(at);
    return { one, mode, isChoice: !one && !mode && videos.isKnown && (at === NEW || videos.rows.length === 0) };
  }
  function draw() {
    const { one, mode, isChoice } = place();
    const shown = mode && maker(mode);
    for (const [name, made] of makers) show(made.element, name === mode);
    show(view.element, Boolean(one));
    show(chooser.element, isChoice);
    show(list.element, !one && !mode && !isChoice && videos.isKnown);
    view.open(one?.id ?? "");
    if (shown) shown.open();
    else if (isChoice) chooser.draw(videos.rows.length > 0);
    else if (!one) list.draw();
  }
  videos.onChange(draw);
  return open;
}
