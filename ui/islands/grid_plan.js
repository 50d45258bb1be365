// What a grid would make: the server is asked after each change how it reads the values, and how many pictures there are.
import { call } from "./api.js";
import { debounce } from "./dom.js";

const PAUSE_MS = 350;

/** Is there something to plan: does every axis that varies have values? */
const isWhole = (asked) => Boolean(asked) && Object.values(asked).every((axis) => !axis || axis.values.trim());

/** The plan; `onChange(run)` calls `run({ plan, error })` whenever either is another one; both null: no grid. */
export function createPlan({ grid, form, verbs }) {
  const listeners = new Set();
  let turn = 0;
  let isBlank = true;
  const tell = (plan, error = null) => {
    isBlank = !plan && !error;
    for (const run of listeners) run({ plan, error });
  };
  const ask = debounce(async () => {
    const asked = ++turn;
    if (!isWhole(grid.asSent())) return isBlank || tell(null);
    try {
      const plan = await call("POST", "api/v1/grids/plan", { json: verbs.request() });
      if (asked === turn) tell(plan);
    } catch (error) {
      if (asked === turn) tell(null, error);
    }
  }, PAUSE_MS);
  grid.onChange(ask);
  form.onChange(() => grid.asSent() && ask());
  return { onChange: (run) => listeners.add(run) };
}
