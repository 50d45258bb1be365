// Several pictures on their way to the server, a few at a time; those that cannot be used are named and left out.
import { call } from "../api.js";

const AT_ONCE = 3;
const CAPTION_BYTES = 4000;
const stem = (name) => name.replace(/\.[^.]*$/, "").toLowerCase();
const TIMEOUT_MS = 120000;

/**
 * `isThere(id)` answers at which place an upload is already listed, 0 for none; `add(assets)` gets those that are new, in
 * the order in which they were given.
 */
export function createUploads({ isThere, add, onChange }) {
  let total = 0;
  let done = 0;
  let failures = []; // {name, why}
  let waiting = [];
  let ready = []; // an answer for each file; those before the first gap are handed on
  let running = 0;
  const captions = new Map(); // name without its ending → text

  /** Texts are the captions of pictures of the same name, as other trainers keep them: dog.png and dog.txt. */
  async function take(given) {
    if (!total) failures = [];
    const texts = given.filter((file) => file.type === "text/plain" || /\.(txt|caption)$/i.test(file.name));
    const files = given.filter((file) => !texts.includes(file));
    for (const file of texts) captions.set(stem(file.name), (await file.slice(0, CAPTION_BYTES).text()).trim());
    if (!files.length) return onChange();
    const first = ready.length;
    ready.push(...files.map(() => undefined));
    waiting.push(...files.map((file, index) => ({ file, index: first + index })));
    total += files.length;
    onChange();
    while (running < AT_ONCE && waiting.length) work();
  }
  async function work() {
    running += 1;
    while (waiting.length) {
      const { file, index } = waiting.shift();
      ready[index] = await send(file);
      done += 1;
      onChange();
    }
    running -= 1;
    if (!running) finish();
  }
  async function send(file) {
    const name = file.name || "pasted picture";
    const body = new FormData();
    body.append("file", file, name);
    try {
      return { ...(await call("POST", "api/v1/assets", { body, timeoutMs: TIMEOUT_MS })), name, text: captions.get(stem(name)) || null };
    } catch (error) {
      const why = error.status ? [error.message, error.remedy].filter(Boolean).join(" ") : "The server does not answer.";
      failures.push({ name, why });
      return null;
    }
  }
  /** All have come: the same file twice is one picture. */
  function finish() {
    const fresh = [];
    for (const asset of ready.filter(Boolean)) {
      const place = isThere(asset.id) || fresh.findIndex((one) => one.id === asset.id) + 1;
      if (place) failures.push({ name: asset.name, why: "The same picture is here already." });
      else fresh.push(asset);
    }
    [total, done, ready] = [0, 0, []];
    if (fresh.length) add(fresh);
    onChange();
  }
  return {
    take,
    state: () => ({ total, done, failures }),
    forgive: () => ((failures = []), onChange()),
  };
}
