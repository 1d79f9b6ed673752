/** Cancelling a job, after asking. */

import { fetchJson, jobPath } from "./api.js";
import { byId, setText } from "./elements.js";
import { showNotice } from "./notices.js";

/** Asks, then asks the server to cancel; says how it went. Returns whether the server agreed. */
export async function cancelJob(job) {
  const title = job.name || job.id;
  if (!(await confirmCancel(`Cancel ${title}?`))) {
    return false;
  }
  try {
    await fetchJson(jobPath(job.id, "/cancel"), "POST");
  } catch (error) {
    showNotice(`${title} was not cancelled: ${error.message}`, "error");
    return false;
  }
  showNotice(`Asked ${title} to stop.`);
  return true;
}

function confirmCancel(question) {
  const dialog = byId("confirmation");
  setText(byId("confirmation-heading"), question);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "confirm"), { once: true });
  });
}
