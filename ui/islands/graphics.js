// The style of graphics that is chosen: it stands around the prompt when a request is sent; kept over a reload.
import { call } from "./api.js";
import { keep, recall } from "./prefs.js";

/** `onChange(run)` calls `run()` now and after each change. `chosen` is a style as the server tells it, or null. */
export function createGraphics({ modes }) {
  const listeners = new Set();
  const graphics = { chosen: recall("style", null), styles: [], problem: null, choose, learn, wrap, styleOf, onChange };
  let asked = null; // the answer that is awaited, or was given

  function tell() {
    for (const run of listeners) run();
  }
  function choose(style) {
    graphics.chosen = style;
    keep("style", style);
    tell();
  }
  /** Asks for the styles once, when somebody first wants to see them. */
  function learn() {
    asked ??= load();
    return asked;
  }
  async function load() {
    try {
      const { items } = await call("GET", "api/v1/graphics/styles");
      Object.assign(graphics, { styles: items, problem: null });
    } catch (error) {
      asked = null;
      graphics.problem = error;
    }
    tell();
  }
  /** The request with the style around its prompt; in the mode "inpaint" there is none. */
  function wrap(request) {
    const style = modes.current() === "inpaint" ? null : graphics.chosen;
    if (!style) return request;
    const prompt = style.prompt.replaceAll("{prompt}", () => request.prompt ?? "");
    const negative = [request.negative_prompt, style.negative_prompt].filter(Boolean).join(", ");
    return { ...request, prompt, ...(negative ? { negative_prompt: negative } : {}) };
  }
  /** The style in whose words a prompt stands, or null; what suits it suits the picture. */
  async function styleOf(prompt) {
    await learn();
    const isAround = ({ prompt: words }) => {
      const [before, after] = words.split("{prompt}");
      return prompt.startsWith(before) && prompt.endsWith(after);
    };
    return graphics.styles.find(isAround) ?? null;
  }
  function onChange(run) {
    listeners.add(run);
    run();
  }
  return graphics;
}
