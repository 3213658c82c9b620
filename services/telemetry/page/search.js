// One SMS by its message_id, or all to a number: the story of one as a timeline, which goes on.

import { ask, isOpen, onChange } from "./access.js";
import { button, el, one, say } from "./dom.js";
import { clock, day, lasting, shortened } from "./words.js";

const NUMBER = /^(\+|00)?[0-9][0-9 ()./-]{6,}$/;
const KINDS = {
  delivered: "good", undeliverable: "bad", expired: "bad", rejected: "bad",
  unknown: "warn", cancelled: "warn",
};
const AWAY = new Set([0, 503]);
const FOLLOW_EVERY_MS = 1500;
const FOLLOW_MAX = 200; // looks; a message may be open for days
let turn = 0; // of the question asked last: an answer that comes behind it is late
let asked = "";
let expected = ""; // the id of one that was just sent: telemetry will know it soon
let shownAs = ""; // the text that is on show: what is the same stays, somebody may be reading it

const term = () => one("#find-term");
const said = () => one("#find .said");
const found = () => one("#find .found");
const kindOf = (state) => KINDS[state] ?? "";

function segmentWords(segment) {
  const parts = [`segment ${segment.segment}`];
  if (segment.connector) parts.push(segment.connector);
  if (segment.smsc_message_id) parts.push(`as ${segment.smsc_message_id}`);
  parts.push(segment.receipt_state ?? segment.reason ?? segment.event ?? "");
  return shortened(parts.filter(Boolean).join(" · "));
}

function step({ at_ms: atMs, after_ms: afterMs, text }) {
  const when = el("time", { dateTime: new Date(atMs).toISOString() }, clock(atMs));
  const after = el("span", { className: "soft" }, afterMs > 0 ? ` +${lasting(afterMs)}` : "");
  return el("li", {}, when, after, el("p", { className: "words" }, shortened(text)));
}

/** The story of one message. */
function story({ head, state, segments, steps, why }) {
  const facts = [
    ["to", head.recipient], ["tenant", head.tenant], ["class", head.class], ["lane", head.lane],
    ["connector", head.connector], ["requested", day(head.requested_ms)],
  ].filter(([, value]) => value);
  const list = facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, shortened(value))]);
  const made = el("article", { className: "story" },
    el("p", { className: "head" },
      el("strong", {}, shortened(head.message_id, 120)),
      el("span", { className: `pill ${kindOf(state)}` }, state)));
  if (why) made.append(el("p", { className: "why words" }, shortened(why)));
  made.append(el("dl", {}, ...list));
  if (segments.length > 1) {
    made.append(el("ul", { className: "statuses" }, ...segments.map((each) => el("li", {}, segmentWords(each)))));
  }
  made.append(el("ol", { className: "steps", "aria-label": "what happened" }, ...steps.map(step)));
  return made;
}

function headRow(head) {
  return el("li", {}, el("time", { className: "soft" }, `${day(head.requested_ms)} `),
    button(shortened(head.message_id, 80), () => seek(head.message_id), { className: "plain" }),
    el("span", { className: kindOf(head.state) }, ` ${head.state}`));
}

async function byNumber(number) {
  const answer = await ask(`/v1/messages?number=${encodeURIComponent(number)}`);
  if (!answer.ok) return { words: answer.error };
  const { messages } = answer.data;
  if (messages.length === 0) return { words: "No message to this number is known." };
  return { words: "", shown: el("ul", { className: "heads" }, ...messages.map(headRow)) };
}

async function look(text) {
  const answer = await ask(`/v1/messages/${encodeURIComponent(text)}`);
  if (answer.ok) return { words: "", shown: story(answer.data), isOpen: !answer.data.head.terminal };
  if (AWAY.has(answer.status)) return { words: answer.error, isAway: true };
  if (answer.status === 404 && text === expected) return { words: "It is on its way.", isAway: true };
  if (answer.status !== 404 || !NUMBER.test(text)) return { words: answer.error };
  return isOpen() ? byNumber(text) : { words: "To search by number, unlock the page with its token." };
}

async function put(text, mine) {
  const answer = await look(text);
  if (mine !== turn) return false;
  say(said(), answer.words);
  if (answer.isAway) return true; // what is on show stays, and it is asked for again
  const told = answer.shown?.textContent ?? "";
  if (told !== shownAs) found().replaceChildren(...(answer.shown ? [answer.shown] : []));
  shownAs = told;
  return Boolean(answer.isOpen);
}

function clear() {
  found().replaceChildren();
  shownAs = "";
}

/** While its story is not over, look again; `left` times. */
function follow(text, mine, left) {
  if (left === 0) return;
  setTimeout(async () => {
    if (mine !== turn) return;
    const isOver = !document.hidden && !(await put(text, mine));
    if (!isOver) follow(text, mine, left - 1);
  }, FOLLOW_EVERY_MS);
}

/** Look for `text` and show what there is, as it goes on; what `isSent` may not be known yet. */
export async function seek(text, isSent = false) {
  const mine = ++turn;
  if (text !== asked) clear();
  asked = text;
  expected = isSent ? text : "";
  term().value = text;
  say(said(), "…");
  if (await put(text, mine)) follow(text, mine, FOLLOW_MAX);
  if (mine === turn) one("#find").scrollIntoView({ block: "nearest" });
}

/** Search when asked to; what was found shows more by a token, and less without. */
export function start() {
  one("#find form").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = term().value.trim();
    if (text) seek(text);
  });
  onChange(() => {
    clear();
    if (asked) seek(asked);
  });
}
