// The photo that is about to come to life: its effects and the loop as the user made them, and what the server says of them.
import { call } from "../api.js";
import { debounce } from "../dom.js";
import { whyOf } from "../problems.js";
import { asProblem as asStillProblem } from "./animate_draft.js";
import { OUTPUT_START } from "./output_fields.js";
import { EFFECTS, asPlan, lacking, newEffect } from "./photo_effects.js";
import { createMaskSender, moved, sized, takePhoto } from "./photo_files.js";
import { createPhotoKeeper } from "./photo_keeper.js";
import { REFINE_START, asRefine } from "./photo_refine.js";
import { asRequest } from "./still_fields.js";

const ASK_MS = 350;
const RETRY_MS = 2000;
const START = { loop_seconds: 4, fps: 24, title: "", refine: REFINE_START, ...OUTPUT_START };
export const EFFECTS_MOST = 8;

/**
 * `photo` as in photo_files.js, or null; `effects` as in photo_effects.js, `chosen` the key of the one in hand;
 * `answer` is what the server says of it, null before; `problems`: {at, why, remedy}, `at` is "photo", a field of the
 * loop, or "key.field" of an effect. `onChange(run)` calls `run()` now and when anything is new.
 */
export function createPhotoDraft({ videos, checkpoint, toasts }) {
  const listeners = new Set();
  const keeper = createPhotoKeeper();
  const sendMask = createMaskSender();
  const draft = {
    ...START,
    ...BLANK(),
    photo: null,
    answer: null,
    problems: [],
    isAsking: false,
    isTaking: false, // a photo is on its way
    size: () => draft.photo ?? { width: 0, height: 0 },
    effect: () => draft.effects.find(({ key }) => key === draft.chosen) ?? draft.effects[0],
    ordered,
    missing,
    take,
    resize,
    clear,
    change,
    choose,
    add,
    remove,
    setValue,
    touched,
    order,
    begin,
    onChange: (run) => (listeners.add(run), run()),
  };
  let turn = 0;

  function announce() {
    for (const run of listeners) run();
  }
  function changed() {
    keeper.keep(draft);
    draft.isAsking = true;
    turn += 1; // an answer that is under way is of another plan
    announce();
    look();
  }
  const look = debounce(inquire, ASK_MS);

  /** Another photo; what is painted lay on the one before. */
  function take(file) {
    return uploading(() => takePhoto(file), BLANK);
  }
  /** The same photo in another size, with all that is painted on it. */
  function resize(side) {
    return uploading(() => sized(draft.photo, side), (photo) => ({ effects: draft.effects.map((one) => moved(one, draft.photo, photo)) }));
  }
  /** `changesOf(photo)`: what else becomes of the draft. */
  async function uploading(run, changesOf) {
    draft.isTaking = true;
    announce();
    try {
      const photo = await run();
      Object.assign(draft, changesOf(photo), { photo, answer: null, problems: [] });
    } catch (error) {
      if (error.status) draft.problems = [{ at: "photo", why: whyOf(error.message), remedy: error.remedy }];
      else toasts.fail(error, { key: "videos" });
    }
    draft.isTaking = false;
    if (draft.photo) changed();
    else announce();
  }
  /** Empties it; answers with what brings it back. */
  function clear() {
    const { photo, effects, chosen } = draft;
    Object.assign(draft, BLANK(), { photo: null, answer: null, problems: [] });
    changed();
    return () => (Object.assign(draft, { photo, effects, chosen }), changed());
  }
  /** Fields of the loop; `places` whose problems are of what was. */
  function change(fields, ...places) {
    Object.assign(draft, fields);
    forgive(...Object.keys(fields), ...places);
    changed();
  }
  function choose(key) {
    draft.chosen = key;
    announce();
  }
  function add(kind) {
    const key = 1 + Math.max(0, ...draft.effects.map((one) => one.key));
    draft.effects = [...draft.effects, newEffect(kind, key)];
    draft.chosen = key;
    changed();
  }
  /** Answers with what brings it back. */
  function remove(key) {
    const before = draft.effects;
    draft.effects = before.filter((one) => one.key !== key);
    if (draft.chosen === key) draft.chosen = draft.effects.at(-1)?.key ?? 0;
    changed();
    return () => ((draft.effects = before), (draft.chosen = key), changed());
  }
  function setValue(effect, name, value) {
    effect.values[name] = value;
    forgive(`${effect.key}.${name}`);
    changed();
  }
  /** Something of it was painted or drawn. */
  function touched(effect) {
    draft.problems = draft.problems.filter(({ at }) => !at.startsWith(`${effect.key}.`));
    changed();
  }
  function forgive(...places) {
    draft.problems = draft.problems.filter(({ at }) => !places.includes(at));
  }
  /** In the order in which they are drawn: what moves all of it comes last. */
  function ordered() {
    const isLast = ({ kind }) => Number(kind === "parallax");
    return [...draft.effects].sort((one, other) => isLast(one) - isLast(other));
  }
  /** The first thing that is still to be done: {effect, words}, or null. */
  function missing() {
    const effect = ordered().find(lacking);
    return effect ? { effect, words: lacking(effect) } : null;
  }

  /** `effects` that are whole; size and length are the same without any, so that they are told from the first moment on. */
  function asked(effects) {
    const { loop_seconds, fps, format, quality, title, photo, refine } = draft;
    const plans = effects.length ? effects.map((one) => asPlan(one, photo)) : [{ kind: "parallax" }];
    const plan = { effects: plans, loop_seconds, fps };
    const drawn = refine.isOn ? { request: asRequest(refine.still, checkpoint) } : {};
    return { mode: "photo", title, settings: { photo: photo.id, plan, refine: asRefine(refine) }, ...drawn, output: { format, quality } };
  }
  async function inquire() {
    const mine = ++turn;
    if (!draft.photo) return settle(mine, { answer: null, problems: [] });
    const effects = ordered().filter((one) => !lacking(one));
    try {
      settle(mine, { answer: await call("POST", "api/v1/videos/draft", { json: asked(effects) }), problems: [] });
    } catch (error) {
      if (error.status) settle(mine, { answer: null, problems: [asProblem(error, effects)] });
      else setTimeout(() => mine === turn && inquire(), RETRY_MS); // the header says that the connection is lost
    }
  }
  function settle(mine, news) {
    if (mine !== turn) return;
    Object.assign(draft, news, { isAsking: false });
    announce();
  }
  /** All of it as the server takes it, once the masks are there. */
  async function order(effects) {
    const whole = asked(effects);
    whole.settings.masks = await Promise.all(effects.map(sendMask));
    return whole;
  }
  /** Sends it; answers with the video, or null after the problem is shown. */
  async function begin() {
    const effects = ordered();
    try {
      return await videos.create(await order(effects));
    } catch (error) {
      if (error.status === 422) draft.problems = [asProblem(error, effects)];
      else toasts.fail(error, { key: "videos" });
      announce();
      return null;
    }
  }
  checkpoint.onChange(() => draft.photo && draft.refine.isOn && changed());
  keeper.recall().then((kept) => {
    if (!kept || draft.photo || draft.isTaking) return;
    Object.assign(draft, kept);
    changed();
  });
  return draft;
}

const BLANK = () => ({ effects: [newEffect("flow", 1)], chosen: 1 });

/** "effects.1.speed", "masks.1" and "plan.fps" as places of the page. */
function asProblem({ field, value, message, remedy }, effects) {
  const [, number, rest] = field.match(/(?:effects|masks)\.(\d+)\.?(.*)$/) ?? [];
  const effect = effects[Number(number)];
  const known = effect && EFFECTS[effect.kind].fields.some(({ name }) => name === rest);
  if (!effect) return { ...asStillProblem({ field: field.replace(/^(?:plan|refine)\./, ""), value, message, remedy }), why: whyOf(message) };
  return { at: `${effect.key}.${known ? rest : ""}`, why: whyOf(message), remedy };
}
