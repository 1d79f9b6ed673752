/** Requests to the HTTP API. */

import { signIn } from "./session.js";

const TIMEOUT_MILLISECONDS = 10_000;

/** An answer that is not 2xx, with the words of its problem document. */
export class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `The server answered ${status}.`);
    this.status = status;
  }
}

/** Sends a request and gives the JSON of the answer; asks for a key first where one is needed. */
export async function fetchJson(path, method = "GET") {
  const response = await fetch(path, {
    method,
    headers: { Accept: "application/json" },
    signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
  });
  if (response.status === 401) {
    await signIn();
  }
  if (!response.ok) {
    throw new ApiError(response.status, await readProblem(response));
  }
  return response.json();
}

async function readProblem(response) {
  try {
    return await response.json();
  } catch {
    // A proxy in between answers in HTML: the status is all there is to tell.
    return {};
  }
}

/** The address of a job, with whatever follows it. */
export function jobPath(id, rest = "") {
  return `/v1/jobs/${encodeURIComponent(id)}${rest}`;
}
