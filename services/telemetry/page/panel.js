// The demo's panel: sends a test SMS, and is the handset that gets it: receipts and replies by hand.

import { ask, isOpen, onChange } from "./access.js";
import { button, el, one, rows, say, show } from "./dom.js";
import { clock } from "./words.js";

const EVERY_MS = 1000;
const RECEIPTS = [
  ["DELIVERED", "000", "Delivered"], ["UNDELIVERABLE", "001", "Undeliverable"],
  ["EXPIRED", "002", "Expired"], ["REJECTED", "003", "Rejected"],
];
const REPLIES_MAX = 50;
let find = () => {};
let number = ""; // whose handset it is, as it was written: the service reads it
let newest = null; // the message that a reply answers
let replies = [];
let isAsking = false;

const sent = () => one("#send .said");
const done = () => one("#handset .said");
const path = (action = "") => `/v1/handsets/${encodeURIComponent(number)}${action}`;

function bubble({ text, from, at_ms: atMs, isOwn }) {
  return el("div", { className: isOwn ? "bubble own" : "bubble" },
    el("small", {}, `${isOwn ? "reply" : from} · ${clock(atMs)}`), text);
}

async function end(message, state, error) {
  const { sandbox, smsc_message_id } = message;
  const answer = await ask(path("/receipt"), { sandbox, smsc_message_id, state, error });
  say(done(), answer.ok ? `The receipt says ${state}.` : answer.error);
  await look();
}

function makeWaiting(message) {
  const buttons = RECEIPTS.map(([state, error, words]) => button(words, () => end(message, state, error)));
  return el("div", {}, el("p", {}, `On its way from ${message.sender} since ${clock(message.since_ms)}:`),
    el("p", { className: "line" }, ...buttons));
}

function drawHandset({ arrived, open }) {
  newest = arrived.at(-1) ?? null;
  const came = arrived.map((each) => ({ ...each, text: each.text ?? "(no text)", from: each.sender }));
  const all = [...came, ...replies.filter((each) => each.number === number)];
  all.sort((a, b) => a.at_ms - b.at_ms);
  const phone = one(".phone");
  const isAtEnd = phone.scrollTop + phone.clientHeight >= phone.scrollHeight - 8;
  rows(phone, all, (each) => `${each.at_ms} ${each.isOwn ?? ""} ${each.text}`, bubble, () => {});
  phone.dataset.empty = all.length === 0 ? "Nothing has come yet." : "";
  if (isAtEnd) phone.scrollTop = phone.scrollHeight;
  rows(one(".waiting"), open, (each) => `${each.sandbox} ${each.smsc_message_id}`, makeWaiting, () => {});
}

async function look() {
  if (!number || isAsking) return;
  isAsking = true;
  const of = number;
  const answer = await ask(path());
  isAsking = false;
  if (of !== number) return;
  if (answer.ok) drawHandset(answer.data);
  else say(done(), answer.error);
}

function turnTo(to) {
  if (to === number) return;
  number = to;
  say(one("#handset .number"), number);
  say(done(), "");
  drawHandset({ arrived: [], open: [] });
  look();
}

async function send(event) {
  event.preventDefault();
  const form = one("#send").elements;
  turnTo(form.to.value.trim());
  const body = {
    to: form.to.value.trim(), from: form.from.value.trim() || null, text: form.text.value,
    tenant: form.tenant.value, by_hand: form.by_hand.checked,
  };
  say(sent(), "…");
  const answer = await ask("/v1/test", body);
  if (!answer.ok) return say(sent(), answer.error);
  const { message_id: id } = answer.data;
  sent().replaceChildren("Sent as ", button(id, () => find(id), { className: "plain" }));
  find(id, true);
}

async function reply(event) {
  event.preventDefault();
  const field = one("#reply");
  const text = field.value;
  if (newest === null) return say(done(), "There is nothing to answer yet.");
  const answer = await ask(path("/reply"), { sandbox: newest.sandbox, text });
  if (!answer.ok) return say(done(), answer.error);
  say(done(), "");
  field.value = "";
  replies = [...replies.slice(1 - REPLIES_MAX), { number, text, at_ms: Date.now(), isOwn: true }];
  await look();
}

/** Where there are handsets to play, for who has the token; `onFind` shows a message. */
export function start(onFind) {
  find = onFind;
  one("#send").addEventListener("submit", send);
  one("#send").elements.to.addEventListener("change", (event) => turnTo(event.target.value.trim()));
  one("#handset form").addEventListener("submit", reply);
  setInterval(() => {
    if (!document.hidden && !one("#panel").hidden) look();
  }, EVERY_MS);
  onChange(open);
}

async function open() {
  const answer = isOpen() ? await ask("/v1/panel") : { ok: false };
  const isThere = answer.ok && answer.data.sandboxes.length > 0;
  show(one("#panel"), isThere);
  if (!isThere) return turnTo(""); // what was on the handset goes with the token
  const names = answer.data.tenants.map((name) => el("option", { value: name }, name));
  one("#send").elements.tenant.replaceChildren(...names);
  turnTo(one("#send").elements.to.value.trim());
}
