/** Doing something again and again: at an interval while the page is seen, with growing pauses while it fails. */

const LONGEST_PAUSE_MILLISECONDS = 15_000;

/** Waits. */
export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** How long to wait after a number of failures in a row. */
export function pauseAfter(failures, milliseconds) {
  return Math.min(milliseconds * 2 ** failures, LONGEST_PAUSE_MILLISECONDS);
}

/**
 * Calls a task now and then at an interval, until it returns false.
 * onFailure is given the error of a call that failed; the task is tried again.
 */
export async function repeat(task, milliseconds, onFailure) {
  for (let failures = 0; ; ) {
    try {
      if ((await task()) === false) {
        return;
      }
      failures = 0;
    } catch (error) {
      failures += 1;
      onFailure(error);
    }
    await pause(pauseAfter(failures, milliseconds));
    await untilVisible();
  }
}

function untilVisible() {
  if (!document.hidden) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    document.addEventListener("visibilitychange", resolve, { once: true });
  });
}
