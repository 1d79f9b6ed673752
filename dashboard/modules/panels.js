/** The panels of a job's page below the charts: states, files, log and configuration. */

import { fetchJson } from "./api.js";
import { byId, element, setChildren } from "./elements.js";
import { formatBytes, formatNumber, formatTime } from "./numbers.js";

const OPEN_PARTS = new Set(["compile", "fit"]);
const TAIL_LINES = 500;
const NEAR_END_PIXELS = 40;

/** Adds state events to the list of states. */
export function addTransitions(events) {
  byId("transitions").append(
    ...events.map(({ state, attempt, reason, created_at: time }) =>
      element(
        "li",
        {},
        element("span", { class: "state", "data-state": state }, state),
        attempt > 1 ? element("span", {}, `attempt ${attempt}`) : null,
        reason ? element("span", { class: "reason" }, reason) : null,
        time ? element("time", {}, formatTime(time)) : null,
      ),
    ),
  );
}

/** Adds log events to the tail of the log, and scrolls with it unless the reader scrolled up. */
export function addLogLines(events) {
  const log = byId("log");
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PIXELS;
  log.append(...events.slice(-TAIL_LINES).map(({ line }) => element("span", { class: "line" }, `${line}\n`)));
  while (log.childElementCount > TAIL_LINES) {
    log.firstElementChild.remove();
  }
  if (isAtEnd) {
    log.scrollTop = log.scrollHeight;
  }
}

/** Fetches and shows the files of a job. */
export async function showArtifacts(path) {
  const { data } = await fetchJson(path);
  const files = data.map(({ name, size_bytes: size, url }) =>
    element("li", {}, element("a", { href: url, download: name }, name), element("span", {}, formatBytes(size))),
  );
  const none = element("li", { class: "empty" }, "No files yet: they come when the training ends.");
  setChildren(byId("artifacts"), files.length > 0 ? files : [none]);
}

/** Shows the request that made a job, a part a fold-out. */
export function showConfiguration(spec) {
  const parts = Object.entries(spec).filter(([, value]) => !isEmpty(value));
  setChildren(
    byId("configuration"),
    parts.map(([name, value]) =>
      typeof value === "object"
        ? element("details", { open: OPEN_PARTS.has(name) }, element("summary", {}, name), describeValue(value))
        : element("p", {}, element("span", { class: "key" }, name), describeScalar(value)),
    ),
  );
}

function isEmpty(value) {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}

function describeValue(value) {
  const given = Object.entries(value).filter(([, part]) => !isEmpty(part));
  return element("pre", {}, JSON.stringify(Array.isArray(value) ? value : Object.fromEntries(given), null, 2));
}

function describeScalar(value) {
  return typeof value === "number" ? formatNumber(value) : String(value);
}
