/** The workers: where they run, on which device, how busy they are. */

import { element, setChildren } from "./elements.js";
import { formatDuration, secondsBetween } from "./numbers.js";

/** Shows the workers in a list; those that fell silent only while jobs of theirs are not taken over. */
export function showWorkers(list, workers) {
  const shown = workers.filter((worker) => worker.is_alive || worker.running.length > 0);
  if (shown.length === 0) {
    setChildren(list, [element("li", { class: "empty" }, "No worker is running: jobs wait in the queue.")]);
    return;
  }
  setChildren(list, shown.map(describeWorker));
}

/** Finds the worker of each running job. Returns a map from job id to worker. */
export function placeJobs(workers) {
  return new Map(workers.flatMap((worker) => worker.running.map((id) => [id, worker])));
}

function describeWorker(worker) {
  const busy = worker.running.length;
  const words = worker.is_alive
    ? `${busy} of ${worker.slots} busy`
    : `silent for ${formatDuration(secondsBetween(worker.seen_at))}`;
  const activity = !worker.is_alive ? "silent" : busy > 0 ? "busy" : "idle";
  return element(
    "li",
    { class: "worker", "data-activity": activity },
    element("span", { class: "worker-name" }, worker.hostname),
    element("span", { class: "worker-device" }, worker.device),
    element("span", { class: "worker-load" }, words),
  );
}
