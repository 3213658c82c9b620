// The demo's panel: sends a test SMS, and is the handset that gets it: receipts and replies by hand.

import { ask, isOpen, onChange } from "./access.js";
import { el, one, rows, say, show } from "./dom.js";
import { clock } from "./words.js";

const EVERY_MS = 1000;
const RECEIPTS = [
  ["DELIVERED", "000", "Delivered"], ["UNDELIVERABLE", "001", "Undeliverable"],
  ["EXPIRED", "002", "Expired"], ["REJECTED", "003", "Rejected"],
];
let number = "";
let newest = null; // the message that a reply answers
let replies = [];
let isAsking = false;

const sent = () => one("#send .said");
const done = () => one("#handset .said");
const digits = (text) => text.replace(/[^0-9]/g, "").replace(/^00/, "");
const path = (action = "") => `/v1/handsets/${number}${action}`;

function bubble({ text, from, at_ms: atMs, isOwn }) {
  return el("div", { className: isOwn ? "bubble own" : "bubble" },
    el("small", {}, `${isOwn ? "reply" : from} · ${clock(atMs)}`), text);
}

function makeWaiting(message) {
  const buttons = RECEIPTS.map(([state, error, words]) => {
    const button = el("button", { type: "button" }, words);
    button.addEventListener("click", async () => {
      const body = { sandbox: message.sandbox, smsc_message_id: message.smsc_message_id, state, error };
      const answer = await ask(path("/receipt"), body);
      say(done(), answer.ok ? `Receipt ${state} is sent.` : answer.error);
      await look();
    });
    return button;
  });
  return el("div", {}, el("p", {}, "On its way from ", message.sender, ": what becomes of it?"),
    el("p", { className: "line" }, ...buttons));
}

function drawHandset({ arrived, open }) {
  newest = arrived.at(-1) ?? null;
  const said = replies.filter((each) => each.number === number);
  const all = [...arrived.map((each) => ({ ...each, text: each.text ?? "(no text)", from: each.sender })), ...said];
  all.sort((a, b) => a.at_ms - b.at_ms);
  const phone = one(".phone");
  const isAtEnd = phone.scrollTop + phone.clientHeight >= phone.scrollHeight - 8;
  rows(phone, all, (each) => `${each.at_ms} ${each.isOwn ?? ""} ${each.text}`, bubble, () => {});
  if (isAtEnd) phone.scrollTop = phone.scrollHeight;
  rows(one(".waiting"), open, (each) => `${each.sandbox} ${each.smsc_message_id}`, makeWaiting, () => {});
}

async function look() {
  if (!number || isAsking) return;
  isAsking = true;
  const of = number;
  const answer = await ask(path());
  isAsking = false;
  if (answer.ok && of === number) drawHandset(answer.data);
  else if (!answer.ok) say(done(), answer.error);
}

function turnTo(to) {
  if (digits(to) === number) return;
  number = digits(to);
  say(one("#handset .number"), number ? `+${number}` : "");
  say(done(), "");
  drawHandset({ arrived: [], open: [] });
  look();
}

async function send(event) {
  event.preventDefault();
  const form = one("#send").elements;
  turnTo(form.to.value);
  const body = {
    to: form.to.value.trim(), from: form.from.value.trim() || null, text: form.text.value,
    tenant: form.tenant.value, by_hand: form.by_hand.checked,
  };
  say(sent(), "…");
  const answer = await ask("/v1/test", body);
  if (!answer.ok) return say(sent(), answer.error);
  say(sent(), "");
  const link = el("button", { type: "button", className: "plain" }, answer.data.message_id);
  link.addEventListener("click", () => find(answer.data.message_id));
  sent().append("Sent as ", link);
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
  replies = [...replies.slice(-49), { number, text, at_ms: Date.now(), isOwn: true }];
  await look();
}

let find = () => {};

/** Where there are handsets to play and a token that allows it; `ask` shows a message. */
export function start(onFind) {
  find = onFind;
  one("#send").addEventListener("submit", send);
  one("#send").elements.to.addEventListener("change", (event) => turnTo(event.target.value));
  one("#handset form").addEventListener("submit", reply);
  setInterval(() => {
    if (!document.hidden && !one("#panel").hidden) look();
  }, EVERY_MS);
  onChange(open);
  open();
}

async function open() {
  const answer = isOpen() ? await ask("/v1/panel") : { ok: false };
  show(one("#panel"), answer.ok);
  if (!answer.ok) return;
  const { tenants } = answer.data;
  one("#send").elements.tenant.replaceChildren(...tenants.map((name) => el("option", { value: name }, name)));
  number = "";
  turnTo(one("#send").elements.to.value);
}
