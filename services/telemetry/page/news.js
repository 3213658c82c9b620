// What comes one by one: alerts, failures, MO, and how votes stand.

import { bar, el, one, rows, say, show } from "./dom.js";
import { clock, lasting, percent, shortened, whole } from "./words.js";

let find = () => {};

/** `ask` is called with the message_id somebody wants to see. */
export const onFind = (ask) => { find = ask; };

function drawAlerts(alerts, atMs) {
  show(one("#alerts"), alerts.length > 0);
  const make = (alert) =>
    el("li", {}, el("strong", {}, alert.name), el("span"), " ", el("span", { className: "soft" }));
  rows(one("#alerts ul"), alerts, (each) => `${each.name}\n${each.about}`, make, (row, alert) => {
    say(row.children[1], alert.words);
    say(row.children[2], `for ${lasting(Math.max(0, atMs - alert.since_ms))}`);
  });
}

const time = (atMs) => el("time", { dateTime: new Date(atMs).toISOString() }, clock(atMs));

function makeFailure(failure) {
  const id = el("button", { type: "button", className: "plain" }, shortened(failure.message_id, 80));
  id.addEventListener("click", () => find(failure.message_id));
  const by = failure.connector === null ? "" : ` · ${failure.connector}`;
  return el("li", {}, time(failure.at_ms), id, el("span", { className: "soft" }, by),
    el("p", {}, shortened(failure.words)));
}

function makeMo(mo) {
  const words = [`${mo.sender} to ${mo.receiver}, by ${mo.connector}`];
  if (mo.keyword !== null) words.push(mo.keyword);
  if (mo.vote !== null) words.push(`vote in ${mo.vote}`);
  if (!mo.complete) words.push("parts are missing");
  return el("li", {}, time(mo.at_ms), shortened(words.join(" · ")));
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
  show(one("#votes"), votes.length > 0);
  const make = ({ name }) => el("div", { className: "vote" }, el("h3", {}, name), el("div"));
  rows(one("#votes .votes"), votes, (each) => each.name, make, (row, { counts }) => {
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    rows(row.lastChild, Object.entries(counts), ([name]) => name, makeOption, (option, [, count]) => {
      say(option.count, `${whole(count)} · ${percent(all ? count / all : null)}`);
      option.filled.fill(all ? count / all : 0);
    });
  });
}

/** Show them. */
export function draw(snapshot) {
  drawAlerts(snapshot.alerts, snapshot.at_ms);
  drawFeed("#failures", snapshot.failures, (each) => `${each.message_id}\n${each.at_ms}`, makeFailure);
  drawFeed("#mo", snapshot.mo, (each) => each.mo_id, makeMo);
  drawVotes(snapshot.votes);
}
