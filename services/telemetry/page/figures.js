// Funnel and rates: how far messages have come, and how many a second.

import { bar, el, one, rows, say, svg } from "./dom.js";
import { lately, percent, rate, whole } from "./words.js";

const STAGES = [
  ["requested", ""], ["routed", ""], ["submitted", ""], ["delivered", "good"],
  ["failed", "bad"], ["unknown", "warn"], ["expired", "warn"], ["open", ""],
];
const RATES = [
  ["requested_per_s", "requested"], ["submitted_per_s", "segments submitted"],
  ["delivered_per_s", "delivered"], ["mo_per_s", "written to us"],
];
const HEIGHT = 40;

function makeStage([name, kind]) {
  const count = el("span", { className: "count" });
  const share = el("span", { className: "share soft" });
  const filled = bar(kind);
  const made = el("li", { "data-stage": name }, el("span", { className: "soft" }, name), count, filled, share);
  return Object.assign(made, { count, share, filled });
}

function drawFunnel(funnel) {
  const all = funnel.requested;
  rows(one(".funnel"), STAGES, ([name]) => name, makeStage, (made, [name]) => {
    const share = all ? funnel[name] / all : null;
    say(made.count, whole(funnel[name]));
    say(made.share, name === "requested" ? "" : percent(share));
    made.filled.fill(name === "requested" && all ? 1 : share);
  });
}

function drawTests({ funnel }) {
  const words =
    `Beside these, of tenants who only test: ${whole(funnel.requested)} requested, ` +
    `${whole(funnel.delivered)} delivered, ${whole(funnel.failed)} failed, ${whole(funnel.open)} open.`;
  say(one("#tests"), funnel.requested ? words : "");
}

/** A path through `points`, from the left to the right. */
export function curve(points, top) {
  const step = 100 / Math.max(1, points.length - 1);
  const y = (value) => (HEIGHT + 2 - (HEIGHT * value) / top).toFixed(1);
  return points.map((value, n) => `${n ? "L" : "M"}${(n * step).toFixed(2)} ${y(value)}`).join("");
}

function makeRate([name, words]) {
  const count = el("p", { className: "count" });
  const line = svg("path", { class: "line" });
  const area = svg("path", { class: "area" });
  const spark = svg("svg", {
    class: "spark", viewBox: `0 0 100 ${HEIGHT + 4}`, preserveAspectRatio: "none", role: "img",
  }, area, line);
  const made = el("div", { "data-rate": name }, el("p", { className: "soft" }, words), count, spark);
  return Object.assign(made, { count, line, area, spark });
}

function drawRates(rates) {
  rows(one("#rates .rates"), RATES, ([name]) => name, makeRate, (made, [name, words]) => {
    const points = rates[name];
    const top = Math.max(1, ...points);
    const path = curve(points, top);
    say(made.count, rate(lately(points)));
    made.line.setAttribute("d", path);
    made.area.setAttribute("d", `${path}L100 ${HEIGHT + 4}L0 ${HEIGHT + 4}Z`);
    const most = rate(Math.max(0, ...points));
    const told = `${words}: now ${rate(lately(points))}, at most ${most} a second`;
    made.spark.setAttribute("aria-label", told);
  });
}

/** Show them. */
export function draw(snapshot) {
  drawFunnel(snapshot.funnel);
  drawTests(snapshot.tests);
  drawRates(snapshot.rates);
}
