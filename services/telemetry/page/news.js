// What comes one by one: failures and MO; and how votes stand.

import { bar, button, el, one, rows, say, show } from "./dom.js";
import { clock, percent, shortened, whole } from "./words.js";

let find = () => {};

const time = (atMs) => el("time", { dateTime: new Date(atMs).toISOString() }, clock(atMs));

function makeFailure(failure) {
  const { message_id: id, at_ms: atMs, connector, words } = failure;
  const by = connector === null ? "" : connector;
  return el("li", {}, time(atMs),
    button(shortened(id, 80), () => find(id), { className: "plain" }),
    el("span", { className: "soft" }, by), el("p", { className: "words" }, shortened(words)));
}

function makeMo(mo) {
  const words = [mo.keyword, mo.vote && `vote in ${mo.vote}`, mo.complete ? null : "parts are missing"];
  return el("li", {}, time(mo.at_ms), shortened(`${mo.sender} to ${mo.receiver}`, 80),
    el("span", { className: "soft" }, mo.connector),
    el("p", { className: "words" }, shortened(words.filter(Boolean).join(" · "))));
}

function drawFeed(selector, items, keyOf, make) {
  const feed = one(`${selector} .feed`);
  rows(feed, items, keyOf, make, () => {});
  show(feed, items.length > 0);
  show(one(`${selector} .empty`), items.length === 0);
}

function makeOption([name]) {
  const count = el("span");
  const filled = bar();
  const made = el("div", {}, el("p", { className: "line" }, el("span", {}, name), count), filled);
  return Object.assign(made, { count, filled });
}

function drawVotes(votes) {
  const make = ({ name }) => el("div", { className: "vote" }, el("h3", {}, name), el("div"));
  rows(one("#votes .votes"), votes, (each) => each.name, make, (row, { counts }) => {
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    rows(row.lastChild, Object.entries(counts), ([name]) => name, makeOption, (option, [, count]) => {
      say(option.count, `${whole(count)} · ${percent(all ? count / all : null)}`);
      option.filled.fill(all ? count / all : 0);
    });
  });
  show(one("#votes .empty"), votes.length === 0);
}

/** Show them. */
export function draw(snapshot) {
  drawFeed("#failures", snapshot.failures, (each) => `${each.message_id}\n${each.at_ms}`, makeFailure);
  drawFeed("#mo", snapshot.mo, (each) => each.mo_id, makeMo);
  drawVotes(snapshot.votes);
}

/** `onFind` is called with the message_id somebody wants to see. */
export function start(onFind) {
  find = onFind;
}
