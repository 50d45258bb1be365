// The grid of the form: up to three settings that vary, with the values of each as they are written; kept over a reload.
import { call } from "./api.js";
import { debounce } from "./dom.js";
import { keep, recall } from "./prefs.js";

/** The axes in the order in which they are filled, and what they are called. */
export const AXES = { x: "Columns", y: "Rows", z: "Sheets" };
const BLANK = { field: "", values: "" };

/**
 * The grid. `onChange(run)` calls `run()` now and after each change of `isOn`, `axes` ({x: {field, values}, …}) or
 * `rows`, which is what can vary as `GET api/v1/grids/axes` tells it. `refusers`: axis → what says why it was refused.
 */
export function createGrid({ form, modes, store }) {
  const kept = recall("grid", {});
  const listeners = new Set();
  const grid = {
    isOn: Boolean(kept.isOn),
    axes: Object.fromEntries(Object.keys(AXES).map((name) => [name, { ...BLANK, ...kept.axes?.[name] }])),
    rows: [],
    problem: null,
    refusers: {},
    change,
    turn: (isOn) => ((grid.isOn = isOn), tell()),
    swap: () => (([grid.axes.x, grid.axes.y] = [grid.axes.y, grid.axes.x]), tell()),
    asSent,
    learn,
    onChange: (run) => (listeners.add(run), run()),
  };
  let known = null; // the version of the catalogue of which `rows` tell
  const save = debounce(() => keep("grid", { isOn: grid.isOn, axes: grid.axes }), 150);

  function tell() {
    save();
    for (const run of listeners) run();
  }
  /** Another field begins without values; the first one that is chosen switches the grid on. */
  function change(name, { field, values }) {
    if (field !== undefined && field !== grid.axes[name].field) {
      grid.axes[name] = { field, values: "" };
      if (field) grid.isOn = true;
    } else grid.axes[name] = { ...grid.axes[name], values };
    tell();
  }
  /** `grid` of a Request: null while it is off, or nothing varies. An axis without values is sent, to be refused. */
  function asSent() {
    const varying = Object.keys(AXES).filter((name) => grid.axes[name].field);
    if (!grid.isOn || varying.length === 0 || modes.current() === "inpaint") return null;
    return Object.fromEntries(Object.keys(AXES).map((name) => [name, grid.axes[name].field ? { ...grid.axes[name] } : null]));
  }
  /** Settings are taken up: those of a grid bring it along, those of one picture leave it as it is, switched off. */
  function restore(asked) {
    grid.isOn = Boolean(asked);
    if (asked) for (const name of Object.keys(AXES)) grid.axes[name] = { ...BLANK, ...asked[name] };
    tell();
  }
  function refuse(error) {
    const say = grid.refusers[error.field.split(".")[1]] ?? grid.refusers.x;
    say?.(error);
    return Boolean(say);
  }
  /** Asks what can vary, and again when other models lie in their folders. */
  async function learn() {
    const version = store.status?.catalog_version;
    if (version === known) return;
    known = version;
    try {
      const { items } = await call("GET", "api/v1/grids/axes");
      Object.assign(grid, { rows: items, problem: null });
    } catch (error) {
      known = null;
      grid.problem = error;
    }
    tell();
  }

  form.own("grid", { get: asSent, set: restore, refuse });
  modes.onChange(() => tell());
  return grid;
}
