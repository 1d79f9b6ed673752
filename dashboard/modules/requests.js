/** What a reader may ask of a job next, besides cancelling it. */

import { fetchJson, jobPath } from "./api.js";
import { showNotice } from "./notices.js";

const PAUSE = { verb: "pause", label: "Pause" };
const RETRY = { verb: "retry", label: "Retry" };
const OFFERS = {
  queued: PAUSE,
  starting: PAUSE,
  running: PAUSE,
  paused: { verb: "resume", label: "Resume" },
  failed: RETRY,
  cancelled: RETRY,
};

/** The request that makes sense in the state of a job, or null: { verb, label }. */
export function findOffer(job) {
  const isCancelling = job.cancel_requested && OFFERS[job.state] !== RETRY;
  return job.external || isCancelling ? null : (OFFERS[job.state] ?? null);
}

/** Sends the request that makes sense; says so when it is refused. Returns whether the server agreed. */
export async function sendRequest(job) {
  const { verb } = findOffer(job);
  try {
    await fetchJson(jobPath(job.id, `/${verb}`), "POST");
  } catch (error) {
    showNotice(`The job did not take the ${verb}: ${error.message}`, "error");
    return false;
  }
  return true;
}
