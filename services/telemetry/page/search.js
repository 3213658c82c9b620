// One SMS by its message_id, or all to a number: the story of one as a timeline.

import { ask, isOpen } from "./access.js";
import { el, one, say } from "./dom.js";
import { clock, day, lasting, shortened } from "./words.js";

const NUMBER = /^\+?[0-9][0-9 ()./-]{6,}$/;
const BAD_STATES = new Set(["failed", "rejected", "expired", "undeliverable", "cancelled", "deleted"]);
const GOOD_STATES = new Set(["delivered"]);
let turn = 0; // of the question asked last: an answer that comes behind it is late

const term = () => one("#find-term");
const said = () => one("#find .said");
const found = () => one("#find .found");

/** Good, bad or neither. */
export const judged = (state) =>
  BAD_STATES.has(state) ? "bad" : GOOD_STATES.has(state) ? "good" : "";

function segmentWords(segment) {
  const parts = [`segment ${segment.segment}`];
  if (segment.connector) parts.push(segment.connector);
  if (segment.smsc_message_id) parts.push(`as ${segment.smsc_message_id}`);
  parts.push(segment.receipt_state ?? segment.reason ?? segment.event ?? "");
  return shortened(parts.filter(Boolean).join(" · "));
}

function step({ at_ms: atMs, after_ms: afterMs, text }) {
  const when = el("time", { dateTime: new Date(atMs).toISOString() },
    `${clock(atMs)}${afterMs > 0 ? `  +${lasting(afterMs)}` : ""}`);
  return el("li", {}, when, shortened(text));
}

/** The story of one message. */
function story({ head, state, segments, steps, why }) {
  const facts = [
    ["to", head.recipient], ["tenant", head.tenant], ["class", head.class], ["lane", head.lane],
    ["connector", head.connector], ["requested", day(head.requested_ms)],
  ].filter(([, value]) => value);
  const list = facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, shortened(value))]);
  const made = el("article", { className: "story" },
    el("p", { className: "line" },
      el("strong", {}, shortened(head.message_id, 120)),
      el("span", { className: `pill ${judged(state)}` }, state)));
  if (why) made.append(el("p", { className: "why" }, shortened(why)));
  made.append(el("dl", {}, ...list));
  if (segments.length > 1) {
    made.append(el("ul", { className: "statuses" }, ...segments.map((each) => el("li", {}, segmentWords(each)))));
  }
  made.append(el("ol", { className: "steps", "aria-label": "what happened" }, ...steps.map(step)));
  return made;
}

function headRow(head) {
  const id = el("button", { type: "button", className: "plain" }, shortened(head.message_id, 80));
  id.addEventListener("click", () => seek(head.message_id));
  return el("li", {}, el("time", { className: "soft" }, `${day(head.requested_ms)} `), id,
    el("span", { className: judged(head.state) }, ` ${head.state}`));
}

async function byNumber(number) {
  const answer = await ask(`/v1/messages?number=${encodeURIComponent(number)}`);
  if (!answer.ok) return [answer.error];
  const { messages } = answer.data;
  if (messages.length === 0) return ["No message to this number is known."];
  return ["", el("ul", { className: "heads" }, ...messages.map(headRow))];
}

async function look(text) {
  const answer = await ask(`/v1/messages/${encodeURIComponent(text)}`);
  if (answer.ok) return ["", story(answer.data)];
  if (answer.status !== 404 || !NUMBER.test(text)) return [answer.error];
  return isOpen() ? byNumber(text) : ["To search by number, unlock the page with its token."];
}

/** Look for `text` and show what there is. */
export async function seek(text) {
  const mine = ++turn;
  term().value = text;
  say(said(), "…");
  const [words, shown] = await look(text);
  if (mine !== turn) return;
  say(said(), words);
  found().replaceChildren(...(shown ? [shown] : []));
  one("#find").scrollIntoView({ block: "nearest" });
}

/** Search when asked to. */
export function start() {
  one("#find form").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = term().value.trim();
    if (text) seek(text);
  });
}
