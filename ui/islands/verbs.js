// What can be done with jobs (generate, drafts, develop, cancel, again) and with pictures (use, trash, restore).
import { call, insist } from "./api.js";
import { randomId } from "./dom.js";
import { isOpen } from "./store.js";

const PATIENCE_MS = 20000;
const DRAFTS = { batch_size: 8, batch_count: 1, draft_fraction: 1 / 3, grid: null };

/** The verbs of jobs; each is safe to repeat. `share` makes a changed job known here and in the other tabs. */
export function createVerbs({ store, form, checkpoint, graphics, focus, toasts, share }) {
  /** What the form asks for, as JSON; `values` are its widgets' values if they are newer than what it knows. */
  function request(values = null) {
    return graphics.wrap({ ...form.request(values), ...(checkpoint.name ? { checkpoint: checkpoint.name } : {}) });
  }
  async function send(values, extra = {}) {
    form.clearErrors();
    return post({ ...request(values), ...extra }, randomId());
  }

  // The id stays the same for each try, so a repeat after a lost answer makes no second job.
  async function post(asked, clientRequestId) {
    const lost = () =>
      toasts.say("The connection is lost. Your picture is sent as soon as it is back.", { key: "sending" });
    try {
      const json = { ...asked, client_request_id: clientRequestId };
      const job = await insist("POST", "api/v1/jobs", { json }, PATIENCE_MS, lost);
      share({ jobs: [job] });
      focus.set(job.id);
      return job;
    } catch (error) {
      if (error.status !== 422 || !form.refuse(error)) {
        const again = { label: "Try again", run: () => post(asked, clientRequestId) };
        toasts.fail(error, error.status === 422 ? {} : { action: again });
      }
      return null;
    }
  }

  async function change(jobId, verb, json) {
    try {
      const job = await insist("POST", `api/v1/jobs/${jobId}/${verb}`, { json }, 5000);
      if (job?.id) share({ jobs: [job] });
      return true;
    } catch (error) {
      toasts.fail(error);
      return false;
    }
  }

  async function remove(jobId) {
    try {
      await call("DELETE", `api/v1/jobs/${jobId}`);
      share({ removed: [jobId] });
    } catch (error) {
      if (error.status === 404) share({ removed: [jobId] });
      else toasts.fail(error);
    }
  }

  return {
    request,
    share: (job) => share({ jobs: [job] }),
    show: (job) => (share({ jobs: [job] }), focus.set(job.id)),
    submit: (asked) => post(asked, randomId()),
    generate: (values) => send(values),
    drafts: (values) => send(values, DRAFTS),
    develop: (jobId, pictures) => change(jobId, "develop", { pictures }),
    cancel: (jobId) => change(jobId, "cancel"),
    pause: (jobId) => change(jobId, "pause"),
    resume: (jobId) => change(jobId, "resume"),
    /** These pictures of a job that is over are made anew, with their seed (null) or another one (-1). */
    makeAgain: (jobId, pictures, seed = null) => change(jobId, "again", { pictures, seed }),
    again: (jobId) => change(jobId, "requeue"),
    remove,
    /** The same request at another size, after the device had too little memory for it. */
    smaller: (job, [width, height]) => {
      form.fill({ width, height });
      return post({ ...job.request, width, height }, randomId());
    },
    cancelInView: () => {
      const job = store.jobs.get(focus.job()?.id);
      if (job && (isOpen(job) || job.state === "paused")) change(job.id, "cancel");
    },
    /** Pauses the job in view, or lets it go on. */
    pauseInView: () => {
      const job = store.jobs.get(focus.job()?.id);
      if (job?.state === "paused") change(job.id, "resume");
      else if (job && isOpen(job)) change(job.id, "pause");
    },
  };
}

/** The verbs of pictures; each answers whether it worked. `library` is filled once that tab was opened. */
export function createPictureVerbs({ form, checkpoint, graphics, records, toasts, modes, source, goTo, library, enlarge, verify, verbs, lent }) {
  /** Puts a request into the form; answers whether its checkpoint is here. */
  function takeUp(request) {
    // First the checkpoint: the request's own values then win over its defaults.
    const isFound = !request.checkpoint || checkpoint.choose(request.checkpoint);
    graphics.choose(null); // its words are in the prompt already
    form.fill(form.fromRequest(request));
    modes.open(modeOf(request));
    return isFound;
  }
  function useRequest(request) {
    if (takeUp(request)) toasts.say("Settings taken up.", { key: "settings" });
    else
      toasts.say(
        `Settings taken up, but the checkpoint “${request.checkpoint}” is not here; “${checkpoint.name}” stays chosen.`,
        { isError: true, key: "settings" },
      );
    return true;
  }

  /** The picture becomes the one to start from, in that mode. */
  async function sendTo(record, mode) {
    try {
      const asset = await call("POST", "api/v1/assets", { json: { picture: record.id } });
      modes.open(mode);
      source.take(asset);
    } catch (error) {
      toasts.fail(error);
    }
  }

  async function move(record, method, path) {
    try {
      await call(method, `api/v1/pictures/${record.id}${path}`);
      records.forget(record.id);
      return true;
    } catch (error) {
      toasts.fail(error);
      return false;
    }
  }

  async function restore(record) {
    const isDone = await move(record, "POST", "/restore");
    if (isDone) toasts.say(record.program ? "Shown again." : "Taken out of the trash.", { key: "trash" });
    return isDone;
  }

  async function trash(record, onUndone = () => {}) {
    if (!(await move(record, "DELETE", ""))) return false;
    const undo = async () => (await move(record, "POST", "/restore")) && onUndone();
    const said = record.program
      ? `Hidden here. Its file stays in ${record.program}.`
      : "Moved to the trash.";
    toasts.say(said, { key: "trash", action: { label: "Undo", run: undo } });
    return true;
  }

  return {
    useRequest,
    useSettings: (record) => useRequest(record.request),
    useTemplate: ({ request }) => {
      form.fill({ prompt: request.template || request.prompt, negative_prompt: request.negative_template || request.negative_prompt, styles: "" });
      toasts.say("The prompt is as it was written: its wildcards choose anew.", { key: "settings" });
    },
    useSeed: (record) => {
      form.fill({ seed: record.seed });
      toasts.say(`Seed ${record.seed} is in the form.`, { key: "settings" });
    },
    takeUp,
    sendTo,
    /** A picture like this one up to a step, and otherwise from there on. Raises what the API refuses. */
    branch: async (record, asked) => {
      const json = { ...asked, client_request_id: randomId() };
      const job = await insist("POST", `api/v1/pictures/${record.id}/branch`, { json }, PATIENCE_MS);
      verbs.show(job);
      goTo("workspace");
    },
    enlarge,
    verify,
    lent,
    styleOf: graphics.styleOf,
    trash,
    restore,
    openInLibrary: (record) => {
      goTo("library");
      library.open(record.id);
    },
  };
}

/** The mode of the workspace in which a request was made. */
const modeOf = ({ source, inpainting }) => (inpainting ? "inpaint" : source ? "image" : "text");
