/** The page of one job: wires its news to the summary, the charts and the panels. */

import { fetchJson, jobPath } from "./modules/api.js";
import { cancelJob } from "./modules/cancellation.js";
import { Charts } from "./modules/charts.js";
import { showConnection } from "./modules/connection.js";
import { byId, setText } from "./modules/elements.js";
import { Feed } from "./modules/feed.js";
import { showNotice } from "./modules/notices.js";
import { addLogLines, addTransitions, showArtifacts, showConfiguration } from "./modules/panels.js";
import { repeat } from "./modules/polling.js";
import { sendRequest } from "./modules/requests.js";
import { showAccess } from "./modules/session.js";
import { isTerminal } from "./modules/states.js";
import { showSummary } from "./modules/summary.js";
import { wireTheme } from "./modules/theme.js";
import { placeJobs } from "./modules/workers.js";

const REFRESH_MILLISECONDS = 2_000;

const id = new URLSearchParams(location.search).get("id") ?? "";
const charts = new Charts(jobPath(id, "/metrics"));
let job = null;

async function refresh() {
  const [fresh, workers] = await Promise.all([fetchJson(jobPath(id)), fetchJson("/v1/workers")]);
  const isFirst = job === null;
  const hasEnded = isTerminal(fresh.state) && job?.state !== fresh.state;
  job = fresh;
  showSummary(job, placeJobs(workers.data).get(id));
  if (isFirst) {
    showConfiguration(job.spec);
  }
  if (isFirst || hasEnded) {
    await showArtifacts(jobPath(id, "/artifacts"));
  }
  return !isTerminal(job.state);
}

function takeEvents(events) {
  const pick = (kind) => events.filter(({ event }) => event === kind).map(({ data }) => data);
  charts.add(pick("metrics"));
  addTransitions(pick("state"));
  addLogLines(pick("log"));
}

function showMissing(error) {
  setText(byId("missing-title"), error.status === 404 ? "There is no such job" : "This job cannot be shown");
  setText(byId("missing-text"), error.message);
  byId("missing").hidden = false;
  byId("found").hidden = true;
  showConnection("finished");
}

/** Tells what the server refuses; that it cannot be reached is told by the feed. */
function reportFailure(error) {
  if (error.status) {
    showNotice(`The summary is not up to date: ${error.message}`, "error");
  }
}

async function askForMore() {
  const hadEnded = isTerminal(job.state);
  if (!(await sendRequest(job))) {
    return;
  }
  if (hadEnded) {
    location.reload(); // the news of a job that had ended was no longer followed
    return;
  }
  await refresh().catch(reportFailure);
}

async function start() {
  byId("log-link").href = jobPath(id, "/logs");
  byId("cancel").addEventListener("click", async () => {
    if (await cancelJob(job)) {
      await refresh().catch(reportFailure);
    }
  });
  byId("request").addEventListener("click", askForMore);
  wireTheme(byId("theme"), () => charts.draw());
  fetchJson("/v1/access").then(showAccess, reportFailure);
  try {
    await refresh();
  } catch (error) {
    if (error.status >= 400 && error.status < 500) {
      showMissing(error);
      return;
    }
    showConnection("offline"); // and retried below
  }
  new Feed(jobPath(id, "/events"), takeEvents, showConnection).follow();
  repeat(refresh, REFRESH_MILLISECONDS, reportFailure);
}

start();
