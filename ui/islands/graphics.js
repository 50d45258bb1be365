// The style of graphics that is chosen: it stands around the prompt when a request is sent; kept over a reload.
import { call } from "./api.js";
import { keep, recall } from "./prefs.js";

/** `onChange(run)` calls `run()` now and after each change. `chosen` is a style as the server tells it, or null. */
export function createGraphics({ modes }) {
  const listeners = new Set();
  const graphics = { chosen: recall("style", null), styles: [], problem: null, choose, learn, wrap, onChange };
  let isAsked = false;

  function tell() {
    for (const run of listeners) run();
  }
  function choose(style) {
    graphics.chosen = style;
    keep("style", style);
    tell();
  }
  /** Asks for the styles once, when somebody first wants to see them. */
  async function learn() {
    if (isAsked) return;
    isAsked = true;
    try {
      const answer = await call("GET", "api/v1/graphics/styles");
      Object.assign(graphics, { styles: answer.items ?? answer, problem: null });
    } catch (error) {
      isAsked = false;
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
  function onChange(run) {
    listeners.add(run);
    run();
  }
  return graphics;
}
