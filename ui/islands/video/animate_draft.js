// The animation that is about to be made: what the user set, its curves, and what the server says of it.
import { call } from "../api.js";
import { debounce } from "../dom.js";
import { keep, recall } from "../prefs.js";
import { laneOf } from "./animate_lanes.js";
import { OUTPUT_START } from "./output_fields.js";
import { STILL_START, asRequest } from "./still_fields.js";

const NAME = "video-animate";
const CURVES_MS = 150;
const ASK_MS = 350;
const RETRY_MS = 2000;
const BLANK = { title: "", ...OUTPUT_START };

/**
 * `settings` are those of an Animation, null until the server has said how one begins; `still` as in still_fields.js; `file`
 * is title, format and quality. `curves` as POST /video/curves answers, `answer` as /videos/draft does; `problems` are
 * {at, why, remedy}, with `isSent` where something could not be taken in. `onChange(run)` calls `run()` now and when anything is new.
 */
export function createAnimateDraft({ videos, checkpoint, toasts }) {
  const listeners = new Set();
  const draft = {
    settings: null,
    still: { ...STILL_START },
    file: { ...BLANK },
    curves: null,
    answer: null,
    problems: [],
    isAsking: false,
    set: (name, value) => setAll({ [name]: value }),
    setAll,
    refuse,
    setStill: (name, value) => ((draft.still = { ...draft.still, [name]: value }), forgive(name), changed()),
    setFile: (name, value) => ((draft.file[name] = value), changed()),
    edit,
    take,
    clear,
    begin,
    seed: () => (draft.still.seed >= 0 ? draft.still.seed : 0),
    size: () => [draft.still.width ?? checkpoint.defaults.width, draft.still.height ?? checkpoint.defaults.height],
    flat: () => Object.fromEntries(Object.entries(draft.still).filter(([, value]) => value !== null && value !== "")),
    onChange: (run) => (listeners.add(run), run()),
  };
  let start = null; // how an animation begins
  let turn = 0;

  function announce() {
    for (const run of listeners) run();
  }
  function changed() {
    const { settings, still, file } = draft;
    keep(NAME, { settings, still, file });
    draft.isAsking = true;
    draft.problems = draft.problems.filter(({ isSent }) => !isSent);
    turn += 1; // an answer that is under way is of what was
    announce();
    plot();
    look();
  }
  const plot = debounce(() => draw(turn), CURVES_MS);
  const look = debounce(() => inquire(turn), ASK_MS);

  function setAll(values) {
    draft.settings = { ...draft.settings, ...values };
    Object.keys(values).forEach(forgive);
    changed();
  }
  /** What could not be taken in is told at its place until something is changed; it hinders nothing. */
  function refuse(name, error) {
    if (error.status) draft.problems = [...draft.problems.filter(({ at }) => at !== name), { ...asProblem(error), at: name, isSent: true }];
    else toasts.fail(error, { key: "videos" });
    announce();
  }
  function forgive(name) {
    draft.problems = draft.problems.filter(({ at }) => at !== name && !at.startsWith(`${name}.`));
  }
  /** All at once, as from a file; answers with what brings back what was. */
  function take({ settings, still }) {
    const before = { settings: draft.settings, still: draft.still };
    const prompts = settings.prompts.length ? settings.prompts : start.prompts;
    Object.assign(draft, { settings: { ...settings, prompts }, still, problems: [], answer: null });
    changed();
    return () => take(before);
  }
  function clear() {
    return take({ settings: start, still: { ...STILL_START } });
  }

  /** Changes keys of a lane, one after the other, each as {verb, …} of POST /video/curves/edit; answers whether that was done. */
  async function edit(lane, changes) {
    const before = draft.settings[lane];
    let text = before.trim() ? before : `0: (${laneOf(lane).start})`;
    try {
      for (const change of changes) {
        const settings = { ...draft.settings, [lane]: text };
        text = (await call("POST", "api/v1/video/curves/edit", { json: { settings, seed: draft.seed(), lane, ...change } })).text;
      }
    } catch (error) {
      toasts.fail(error, { key: "videos" });
      return false;
    }
    if (draft.settings[lane] !== before) return false; // it was written to meanwhile
    draft.settings = { ...draft.settings, [lane]: text };
    await draw((turn += 1));
    changed();
    return true;
  }
  async function draw(mine) {
    const json = { settings: draft.settings, seed: draft.seed() };
    const curves = await call("POST", "api/v1/video/curves", { json }).catch(() => null); // the draft says what is wrong
    if (mine !== turn || !curves) return;
    draft.curves = curves;
    announce();
  }
  function asked() {
    const { format, quality, title } = draft.file;
    const settings = draft.settings.mode === "movie" ? draft.settings : { ...draft.settings, init_video: "" }; // it is kept for when it counts
    return { mode: "animate", title, settings, request: asRequest(draft.still, checkpoint), output: { format, quality } };
  }
  async function inquire(mine) {
    const { mode, init_video: movie } = draft.settings;
    if (mode === "movie" && !movie) return settle(mine, { answer: null, problems: [] }); // its place asks for one
    try {
      settle(mine, { answer: await call("POST", "api/v1/videos/draft", { json: asked() }), problems: [] });
    } catch (error) {
      if (error.status) settle(mine, { answer: null, problems: [asProblem(error)] });
      else setTimeout(() => mine === turn && inquire(mine), RETRY_MS); // the header says that the connection is lost
    }
  }
  function settle(mine, news) {
    if (mine !== turn) return;
    const problems = [...news.problems, ...draft.problems.filter(({ isSent }) => isSent)];
    Object.assign(draft, news, { problems, isAsking: false });
    announce();
  }
  /** Answers with the video, or null after the problem is shown. */
  async function begin() {
    try {
      return await videos.create(asked());
    } catch (error) {
      if (error.status === 422) draft.problems = [asProblem(error)];
      else toasts.fail(error, { key: "videos" });
      announce();
      return null;
    }
  }
  async function learn() {
    const formats = await call("GET", "api/v1/video/formats").catch(() => null);
    if (!formats) return setTimeout(learn, RETRY_MS);
    start = { ...formats.animation, prompts: [{ frame: "0", text: "" }] };
    const kept = recall(NAME, {});
    draft.settings = { ...start, ...known(kept.settings, start) };
    Object.assign(draft.still, kept.still);
    Object.assign(draft.file, kept.file);
    checkpoint.onChange(changed);
  }
  learn();
  return draft;
}

const known = (fields, start) => Object.fromEntries(Object.entries(fields ?? {}).filter(([name]) => name in start));

/** "animation.prompts.0.text" as the place "prompts.0" of the page, and "settings.zoom" as "zoom". */
export function asProblem(error) {
  const { field = "", remedy, position } = error;
  const at = field.replace(/^(?:animation|settings|output|request)\./, "").replace(/^(prompts\.\d+)\..*$/, "$1");
  const names = { steps: "sampling.steps", guidance_scale: "sampling.guidance_scale", sampler: "sampling.sampler", schedule: "sampling.schedule" };
  const isStill = !/^(?:animation|settings|output)\./.test(field);
  return { at: (isStill && names[at]) || at, why: reasonOf(error), remedy, position };
}

/** What is wrong, without field and value, which may hold anything. */
export const reasonOf = ({ field, value, message }) => (message.startsWith(`${field} = ${value}: `) ? message.slice(`${field} = ${value}: `.length) : message);
