// The token: out of the address's fragment, which no browser sends, or typed in. It is kept for this
// tab only and goes out in a header, never in an address.

import { one, say, show } from "./dom.js";

const KEPT = "heliograph-token";
const TIMEOUT_MS = 15_000;
const changed = [];
let token = "";

function keep(given, words = "") {
  token = given;
  try {
    if (given) sessionStorage.setItem(KEPT, given);
    else sessionStorage.removeItem(KEPT);
  } catch {
    // storage is forbidden: it holds until the page is left
  }
  say(one("#refused"), words);
  show(one("#lock"), Boolean(given));
  show(one("#access"), !given);
  for (const hear of changed) hear();
}

function before() {
  try {
    return sessionStorage.getItem(KEPT) ?? "";
  } catch {
    return "";
  }
}

/** Whether there is a token; one that the service has refused is thrown away. */
export const isOpen = () => token !== "";

/** Call `hear` whenever a token comes or goes. */
export const onChange = (hear) => changed.push(hear);

/** The token in the address, or null; it does not stay there. */
function given() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token !== null) history.replaceState(null, "", location.pathname + location.search);
  return token;
}

/** Take the token that is there, and those that come. */
export function start() {
  addEventListener("hashchange", () => { // the address with a token, in a page that is open
    const come = given();
    if (come !== null) keep(come);
  });
  one("#access").addEventListener("submit", (event) => {
    event.preventDefault();
    keep(one("#token").value.trim());
    one("#token").value = "";
    one("#lock").focus(); // the field is gone
  });
  one("#lock").addEventListener("click", () => {
    keep("");
    one("#token").focus();
  });
  keep(given() ?? before());
}

/**
 * Ask the service: `{ ok, status, data }`, or with ok false `error`, a sentence. `body` is sent as
 * JSON by POST.
 */
export async function ask(path, body) {
  const mine = token;
  const headers = { accept: "application/json" };
  if (mine) headers.authorization = `Bearer ${mine}`;
  const how = { headers, signal: AbortSignal.timeout(TIMEOUT_MS) };
  if (body !== undefined) {
    headers["content-type"] = "application/json";
    Object.assign(how, { method: "POST", body: JSON.stringify(body) });
  }
  let answer;
  try {
    answer = await fetch(path, how);
  } catch {
    return { ok: false, status: 0, error: "Telemetry does not answer." };
  }
  const data = await answer.json().catch(() => null);
  if (answer.ok) return { ok: true, status: answer.status, data };
  const error = data?.error ?? `Telemetry answers ${answer.status}.`;
  if (answer.status === 403 && mine && mine === token) keep("", "This is not the token of telemetry.");
  return { ok: false, status: answer.status, error };
}
