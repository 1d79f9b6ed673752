/** The page of all jobs: wires the filters, the table and the refresh together. */

import { fetchJson } from "./modules/api.js";
import { cancelJob } from "./modules/cancellation.js";
import { showConnection } from "./modules/connection.js";
import { byId, setText } from "./modules/elements.js";
import { JobsTable } from "./modules/jobs-table.js";
import { repeat } from "./modules/polling.js";
import { showAccess } from "./modules/session.js";
import { wireTheme } from "./modules/theme.js";
import { placeJobs, showWorkers } from "./modules/workers.js";

const REFRESH_MILLISECONDS = 2_000;
const PAGE_ROWS = 50;
const MOST_ROWS = 1_000;
const ACTIVE_STATES = ["queued", "starting", "running", "pausing"];

const filter = new URLSearchParams(location.search);
const table = new JobsTable(byId("jobs"), cancelAndRefresh, filterByTag);
let shownRows = PAGE_ROWS;

function listPath() {
  const query = new URLSearchParams({ limit: shownRows });
  const state = filter.get("state");
  for (const name of state === "active" ? ACTIVE_STATES : state ? [state] : []) {
    query.append("state", name);
  }
  if (filter.get("tag")) {
    query.set("tag", filter.get("tag"));
  }
  return `/v1/jobs?${query}`;
}

async function refresh() {
  const path = listPath();
  const [jobs, workers] = await Promise.all([fetchJson(path), fetchJson("/v1/workers")]);
  showConnection("live");
  if (path !== listPath()) {
    return refresh(); // the filter changed while the answer was on its way
  }
  showWorkers(byId("workers"), workers.data);
  table.show(jobs.data, placeJobs(workers.data));
  byId("more").hidden = !jobs.has_more || shownRows >= MOST_ROWS;
  showEmpty(jobs.data.length === 0);
}

function showEmpty(isEmpty) {
  const isFiltered = Boolean(filter.get("state") || filter.get("tag"));
  byId("empty").hidden = !isEmpty;
  byId("empty-example").hidden = isFiltered;
  setText(byId("empty-text"), isFiltered ? "No job matches the filter." : "No jobs yet. Submit the first one:");
}

function reportFailure() {
  showConnection("offline");
}

function refreshNow() {
  return refresh().catch(reportFailure);
}

async function cancelAndRefresh(job) {
  if (await cancelJob(job)) {
    await refreshNow();
  }
}

function changeFilter(name, value) {
  if (value) {
    filter.set(name, value);
  } else {
    filter.delete(name);
  }
  const query = filter.toString();
  history.replaceState(null, "", query ? `?${query}` : location.pathname);
  shownRows = PAGE_ROWS;
  showFilter();
  return refreshNow();
}

function filterByTag(tag) {
  return changeFilter("tag", tag);
}

function showFilter() {
  byId("state-filter").value = filter.get("state") ?? "";
  const tag = filter.get("tag");
  const button = byId("tag-filter");
  button.hidden = !tag;
  button.setAttribute("aria-label", `Remove the filter by tag ${tag}`);
  setText(button, tag ? `${tag} ×` : "");
}

byId("state-filter").addEventListener("change", (event) => changeFilter("state", event.target.value));
byId("tag-filter").addEventListener("click", () => changeFilter("tag", ""));
byId("more").addEventListener("click", () => {
  shownRows = Math.min(shownRows * 2, MOST_ROWS);
  return refreshNow();
});
wireTheme(byId("theme"));
fetchJson("/v1/access").then(showAccess, reportFailure);
showFilter();
repeat(refresh, REFRESH_MILLISECONDS, reportFailure);
