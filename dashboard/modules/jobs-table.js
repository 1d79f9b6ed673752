/** The table of jobs: a row a job, changed in place, so that focus and selection survive a refresh. */

import { element, setChildren, setText } from "./elements.js";
import { compareNames } from "./history.js";
import { formatDuration, formatNumber, formatTime, secondsBetween } from "./numbers.js";
import { describeProgress, isTerminal } from "./states.js";

const SHOWN_METRICS = 6;

export class JobsTable {
  #body;
  #rows = new Map();
  #onCancel;
  #onTag;

  /** onCancel is given the job whose button was pressed, onTag the tag. */
  constructor(body, onCancel, onTag) {
    this.#body = body;
    this.#onCancel = onCancel;
    this.#onTag = onTag;
  }

  /** Shows these jobs in this order; places gives the worker by job id. */
  show(jobs, places) {
    const kept = new Set(jobs.map((job) => job.id));
    for (const [id, row] of this.#rows) {
      if (!kept.has(id)) {
        row.remove();
        this.#rows.delete(id);
      }
    }
    jobs.forEach((job, index) => {
      const row = this.#findRow(job);
      fillRow(row, job, places.get(job.id));
      if (this.#body.children[index] !== row) {
        this.#body.insertBefore(row, this.#body.children[index] ?? null);
      }
    });
  }

  #findRow(job) {
    let row = this.#rows.get(job.id);
    if (!row) {
      row = makeRow(job);
      row.querySelector(".cancel").addEventListener("click", () => this.#onCancel(row.job));
      for (const tag of row.querySelectorAll(".tag")) {
        tag.addEventListener("click", () => this.#onTag(tag.textContent));
      }
      this.#rows.set(job.id, row);
    }
    row.job = job;
    return row;
  }
}

function makeRow(job) {
  const title = job.name || job.id;
  const tags = job.tags.map((tag) => element("button", { type: "button", class: "tag" }, tag));
  const cancel = element("button", { type: "button", class: "cancel", "aria-label": `Cancel ${title}` }, "Cancel");
  return element(
    "tr",
    { "data-id": job.id },
    element(
      "th",
      { scope: "row" },
      element("a", { href: `job.html?id=${encodeURIComponent(job.id)}` }, title),
      element("span", { class: "id" }, job.id),
      tags.length ? element("span", { class: "tags" }, ...tags) : null,
    ),
    element("td", { "data-label": "State" }, element("span", { class: "state" })),
    element(
      "td",
      { "data-label": "Progress", class: "progress-cell" },
      element("progress", { max: 1, "aria-label": `Progress of ${title}` }),
      element("span", { class: "progress-words" }),
    ),
    element("td", { "data-label": "Last metrics" }, element("dl", { class: "last-metrics" })),
    element("td", { "data-label": "Runs on", class: "place" }),
    element("td", { "data-label": "Time", class: "time" }),
    element("td", { class: "actions" }, cancel),
  );
}

function fillRow(row, job, place) {
  const state = row.querySelector(".state");
  state.dataset.state = job.state;
  setText(state, job.cancel_requested && !isTerminal(job.state) ? "cancelling" : job.state);
  state.title = job.error ? job.error.detail || job.error.title || "" : "";
  row.querySelector("progress").value = job.progress;
  setText(row.querySelector(".progress-words"), describeProgress(job));
  setChildren(row.querySelector(".last-metrics"), describeMetrics(job.metrics));
  setText(row.querySelector(".place"), describePlace(job, place));
  const time = row.querySelector(".time");
  setText(time, describeTime(job));
  time.title = `created ${formatTime(job.created_at)}`;
  row.querySelector(".cancel").hidden = isTerminal(job.state) || job.cancel_requested;
}

function describeMetrics(metrics) {
  const names = Object.keys(metrics).sort(compareNames).slice(0, SHOWN_METRICS);
  return names.map((name) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, formatNumber(metrics[name]))),
  );
}

function describePlace(job, place) {
  if (job.external) {
    return "elsewhere";
  }
  if (place) {
    return `${place.hostname} · ${place.device}`;
  }
  return job.state === "queued" ? "waiting" : "–";
}

function describeTime(job) {
  if (job.started_at) {
    return formatDuration(secondsBetween(job.started_at, job.finished_at));
  }
  const since = formatDuration(secondsBetween(job.created_at, job.finished_at));
  return isTerminal(job.state) ? "–" : `waiting ${since}`;
}
