// Whether all is well: one sentence on top and in the name of the tab, and what to look at.

import { dress, el, one, rows, say, show } from "./dom.js";
import { lasting, lately, rate, whole } from "./words.js";

const TITLE = "Heliograph";

function tell(kind, words, title) {
  dress(one("#verdict"), `wide ${kind}`);
  say(one("#verdict-title"), words);
  if (document.title !== title) document.title = title;
}

function facts({ connectors, funnel, rates }) {
  const binds = connectors.reduce((sum, each) => sum + each.binds + each.receivers, 0);
  const wanted = connectors.reduce((sum, each) => sum + each.binds_wanted + each.receivers_wanted, 0);
  const ages = connectors.map((each) => each.age_s).filter((each) => each !== null);
  const words = [
    `${whole(binds)} of ${whole(wanted)} binds`,
    `${rate(lately(rates.submitted_per_s))} segments/s`,
    `${whole(funnel.open)} open`,
  ];
  if (ages.length > 0) words.push(`oldest unsent ${lasting(1000 * Math.max(...ages))}`);
  return words.join(" · ");
}

function makeAlert(alert) {
  const since = el("span");
  const about = el("p", { className: "soft" }, `${alert.name} · `, since, " · ",
    el("code", {}, `docs/runbooks/${alert.name}.md`));
  return Object.assign(el("li", {}, el("strong"), about), { since });
}

/** What a snapshot says. */
export function draw(snapshot) {
  const { alerts, at_ms: atMs } = snapshot;
  if (alerts.length === 0) tell("good", "All is well", TITLE);
  else {
    const words = alerts.length === 1 ? "1 thing to look at" : `${alerts.length} things to look at`;
    tell("bad", words, `(${alerts.length}) ${TITLE}`);
  }
  say(one("#verdict-facts"), facts(snapshot));
  show(one("#verdict .alerts"), alerts.length > 0);
  rows(one("#verdict .alerts"), alerts, ({ name, about }) => `${name}\n${about}`, makeAlert, (row, alert) => {
    say(row.firstChild, alert.words);
    say(row.since, `for ${lasting(Math.max(0, atMs - alert.since_ms))}`);
  });
}

/** Nothing comes any more: what is on show is old. */
export function lose(words) {
  tell("warn", words, `(?) ${TITLE}`);
}
