// Tables: who has how much to read, and how long each step takes.

import { dress, el, one, rows, say, show } from "./dom.js";
import { lasting, rate, stepName, whole } from "./words.js";

const OLD_S = 30;

function makeGroup() {
  const own = Array.from({ length: 4 }, () => el("td"));
  return Object.assign(el("tr", {}, ...own), { own });
}

function drawGroups(groups) {
  rows(one("#groups tbody"), groups, (each) => each.name, makeGroup, ({ own }, group) => {
    say(own[0], group.name);
    say(own[1], whole(group.lag));
    say(own[2], lasting(group.age_s === null ? null : group.age_s * 1000));
    dress(own[2], group.age_s > OLD_S ? "bad" : "");
    say(own[3], rate(group.done_per_s));
  });
  show(one("#groups .empty"), groups.length === 0);
  show(one("#groups .scroll"), groups.length > 0);
}

const kindOf = (row) => [row.connector, row.class, row.country].filter(Boolean).join(" · ");

function makeLatency(row) {
  const own = Array.from({ length: 4 }, () => el("td"));
  const step = el("td", {}, stepName(row.step), el("span", { className: "soft" }, kindOf(row)));
  return Object.assign(el("tr", {}, step, ...own), { own });
}

function drawLatency(latency) {
  const keyOf = (row) => `${kindOf(row)}\n${row.step}`;
  const inOrder = [...latency].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)); // so that none moves
  rows(one("#latency tbody"), inOrder, keyOf, makeLatency, ({ own }, row) => {
    const words = [lasting(row.p50_ms), lasting(row.p95_ms), lasting(row.p99_ms), whole(row.count)];
    words.forEach((text, n) => say(own[n], text));
  });
  show(one("#latency .empty"), latency.length === 0);
  show(one("#latency .scroll"), latency.length > 0);
}

/** Show them. */
export function draw(snapshot) {
  drawGroups(snapshot.groups);
  drawLatency(snapshot.latency);
}
