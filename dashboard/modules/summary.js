/** The head of a job's page: state, progress, facts, error. */

import { byId, element, setChildren, setText } from "./elements.js";
import { formatDuration, formatTime, secondsBetween } from "./numbers.js";
import { findOffer } from "./requests.js";
import { describeProgress, isTerminal } from "./states.js";

/** Shows a job; worker is the one it runs on, or undefined. */
export function showSummary(job, worker) {
  const title = job.name || job.id;
  const isCancelling = job.cancel_requested && !isTerminal(job.state);
  document.title = `${title} · ${job.state} · kerasd`;
  setText(byId("name"), title);
  byId("state").dataset.state = job.state;
  setText(byId("state"), isCancelling ? "cancelling" : job.state);
  byId("cancel").hidden = isTerminal(job.state) || job.cancel_requested;
  const offer = findOffer(job);
  byId("request").hidden = offer === null;
  setText(byId("request"), offer?.label ?? "");
  byId("progress").value = job.progress;
  setText(byId("progress-text"), describeProgress(job));
  setChildren(byId("facts"), describeFacts(job, worker));
  showError(job.error);
  byId("external").hidden = !job.external || isTerminal(job.state);
  setText(byId("external-code"), `keras.callbacks.RemoteMonitor(root="${location.origin}${job.links.self}")`);
}

function describeFacts(job, worker) {
  const facts = {
    Id: job.id,
    Created: formatTime(job.created_at),
    Took: job.started_at ? formatDuration(secondsBetween(job.started_at, job.finished_at)) : null,
    "Left, about": estimateRemaining(job),
    "Runs on": worker ? `${worker.hostname} · ${worker.device}` : job.external ? "elsewhere" : null,
    Attempt: job.attempt > 1 ? String(job.attempt) : null,
    Model: job.model_id,
    Dataset: job.dataset_id,
    Priority: job.priority === 0 ? null : String(job.priority),
    Tags: job.tags.join(", ") || null,
  };
  return Object.entries(facts)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)));
}

function estimateRemaining(job) {
  if (job.state !== "running" || !job.started_at || !job.progress) {
    return null;
  }
  return formatDuration((secondsBetween(job.started_at) * (1 - job.progress)) / job.progress);
}

function showError(error) {
  const box = byId("error");
  box.hidden = !error;
  if (!error) {
    return;
  }
  const parts = [element("strong", {}, error.title || error.type || "Failed"), element("p", {}, error.detail || "")];
  if (error.traceback) {
    const trace = element("pre", {}, error.traceback);
    parts.push(element("details", {}, element("summary", {}, "Traceback"), trace));
  }
  if (box.dataset.shown !== JSON.stringify(error)) {
    box.dataset.shown = JSON.stringify(error);
    box.replaceChildren(...parts);
  }
}
