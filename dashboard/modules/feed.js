/**
 * News of a job. First what happened so far by GET, then Server-Sent Events from that cursor on; while those fail,
 * GET again with the same cursor. So nothing is missed or told twice when the server restarts.
 */

import { fetchJson } from "./api.js";
import { pause, pauseAfter } from "./polling.js";

const POLL_MILLISECONDS = 2_000;
const OPEN_MILLISECONDS = 10_000;
const KINDS = ["state", "log", "metrics", "end"];

export class Feed {
  #path;
  #onEvents;
  #onStatus;
  #cursor = 0;
  #isEnded = false;

  /**
   * path is the address of the job's events. onEvents is given lists of {event, data}, oldest first;
   * onStatus one of live, polling, offline, finished, and the error where there is one.
   */
  constructor(path, onEvents, onStatus) {
    this.#path = path;
    this.#onEvents = onEvents;
    this.#onStatus = onStatus;
  }

  /** Follows the job until its end. */
  async follow() {
    let failures = 0;
    while (!this.#isEnded) {
      try {
        await this.#catchUp();
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#onStatus("offline", error);
        await pause(pauseAfter(failures, POLL_MILLISECONDS / 2));
        continue;
      }
      if (!this.#isEnded) {
        await this.#listen();
        this.#onStatus(this.#isEnded ? "finished" : "polling");
      }
      if (!this.#isEnded) {
        await pause(POLL_MILLISECONDS);
      }
    }
    this.#onStatus("finished");
  }

  async #catchUp() {
    for (;;) {
      const page = await fetchJson(`${this.#path}?format=json&since=${this.#cursor}`);
      this.#deliver(page.data);
      if (page.cursor <= this.#cursor || page.data.length === 0) {
        return;
      }
      this.#cursor = page.cursor;
    }
  }

  /** Listens until the stream breaks or the job ends. */
  #listen() {
    if (!("EventSource" in window)) {
      return Promise.resolve();
    }
    const source = new EventSource(`${this.#path}?since=${this.#cursor}`);
    return new Promise((resolve) => {
      const stop = () => {
        clearTimeout(unopened);
        source.close();
        resolve();
      };
      const unopened = setTimeout(stop, OPEN_MILLISECONDS);
      source.addEventListener("open", () => {
        clearTimeout(unopened);
        this.#onStatus("live");
      });
      source.addEventListener("error", stop);
      for (const kind of KINDS) {
        source.addEventListener(kind, (message) => {
          this.#cursor = Math.max(this.#cursor, Number(message.lastEventId) || 0);
          this.#deliver([{ event: kind, data: JSON.parse(message.data) }]);
          if (this.#isEnded) {
            stop();
          }
        });
      }
    });
  }

  #deliver(events) {
    this.#isEnded ||= events.some(({ event }) => event === "end");
    if (events.length > 0) {
      this.#onEvents(events);
    }
  }
}
