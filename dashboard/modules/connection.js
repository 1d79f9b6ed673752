/** The mark in the header that says how the page gets its news. */

import { byId, setText } from "./elements.js";

const WORDS = {
  connecting: "connecting",
  live: "live",
  polling: "polling",
  offline: "server unreachable, retrying",
  finished: "up to date",
};

/** Shows a status: connecting, live, polling, offline or finished. */
export function showConnection(status) {
  const mark = byId("connection");
  mark.dataset.status = status;
  setText(mark, WORDS[status]);
}
