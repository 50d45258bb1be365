// A movie that something is to be done to: which part of it, what, and what the server says of that.
import { call, url } from "../api.js";
import { debounce } from "../dom.js";
import { keep, recall } from "../prefs.js";
import { asProblem } from "./animate_draft.js";
import { MOVIE_MODES, PART_START } from "./movie_fields.js";
import { sendMovie } from "./movie_files.js";
import { OUTPUT_START } from "./output_fields.js";
import { STILL_START, asRequest } from "./still_fields.js";

export const MOVIE = "video-movie"; // the same in all modes
const ASK_MS = 350;
const RETRY_MS = 2000;
const WORDS = { prompt: "", negative_prompt: "" };

/**
 * `movie` as the server keeps it, null without one; `src` is where a player finds it; `sent` is how much of one has arrived,
 * null while none is on its way. `settings`, `still`, `file`, `answer` and `problems` as in animate_draft.js.
 * `own(id)`: settings that belong to one movie.
 */
export function createMovieDraft({ mode, videos, checkpoint, toasts, own = () => ({}) }) {
  const { start, draws, lacks } = MOVIE_MODES[mode];
  const listeners = new Set();
  const kept = recall(`video-${mode}`, {});
  const draft = {
    movie: null,
    src: "",
    sent: null,
    settings: { ...PART_START, ...start, ...kept.settings },
    still: { ...STILL_START, ...WORDS, ...kept.still },
    file: { title: "", ...OUTPUT_START, ...kept.file },
    answer: null,
    problems: [],
    isAsking: false,
    announce,
    set: (name, value) => put("settings", name, value),
    setStill: (name, value) => put("still", name, value),
    setFile: (name, value) => put("file", name, value),
    take,
    endUpload: () => upload?.end(),
    find,
    begin,
    onChange: (run) => (listeners.add(run), run()),
  };
  let turn = 0;
  let upload = null;

  function announce() {
    for (const run of listeners) run();
  }
  function put(part, name, value) {
    draft[part] = { ...draft[part], [name]: value };
    draft.problems = draft.problems.filter(({ at }) => at !== name);
    changed();
  }
  function changed() {
    const { settings, still, file } = draft;
    keep(`video-${mode}`, { settings, still, file });
    draft.isAsking = true;
    turn += 1; // an answer that is under way is of what was
    announce();
    look();
  }
  const look = debounce(() => inquire(turn), ASK_MS);

  /** Another movie: what part of the one before counted means nothing in it. */
  async function take(file) {
    upload?.end();
    Object.assign(draft, { sent: 0, problems: [] });
    announce();
    const mine = (upload = sendMovie(file, (share) => ((draft.sent = share), announce())));
    const movie = await mine.done.catch(refuse);
    if (mine !== upload) return;
    draft.sent = null;
    if (movie) use(movie, URL.createObjectURL(file));
    else announce();
  }
  function refuse(error) {
    if (error.status) draft.problems = [{ ...asProblem(error), at: "movie" }];
    else toasts.fail(error, { key: "videos" });
    return null;
  }
  function use(movie, src, part = { ...PART_START, ...("mask" in start && { mask: null }) }) {
    if (draft.src.startsWith("blob:")) URL.revokeObjectURL(draft.src);
    Object.assign(draft, { movie, src, answer: null, settings: { ...draft.settings, ...part, ...own(movie.id) } });
    keep(MOVIE, movie.id);
    changed();
  }
  /** The movie that was last taken in any mode, if the server still has it. */
  async function find() {
    const id = recall(MOVIE, "");
    if (!id || id === draft.movie?.id || draft.sent !== null) return;
    const movie = await call("GET", `api/v1/movies/${id}`).catch((error) => (error.status === 404 && keep(MOVIE, ""), null));
    if (!movie || draft.sent !== null) return;
    const isSame = recall(`video-${mode}-of`, "") === id;
    use(movie, url(`api/v1/movies/${id}/file`), isSame ? {} : undefined);
  }
  function asked() {
    const { format, quality, title } = draft.file;
    const request = draws ? { request: asRequest(draft.still, checkpoint) } : {};
    return { mode, title, settings: { ...draft.settings, movie: draft.movie.id }, ...request, output: { format, quality } };
  }
  async function inquire(mine) {
    if (!draft.movie) return settle(mine, { answer: null });
    if (lacks?.(draft.settings)) return settle(mine, { answer: null, problems: [] });
    keep(`video-${mode}-of`, draft.movie.id);
    try {
      settle(mine, { answer: await call("POST", "api/v1/videos/draft", { json: asked() }), problems: [] });
    } catch (error) {
      if (error.status) settle(mine, { answer: null, problems: [placed(error)] });
      else setTimeout(() => mine === turn && inquire(mine), RETRY_MS); // the header says that the connection is lost
    }
  }
  function settle(mine, news) {
    if (mine !== turn) return;
    Object.assign(draft, news, { isAsking: false });
    announce();
  }
  /** Answers with the video, or null after the problem is shown. */
  async function begin() {
    try {
      return await videos.create(asked());
    } catch (error) {
      if (error.status === 422) draft.problems = [placed(error)];
      else toasts.fail(error, { key: "videos" });
      announce();
      return null;
    }
  }
  if (draws) checkpoint.onChange(() => draft.movie && changed());
  return draft;
}

/** The blend speaks of its strength, which is the steadiness of a restyled movie. */
const placed = (error) => ({ ...asProblem(error), ...(error.field === "strength" && { at: "steadiness" }) });
