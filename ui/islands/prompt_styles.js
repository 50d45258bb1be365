// Styles of prompts: named pieces of text that are put into the prompts when they are sent; which ones is kept over a reload.
import { call } from "./api.js";
import { keep, recall } from "./prefs.js";
import { showRefusal } from "./refusal.js";

const PLACE = "{prompt}";

/** The text with a style in it: in the style's place for it, else before the style. As AUTOMATIC1111 does. */
export function applied(text, piece) {
  if (piece.includes(PLACE)) return piece.replaceAll(PLACE, () => text);
  return [text, piece].map((part) => part.trim()).filter(Boolean).join(", ");
}

/** The text that a style was put into; null if it is not in there. */
export function takenOut(text, piece) {
  if (!piece) return text;
  if (piece.includes(PLACE)) {
    const at = piece.indexOf(PLACE);
    const [before, after] = [piece.slice(0, at), piece.slice(at + PLACE.length)];
    const isThere = text.startsWith(before) && text.endsWith(after) && text.length >= before.length + after.length;
    return isThere ? text.slice(before.length, text.length - after.length) : null;
  }
  if (text.trim() === piece.trim()) return "";
  const tail = `, ${piece.trim()}`;
  return text.trimEnd().endsWith(tail) ? text.trimEnd().slice(0, -tail.length) : null;
}

/**
 * The styles. `items` as `GET api/v1/styles` tells them, `chosen` their names in order; `onChange(run)` calls `run()` now
 * and after each change. `place`: the element at which a refusal is said.
 */
export function createPromptStyles({ form }) {
  const listeners = new Set();
  const styles = { items: [], problem: null, chosen: names(recall("promptStyles", "")), place: null, learn, turn, set, save, remove, sent, without, onChange };

  function tell() {
    for (const run of listeners) run();
  }
  function set(text) {
    styles.chosen = names(text ?? "");
    keep("promptStyles", styles.chosen.join("\n"));
    tell();
  }
  /** Chooses one, after the others; or gives it up. */
  function turn(name) {
    const others = styles.chosen.filter((one) => one !== name);
    set((others.length < styles.chosen.length ? others : [...others, name]).join("\n"));
  }

  async function learn() {
    try {
      Object.assign(styles, { items: (await call("GET", "api/v1/styles")).items, problem: null });
    } catch (error) {
      styles.problem = error;
    }
    tell();
  }
  /** Writes one, in the place of the one that was called `former` before; rejects with the API's error. */
  async function save({ name, prompt, negative_prompt }, former = name) {
    await call("PUT", `api/v1/styles/${encodeURIComponent(name)}`, { json: { prompt, negative_prompt } });
    if (former !== name) {
      await call("DELETE", `api/v1/styles/${encodeURIComponent(former)}`);
      set(styles.chosen.map((one) => (one === former ? name : one)).join("\n"));
    }
    await learn();
  }
  async function remove(name) {
    await call("DELETE", `api/v1/styles/${encodeURIComponent(name)}`);
    set(styles.chosen.filter((one) => one !== name).join("\n"));
    await learn();
  }
  /** Both prompts as they will be sent. */
  function sent() {
    const { prompt = "", negative_prompt: negative = "" } = form.values;
    const chosen = styles.chosen.map((name) => styles.items.find((row) => row.name === name)).filter(Boolean);
    return {
      prompt: chosen.reduce((text, style) => applied(text, style.prompt), prompt),
      negative_prompt: chosen.reduce((text, style) => applied(text, style.negative_prompt), negative),
    };
  }
  /** Both prompts without this style; null if they do not hold it. */
  function without(style) {
    if (!style.prompt && !style.negative_prompt) return null;
    const prompt = takenOut(form.values.prompt ?? "", style.prompt);
    const negative = takenOut(form.values.negative_prompt ?? "", style.negative_prompt);
    return prompt === null || negative === null ? null : { prompt, negative_prompt: negative };
  }
  function onChange(run) {
    listeners.add(run);
    run();
  }
  const refuse = (error) => Boolean(styles.place?.isConnected) && (showRefusal(styles.place, error), true);
  form.own("styles", { get: () => styles.chosen.join("\n"), set, refuse });
  return styles;
}

const names = (text) =>
  text
    .split("\n")
    .map((name) => name.trim())
    .filter(Boolean);
