// What is about to be taught: pictures and plan as the user made them, and what the server says of them after each change.
import { call } from "../api.js";
import { debounce } from "../dom.js";
import { keep, recall } from "../prefs.js";
import { whyOf } from "../problems.js";

const ASK_MS = 350;
const TIMEOUT_MS = 60000;
const RETRY_MS = 2000;
const BLANK = { plan: {}, pictures: [] };

/**
 * `pictures`: {image, name, text, caption, crop, isHeldOut}; what is null the server chooses; `text` lay beside the picture.
 * `answer` is that of the server, null before the first one; `problems` what stops it. `onChange(run)` calls `run()` now
 * and when anything is new.
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
    const isNew = ([name, value]) => JSON.stringify(isUnset(value) ? null : value) !== JSON.stringify(draft.plan[name] ?? null);
    if (!Object.entries(fields).some(isNew)) return;
    draft.plan = { ...draft.plan, ...fields };
    for (const [name, value] of Object.entries(draft.plan)) if (isUnset(value)) delete draft.plan[name];
    draft.problems = draft.problems.filter(({ field }) => !(field in fields));
    changed();
  }
  function add(assets) {
    draft.pictures = [...draft.pictures, ...assets.map(({ id, name, text }) => ({ image: id, name, text, caption: null, crop: null, isHeldOut: null }))];
    changed();
  }
  function remove(image) {
    draft.pictures = draft.pictures.filter((one) => one.image !== image);
    changed();
  }
  /** Another caption or crop; null leaves it to the server again. */
  function setPicture(image, fields) {
    const own = draft.pictures.find((one) => one.image === image);
    if (Object.entries(fields).every(([name, value]) => JSON.stringify(own[name]) === JSON.stringify(value))) return;
    Object.assign(own, fields);
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
    return { ...found, caption: own.caption ?? found.caption, crop: own.crop ?? found.crop };
  }
  /** Is this picture only measured? As the user says, else as many from the end as the settled plan wants. */
  function heldOut(image) {
    const own = draft.pictures.find((one) => one.image === image);
    return Boolean(own?.isHeldOut ?? draft.answer?.examples.find((one) => one.image === image)?.is_held_out);
  }
  const plan = () => ({ ...draft.plan, ...(checkpoint.name ? { checkpoint: checkpoint.name } : {}) });

  /** As the server takes them; what stands there is decided. If one is marked as only measured, so is it said of all. */
  function examples() {
    const isSaid = draft.pictures.some((one) => one.isHeldOut !== null);
    return draft.pictures.map(({ image, text, caption, crop }) => ({
      image,
      ...(text ? { text } : {}),
      ...(caption === null ? {} : { caption }),
      ...(crop === null ? {} : { crop }),
      ...(isSaid ? { is_held_out: heldOut(image) } : {}),
    }));
  }

  async function inquire() {
    const mine = ++turn;
    if (!draft.pictures.length) return settle(mine, { answer: null, problems: [] });
    const json = { plan: plan(), images: examples() };
    try {
      const answer = await call("POST", "api/v1/trainings/draft", { json, timeoutMs: TIMEOUT_MS });
      const isOneLost = answer.problems.some(({ field }) => /^examples\.\d+\.image$/.test(field));
      if (isOneLost && mine === turn && (await forgetLost())) return;
      settle(mine, { answer, problems: answer.problems });
    } catch (error) {
      if (error.status) settle(mine, { problems: [asProblem(error)] });
      else setTimeout(() => mine === turn && inquire(), RETRY_MS); // the header says that the connection is lost
    }
  }
  function settle(mine, news) {
    if (mine !== turn) return;
    Object.assign(draft, news, { isAsking: false });
    announce();
  }
  /** Uploads that nobody used for long are cleared away by the server; answers whether there were such. */
  async function forgetLost() {
    const there = await Promise.all(draft.pictures.map(({ image }) => call("GET", `api/v1/assets/${image}`).then(() => true, (error) => error.status !== 404)));
    const lost = draft.pictures.filter((one, index) => !there[index]);
    if (!lost.length) return false;
    toasts.say(`No longer there: ${lost.map(({ name }) => name).join(", ")}. Add them again.`, { isError: true, key: "training" });
    draft.pictures = draft.pictures.filter((one) => !lost.includes(one));
    changed();
    return true;
  }
  /** Begins the training and empties the draft; answers it, or null after the problem is shown. */
  async function begin() {
    try {
      const training = await trainings.create({ plan: plan(), examples: examples() });
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
  return { field: error.field, why: whyOf(error.message), remedy: error.remedy };
}
