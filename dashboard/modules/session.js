/** Signing in with an API key, which the browser keeps in a cookie that no script can read; and signing out. */

import { byId, element, setText } from "./elements.js";

const PATH = "/v1/session";
let waiting = null;

/** Asks for a key until the server takes one; then the page starts anew, so that this never ends. */
export function signIn() {
  waiting ??= startAnew();
  return waiting;
}

/** Shows who is signed in, and the way out; nothing where the server needs no key. access is from /v1/access. */
export function showAccess({ project, scope, key }) {
  if (!key) {
    return;
  }
  const leave = element("button", { type: "button", class: "quiet" }, "Sign out");
  leave.addEventListener("click", signOut);
  const who = element("span", { title: `Key ${key.name}` }, `${project.name} · ${scope}`);
  byId("session").replaceChildren(who, leave);
  byId("session").hidden = false;
}

async function startAnew() {
  // A key that no longer counts is forgotten; it may be that none is needed.
  await fetch(PATH, { method: "DELETE" });
  if (!(await fetch("/v1/access")).ok) {
    await askForKey();
  }
  location.reload();
  return new Promise(() => {});
}

async function signOut() {
  await fetch(PATH, { method: "DELETE" });
  location.reload();
}

function askForKey() {
  const key = element("input", {
    id: "api-key",
    type: "password",
    required: true,
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": "sign-in-error",
  });
  const refusal = element("p", { id: "sign-in-error", class: "refusal", role: "alert" });
  const form = element(
    "form",
    { method: "dialog" },
    element("h2", { id: "sign-in-heading" }, "Sign in"),
    element("p", {}, "This service needs an API key."),
    element("label", { for: "api-key" }, "API key"),
    key,
    refusal,
    element("menu", {}, element("button", { type: "submit" }, "Sign in")),
  );
  const dialog = element("dialog", { id: "sign-in", "aria-labelledby": "sign-in-heading" }, form);
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const problem = await send(key.value.trim());
      setText(refusal, problem);
      if (problem === "") {
        resolve();
      } else {
        key.select();
      }
    });
  });
}

/** Sends a key. Returns what the server has against it, or an empty text. */
async function send(key) {
  try {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(PATH, { method: "POST", headers, body: JSON.stringify({ key }) });
    if (response.ok) {
      return "";
    }
    const problem = await response.json().catch(() => ({}));
    return response.status === 422 ? "That is no API key." : problem.detail || `The server answered ${response.status}.`;
  } catch {
    return "The server cannot be reached.";
  }
}
