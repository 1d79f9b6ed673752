/** Short messages at the edge of the page, read out by screen readers. */

import { byId, element } from "./elements.js";

const SHOWN_MILLISECONDS = 8_000;

/** Shows a message for some seconds; kind is "info" or "error". */
export function showNotice(text, kind = "info") {
  const dismiss = element("button", { type: "button", "aria-label": "Dismiss" }, "×");
  const notice = element("div", { class: "notice", "data-kind": kind }, element("span", {}, text), dismiss);
  dismiss.addEventListener("click", () => notice.remove());
  setTimeout(() => notice.remove(), SHOWN_MILLISECONDS);
  byId("notices").append(notice);
}
