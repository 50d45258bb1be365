// The edits of a picture: the project on the server that holds them, in the form in which the server tells it.
import { ApiError, call } from "./api.js";
import { keep, recall } from "./prefs.js";
import { isOpen } from "./store.js";

const LOOK_AGAIN_MS = 1200;
const SOON_MS = 200;
const PATIENCE_MS = 60000;

/**
 * `project` is null before the first edit. `onChange(run)` calls `run()` now and when anything is new; `onArrival(run)`
 * calls `run(step)` when a step that was under way has its picture.
 */
export function createEditStack({ store, toasts }) {
  const listeners = new Set();
  const awaiting = new Set();
  let timer = 0;
  let isSoon = false;
  const stack = {
    project: null,
    changing: "", // the step whose settings are in the form
    isLoaded: false,
    restore,
    open,
    close,
    add,
    replaceStep,
    counted,
    last,
    running,
    stopped,
    knows,
    change,
    undo: (count = 1) => times("undo", count),
    redo: (count = 1) => times("redo", count),
    replay: (json = {}) => ask("POST", "/replay", json),
    setStep: (id, json) => ask("PATCH", `/steps/${id}`, json),
    rename: (name) => ask("PATCH", "", { name }),
    refresh,
    onChange: (run) => (listeners.add(run), run()),
    onArrival: (run) => awaiting.add(run),
  };
  const path = (rest = "") => `api/v1/projects/${stack.project.id}${rest}`;

  function tell() {
    for (const run of listeners) run();
  }
  function take(project) {
    const before = stack.project;
    stack.project = project;
    keep("project", project?.id ?? null);
    clearTimeout(timer);
    if (project?.is_busy) timer = setTimeout(refresh, LOOK_AGAIN_MS);
    if (!project?.steps.some((step) => step.id === stack.changing)) stack.changing = "";
    tell();
    for (const step of arrived(before, project)) for (const run of awaiting) run(step);
    return project;
  }
  /** Asks for one thing to be done; answers whether it was. */
  async function ask(method, rest, json) {
    try {
      return Boolean(take(await call(method, path(rest), { json, timeoutMs: PATIENCE_MS })));
    } catch (error) {
      toasts.fail(error, { key: "project" });
      return false;
    }
  }
  async function times(verb, count) {
    for (let done = 0; done < count; done++) if (!(await ask("POST", `/${verb}`))) return false;
    return true;
  }
  async function refresh() {
    if (!stack.project) return;
    const { id } = stack.project;
    const now = await call("GET", path()).catch((error) => error);
    if (stack.project?.id !== id) return;
    if (now instanceof ApiError) take(null);
    else if (now instanceof Error) timer = setTimeout(refresh, LOOK_AGAIN_MS);
    else take(now);
  }
  /** After a reload. */
  async function restore() {
    const id = recall("project", null);
    if (id) await open(id).catch((error) => error.status === 404 || toasts.fail(error, { key: "project" }));
    stack.isLoaded = true;
    tell();
  }
  async function open(id) {
    return take(await call("GET", `api/v1/projects/${id}`));
  }
  function close() {
    stack.changing = "";
    if (stack.project) take(null);
  }
  /** Adds a step; the first one begins a project. Raises what the server refuses. */
  async function add(image, step) {
    if (!stack.project) take(await call("POST", "api/v1/projects", { json: { image } }));
    if (stopped()) await call("POST", path("/undo"));
    return take(await call("POST", path("/steps"), { json: step, timeoutMs: PATIENCE_MS }));
  }
  /** Another request for the step that is being changed. Raises what the server refuses. */
  async function replaceStep(json) {
    const now = await call("PATCH", path(`/steps/${stack.changing}`), { json, timeoutMs: PATIENCE_MS });
    stack.changing = "";
    return take(now);
  }
  function change(id) {
    stack.changing = id;
    tell();
  }

  function counted() {
    return stack.project?.steps.filter((step) => step.is_counted && step.is_enabled) ?? [];
  }
  /** The step whose picture is shown. */
  function last() {
    return counted().findLast((step) => step.state === "done") ?? null;
  }
  const running = () => stack.project?.steps.find((step) => step.state === "running") ?? null;
  function stopped() {
    return counted().find((step) => step.state === "failed" || step.state === "cancelled") ?? null;
  }
  /** Is this one of the project's pictures? */
  function knows(image) {
    const { base, steps } = stack.project ?? { steps: [] };
    return image === base || steps.some((step) => step.image === image || step.source === image);
  }

  // A job that has ended has not yet become a result: the server is asked until it has.
  store.subscribe(() => {
    const step = running();
    const job = step && store.jobs.get(step.job_id);
    if (!job || isOpen(job) || isSoon) return;
    isSoon = true;
    setTimeout(() => ((isSoon = false), refresh()), SOON_MS);
  });
  return stack;
}

function arrived(before, now) {
  if (!before || before.id !== now?.id) return [];
  const was = new Map(before.steps.map((step) => [step.id, step]));
  return now.steps.filter(({ id, state, is_counted, image }) => {
    const old = was.get(id);
    return is_counted && state === "done" && old && (old.state === "running" || old.state === "waiting" || old.state === "stale") && image;
  });
}
