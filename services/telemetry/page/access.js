// The token: out of the address's fragment, which no browser sends, or typed in. It is kept for this
// tab only and goes out in a header, never in an address.

import { one, show } from "./dom.js";

const KEPT = "heliograph-token";
const TIMEOUT_MS = 15_000;
const changed = [];
let token = "";

function keep(given) {
  token = given;
  try {
    if (given) sessionStorage.setItem(KEPT, given);
    else sessionStorage.removeItem(KEPT);
  } catch {
    // storage is forbidden: it holds until the page is left
  }
  show(one("#lock"), Boolean(given));
  show(one("#token"), !given);
  show(one("#access button"), !given);
  for (const hear of changed) hear();
}

function before() {
  try {
    return sessionStorage.getItem(KEPT) ?? "";
  } catch {
    return "";
  }
}

/** Whether there is a token; whether it is the right one, only the service knows. */
export const isOpen = () => token !== "";

/** Call `hear` whenever a token comes or goes. */
export const onChange = (hear) => changed.push(hear);

/** Take the token that is there, and those that come. */
export function start() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given !== null) history.replaceState(null, "", location.pathname + location.search);
  one("#access").addEventListener("submit", (event) => {
    event.preventDefault();
    keep(one("#token").value.trim());
    one("#token").value = "";
  });
  one("#lock").addEventListener("click", () => keep(""));
  keep(given ?? before());
}

/**
 * Ask the service: `{ ok, status, data }`, or with ok false `error`, a sentence. `body` is sent as
 * JSON by POST.
 */
export async function ask(path, body) {
  const headers = { accept: "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
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
  const words = data?.error ?? data?.faults?.join("; ");
  const error = words ?? `Telemetry answers ${answer.status}.`;
  return { ok: false, status: answer.status, error };
}
