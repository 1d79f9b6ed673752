/** What the states of a job mean to a reader. */

const TERMINAL = new Set(["succeeded", "failed", "cancelled"]);

/** Whether a job in this state can no longer change. */
export function isTerminal(state) {
  return TERMINAL.has(state);
}

/** How far a job is, as words: its place in the queue, or its epoch. */
export function describeProgress(job) {
  if (job.state === "queued" && job.queue_position !== null) {
    return `queue position ${job.queue_position}`;
  }
  return job.epochs ? `epoch ${job.epoch} of ${job.epochs}` : `epoch ${job.epoch}`;
}
