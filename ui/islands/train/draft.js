// What is about to be taught: pictures and plan as the user made them, and what the server says of them after each change.
import { call } from "../api.js";
import { debounce } from "../dom.js";
import { keep, recall } from "../prefs.js";

const ASK_MS = 350;
const TIMEOUT_MS = 60000;
const BLANK = { plan: {}, pictures: [] };

/**
 * `pictures`: {image, name, caption, crop, isHeldOut}; `caption` and `crop` are null where the server chooses. `answer` is
 * that of the server, null before the first one; `problems` what stops it. `onChange(run)` calls `run()` now and when
 * anything is new.
 */
export function createDraft({ checkpoint, trainings, toasts }) {
  const listeners = new Set();
  const kept = { ...BLANK, ...recall("training", BLANK) };
  const draft = {
    plan: kept.plan, // only what the user has set
    pictures: kept.pictures,
    answer: null,
    problems: [],
    isAsking: false,
    change,
    add,
    remove,
    setPicture,
    exampleOf,
    heldOut,
    clear,
    begin,
    onChange: (run) => (listeners.add(run), run()),
  };
  let turn = 0;

  function announce() {
    for (const run of listeners) run();
  }
  function changed() {
    keep("training", { plan: draft.plan, pictures: draft.pictures });
    draft.isAsking = true;
    turn += 1; // an answer that is under way is of another plan
    announce();
    look();
  }
  const look = debounce(inquire, ASK_MS);

  /** Fields of the plan; null, "" and [] leave one to the server. */
  function change(fields) {
    draft.plan = { ...draft.plan, ...fields };
    for (const [name, value] of Object.entries(draft.plan)) if (isUnset(value)) delete draft.plan[name];
    draft.problems = draft.problems.filter(({ field }) => !(field in fields));
    changed();
  }
  function add(assets) {
    draft.pictures = [...draft.pictures, ...assets.map(({ id, name, caption }) => ({ image: id, name, caption, crop: null, isHeldOut: null }))];
    changed();
  }
  function remove(image) {
    draft.pictures = draft.pictures.filter((one) => one.image !== image);
    changed();
  }
  /** Only a change of what is trained is asked about; captions and crops of single pictures are as they are given. */
  function setPicture(image, fields) {
    Object.assign(draft.pictures.find((one) => one.image === image), fields);
    changed();
  }
  /** Empties it; answers with what brings it back. */
  function clear() {
    const { plan, pictures } = draft;
    Object.assign(draft, { plan: {}, pictures: [], answer: null, problems: [] });
    changed();
    return () => (Object.assign(draft, { plan, pictures }), changed());
  }
  /** What the server says of a picture, with what the user has changed; null while it has not answered. */
  function exampleOf(image) {
    const found = draft.answer?.examples.find((one) => one.image === image);
    const own = draft.pictures.find((one) => one.image === image);
    if (!found || !own) return null;
    const isAsTrained = own.crop && sameShape(own.crop, found.size);
    return { ...found, caption: own.caption ?? found.caption, crop: isAsTrained ? own.crop : found.crop };
  }
  /** Is this picture only measured? As the user says, else as many from the end as the settled plan wants. */
  function heldOut(image) {
    const own = draft.pictures.find((one) => one.image === image);
    return Boolean(own?.isHeldOut ?? draft.answer?.examples.find((one) => one.image === image)?.is_held_out);
  }
  const plan = () => ({ ...draft.plan, ...(checkpoint.name ? { checkpoint: checkpoint.name } : {}) });

  async function inquire() {
    const mine = ++turn;
    if (!draft.pictures.length) return settle(mine, { answer: null, problems: [] });
    const json = { plan: plan(), images: draft.pictures.map((one) => one.image) };
    try {
      const answer = await call("POST", "api/v1/trainings/draft", { json, timeoutMs: TIMEOUT_MS });
      settle(mine, { answer, problems: answer.problems });
    } catch (error) {
      if (error.status === 404 && mine === turn) await forgetLost();
      else if (error.status) settle(mine, { problems: [asProblem(error)] });
      else setTimeout(() => mine === turn && inquire(), 2000); // the header says that the connection is lost
    }
  }
  function settle(mine, news) {
    if (mine !== turn) return;
    Object.assign(draft, news, { isAsking: false });
    announce();
  }
  /** Uploads that nobody used for long are cleared away by the server. */
  async function forgetLost() {
    const there = await Promise.all(draft.pictures.map(({ image }) => call("GET", `api/v1/assets/${image}`).then(() => true, (error) => error.status !== 404)));
    const lost = draft.pictures.filter((one, index) => !there[index]);
    if (!lost.length) return settle(turn, {});
    toasts.say(`No longer there: ${lost.map(({ name }) => name).join(", ")}. Add them again.`, { isError: true, key: "training" });
    draft.pictures = draft.pictures.filter((one, index) => there[index]);
    changed();
  }
  /** Begins the training and empties the draft; answers it, or null after the problem is shown. */
  async function begin() {
    const isSaid = draft.pictures.some((one) => one.isHeldOut !== null); // else the server chooses which
    const examples = draft.pictures.map(({ image, caption }) => ({
      image,
      ...(caption === null ? {} : { caption }),
      ...(exampleOf(image) ? { crop: exampleOf(image).crop } : {}),
      ...(isSaid ? { is_held_out: heldOut(image) } : {}),
    }));
    try {
      const training = await trainings.create({ plan: plan(), examples });
      clear();
      return training;
    } catch (error) {
      if (error.status === 422) Object.assign(draft, { problems: [asProblem(error)] });
      else toasts.fail(error, { key: "training" });
      announce();
      return null;
    }
  }
  let chosen = checkpoint.name;
  checkpoint.onChange(() => {
    if (checkpoint.name === chosen) return;
    chosen = checkpoint.name;
    if (draft.pictures.length) changed();
  });
  if (draft.pictures.length) changed();
  return draft;
}

const isUnset = (value) => value === null || value === undefined || value === "" || (Array.isArray(value) && !value.length);

/** "name = 63: is too long" → its parts. */
function asProblem(error) {
  const why = error.message.replace(/^\S+ = ([^]*?): /, "").replace(/\.$/, "");
  return { field: error.field, why, remedy: error.remedy };
}

/** Is the crop of the shape in which the picture is trained now? To the pixel that rounding leaves. */
const sameShape = ([, , width, height], [across, down]) => Math.abs(width * down - height * across) <= Math.max(across, down) * 1.5;
