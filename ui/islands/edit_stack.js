// The edits of a picture: the project on the server that holds them, in the form in which the server tells it.
import { ApiError, call, insist } from "./api.js";
import { randomId } from "./dom.js";
import { keep, recall } from "./prefs.js";

const PATIENCE_MS = 60000;

/**
 * `project` is null before the first edit. `onChange(run)` calls `run()` now and when anything is new. `share(job)` makes a
 * job known to the page.
 */
export function createEditStack({ store, toasts, share }) {
  const listeners = new Set();
  let version = null; // of this owner's projects, as it was last told
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
  };
  const path = (rest = "") => `api/v1/projects/${stack.project.id}${rest}`;

  function tell() {
    for (const run of listeners) run();
  }
  function take(project) {
    if (project && project.id === stack.project?.id && project.changed < stack.project.changed) return stack.project;
    stack.project = project;
    keep("project", project?.id ?? null);
    if (!project?.steps.some((step) => step.id === stack.changing)) stack.changing = "";
    tell();
    return project;
  }
  /** What the server tells of a project, unless another one has been opened meanwhile. */
  function update(project) {
    return project.id === stack.project?.id ? take(project) : project;
  }
  /** Asks for one thing to be done; answers whether it was. */
  async function ask(method, rest, json) {
    try {
      return Boolean(update((await call(method, path(rest), { json, timeoutMs: PATIENCE_MS })).project));
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
    else if (now instanceof Error) version = null; // the connection is lost: asked again with the next news
    else take(now.project);
  }
  function told({ project, job }) {
    if (job) share(job);
    return update(project);
  }
  /** After a reload. */
  async function restore() {
    const id = recall("project", null);
    if (id) await open(id).catch((error) => error.status === 404 || toasts.fail(error, { key: "project" }));
    stack.isLoaded = true;
    tell();
  }
  async function open(id) {
    return take((await call("GET", `api/v1/projects/${id}`)).project);
  }
  function close() {
    stack.changing = "";
    if (stack.project) take(null);
  }
  /** Adds a step; the first one begins a project. Raises what the server refuses. */
  async function add(image, step) {
    if (!stack.project) take((await call("POST", "api/v1/projects", { json: { image } })).project);
    while (stopped()) update((await call("POST", path("/undo"))).project);
    const json = { ...step, client_request_id: randomId() }; // so a repeat after a lost answer adds no second step
    return told(await insist("POST", path("/steps"), { json }, PATIENCE_MS));
  }
  /** Another request for the step that is being changed. Raises what the server refuses. */
  async function replaceStep(json) {
    const now = await call("PATCH", path(`/steps/${stack.changing}`), { json, timeoutMs: PATIENCE_MS });
    stack.changing = "";
    return told(now);
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
  function running() {
    return stack.project?.steps.find((step) => step.state === "running") ?? null;
  }
  function stopped() {
    return counted().find((step) => step.state === "failed" || step.state === "cancelled") ?? null;
  }
  /** Is this one of the project's pictures? */
  function knows(image) {
    const { base, steps } = stack.project ?? { steps: [] };
    return image === base || steps.some((step) => step.image === image || step.source === image);
  }

  store.subscribe(() => {
    const now = store.status?.projects_version ?? null;
    if (now === version) return;
    version = now;
    refresh();
  });
  return stack;
}
