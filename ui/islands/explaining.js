// How the server reads the prompts of the form: asked for while one writes, never twice at the same time.
import { call } from "./api.js";
import { debounce } from "./dom.js";

const PAUSE_MS = 300;

/** `answer` is {prompt, negative_prompt} as `POST api/v1/prompts/explain` tells them, or null; `onChange(run)` calls `run()` now and then. */
export function createExplaining({ form, modes, checkpoint }) {
  const listeners = new Set();
  const explaining = { answer: null, asked: null, warnings, onChange };
  let wanted = "";
  let isAsking = false;

  function body() {
    const { values } = form;
    const steps = values["sampling.steps"] ?? checkpoint.defaults.steps;
    return {
      prompt: values.prompt ?? "",
      negative_prompt: values.negative_prompt ?? "",
      steps,
      hires_steps: values.hires && modes.current() === "text" ? values["hires.steps"] || steps : null,
      checkpoint: checkpoint.name || null,
      wording: { emphasis: values["wording.emphasis"], comma_backtrack: values["wording.comma_backtrack"] ?? undefined },
    };
  }
  async function ask() {
    if (isAsking) return;
    isAsking = true;
    const text = wanted;
    try {
      const json = JSON.parse(text);
      explaining.answer = await call("POST", "api/v1/prompts/explain", { json });
      explaining.asked = json;
    } catch {
      explaining.answer = null; // a field beside the prompt is wrong, which is said when it is sent; or no server is there
    }
    isAsking = false;
    for (const run of listeners) run();
    if (wanted !== text) ask();
  }
  const soon = debounce(ask, PAUSE_MS);

  function look() {
    if (checkpoint.all.length === 0) return; // not known yet: it would be asked twice
    const text = JSON.stringify(body());
    if (text === wanted) return;
    wanted = text;
    soon();
  }
  /** The warnings of both prompts, each with the `field` in which it is. */
  function warnings() {
    return ["prompt", "negative_prompt"].flatMap((field) => (explaining.answer?.[field].warnings ?? []).map((row) => ({ ...row, field })));
  }
  function onChange(run) {
    listeners.add(run);
    run();
  }
  form.onChange(look);
  modes.onChange(look);
  checkpoint.onChange(look);
  return explaining;
}
