// Tables: who has how much to read, and how long each step takes.

import { dress, el, one, rows, say, show } from "./dom.js";
import { lasting, rate, stepName, whole } from "./words.js";

const OLD_S = 30;

function makeRow(cells) {
  return () => {
    const own = Array.from({ length: cells }, () => el("td"));
    return Object.assign(el("tr", {}, ...own), { own });
  };
}

function drawGroups(groups) {
  rows(one("#groups tbody"), groups, (each) => each.name, makeRow(4), ({ own }, group) => {
    say(own[0], group.name);
    say(own[1], whole(group.lag));
    say(own[2], lasting(group.age_s === null ? null : group.age_s * 1000));
    dress(own[2], group.age_s > OLD_S ? "bad" : "");
    say(own[3], rate(group.done_per_s));
  });
  show(one("#groups .empty"), groups.length === 0);
  show(one("#groups .scroll"), groups.length > 0);
}

function drawLatency(latency) {
  const keyOf = (row) => [row.step, row.connector, row.class, row.country].join("\n");
  rows(one("#latency tbody"), latency, keyOf, makeRow(8), ({ own }, row) => {
    const words = [
      stepName(row.step), row.connector, row.class, row.country,
      lasting(row.p50_ms), lasting(row.p95_ms), lasting(row.p99_ms), whole(row.count),
    ];
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
