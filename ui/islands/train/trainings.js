// The trainings of this owner, and what is done with them beside pausing and deleting.
import { insist, url } from "../api.js";
import { createWorks, PATIENCE_MS } from "../works.js";

/** See `createWorks`. */
export function createTrainings({ store, toasts, share }) {
  const trainings = createWorks({ kind: "trainings", store, toasts });

  /** The weights of this step become the file that prompts call. */
  function publish(id, step) {
    return trainings.attempt(async () => trainings.put(await insist("POST", `api/v1/trainings/${id}/publish`, { json: { step } }, PATIENCE_MS)));
  }
  /** The job of the grid over steps and strengths, made known to the page; raises what the server refuses. */
  async function compare(id, json) {
    const job = await insist("POST", `api/v1/trainings/${id}/compare`, { json }, PATIENCE_MS);
    share({ jobs: [job] });
    return job;
  }
  return Object.assign(trainings, { publish, compare });
}

/** Where a sample picture lies, and one of the pictures that are taught. */
export const sampleUrl = ({ id }, step, index) => url(`api/v1/trainings/${id}/samples/${step}/${index}`);
export const exampleUrl = ({ id }, index) => url(`api/v1/trainings/${id}/examples/${index}`);
