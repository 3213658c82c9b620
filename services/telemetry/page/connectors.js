// A card a connector: binds, window, rate in force against allowed, errors by status, latency, queue.

import { bar, dress, el, one, rows, say, show } from "./dom.js";
import { NONE, lasting, percent, rate, whole } from "./words.js";

const STATUSES_SHOWN = 6;
const GOOD = "ESME_ROK";
const UNANSWERED = "none";
const both = (p50, p99) => (p50 === null ? NONE : `${lasting(p50)}, ${lasting(p99)}`);
const receiving = (c) => (c.receivers_wanted ? `, ${c.receivers} of ${c.receivers_wanted} receiving` : "");
const FACTS = [
  ["binds", (c) => `${c.binds} of ${c.binds_wanted}${receiving(c)}`],
  ["submitted", (c) => `${rate(c.submitted_per_s)}/s`],
  ["queued", (c) => (c.queued === null ? NONE : `${whole(c.queued)} of ${whole(c.queue_limit)}`)],
  ["bulk waits", (c) => whole(c.waiting)],
  ["oldest unsent", (c) => lasting(c.age_s === null ? null : c.age_s * 1000)],
  ["answer p50, p99", (c) => both(c.answer_p50_ms, c.answer_p99_ms)],
  ["receipt p50, p99", (c) => both(c.delivery_p50_ms, c.delivery_p99_ms)],
  ["delivered", (c) => percent(c.delivery_rate)],
  ["receipts of nobody", (c) => percent(c.orphan_share)],
];

/** Good, warn or bad. */
function judged({ state, stop, binds, receivers, binds_wanted: wanted, receivers_wanted: receiversWanted }) {
  if (state === "drained") return "warn"; // somebody has wanted it so
  if (state !== "bound") return "bad";
  return binds + receivers < wanted + receiversWanted || stop !== null ? "warn" : "good";
}

function gauge(words) {
  const value = el("span");
  const filled = bar();
  const made = el("div", { className: "gauge" },
    el("p", { className: "line" }, el("span", { className: "soft" }, words), value), filled);
  return Object.assign(made, { value, filled });
}

function makeCard({ name }) {
  const state = el("span");
  const stop = el("p", { className: "words bad" });
  const allowed = gauge("rate in force");
  const inFlight = gauge("window");
  const facts = FACTS.map(([words]) => [el("dt", {}, words), el("dd")]);
  const list = el("dl", {}, ...facts.flat());
  const statuses = el("ul", { className: "statuses", "aria-label": `answers of ${name}` });
  const made = el("article", { "data-connector": name },
    el("div", { className: "head" }, el("h3", {}, name), state), stop, allowed, inFlight, list, statuses);
  return Object.assign(made, { state, stop, allowed, inFlight, values: facts.map(([, dd]) => dd), statuses });
}

function drawStatuses(list, statuses) {
  const found = Object.entries(statuses).sort(([a, n], [b, m]) => (b === GOOD) - (a === GOOD) || m - n);
  const all = found.reduce((sum, [, count]) => sum + count, 0);
  const make = ([name]) => el("li", {},
    el("span", { className: name === GOOD ? "good" : "bad" }, name === UNANSWERED ? "no answer" : name), el("span"));
  rows(list, found.slice(0, STATUSES_SHOWN), ([name]) => name, make, (row, [, count]) => {
    say(row.lastChild, `${whole(count)} · ${percent(count / all)}`);
  });
}

function drawCard(card, connector) {
  const kind = judged(connector);
  dress(card, `card ${kind}`);
  dress(card.state, `pill ${kind}`);
  say(card.state, connector.state);
  show(card.stop, connector.stop !== null);
  say(card.stop, connector.stop ?? "");
  const { rate_per_s: inForce, contract_per_s: contract } = connector;
  say(card.allowed.value, `${rate(inForce)} of ${rate(contract)}/s`);
  card.allowed.filled.fill(contract ? inForce / contract : 0);
  say(card.inFlight.value, `${whole(connector.in_flight)} of ${whole(connector.window)}`);
  card.inFlight.filled.fill(connector.window ? connector.in_flight / connector.window : 0);
  FACTS.forEach(([, words], n) => say(card.values[n], words(connector)));
  drawStatuses(card.statuses, connector.statuses);
}

/** Show them. */
export function draw({ connectors }) {
  rows(one(".cards"), connectors, (each) => each.name, makeCard, drawCard);
  show(one("#connectors .empty"), connectors.length === 0);
}
