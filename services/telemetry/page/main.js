// Takes snapshots as they come and shows the newest, once a frame at most, whatever the load.

import * as access from "./access.js";
import * as connectors from "./connectors.js";
import { dress, one, say } from "./dom.js";
import * as figures from "./figures.js";
import * as letters from "./letters.js";
import * as news from "./news.js";
import * as panel from "./panel.js";
import * as search from "./search.js";
import * as tables from "./tables.js";
import * as theme from "./theme.js";
import * as verdict from "./verdict.js";
import { clock, lasting, whole } from "./words.js";

const PARTS = [verdict, figures, connectors, news, tables, letters];
const STALE_MS = 5000;
const AGAIN_MS = 2000;
let newest = null;
let isDue = false;
let heardMs = performance.now();

function draw() {
  isDue = false;
  for (const part of PARTS) part.draw(newest);
  const { uptime_s: upS, behind } = newest.build;
  say(one("#clock"), clock(newest.at_ms));
  const late = behind > 0 ? `, ${whole(behind)} records behind` : "";
  say(one("#build"), `Telemetry runs for ${lasting(upS * 1000)}${late}.`);
  document.documentElement.dataset.drawn = String(newest.at_ms);
}

function take(text) {
  const snapshot = JSON.parse(text);
  if (snapshot === null) return; // none is made yet
  newest = snapshot;
  heardMs = performance.now();
  link("live", "good");
  if (document.hidden) verdict.draw(newest); // the name of the tab is seen
  else if (!isDue) {
    isDue = true;
    requestAnimationFrame(draw);
  }
}

function link(words, kind) {
  say(one("#link"), words);
  dress(one("#link"), `pill ${kind}`);
}

function lose(words, sentence) {
  link(words, "bad");
  verdict.lose(newest === null ? sentence : `${sentence}: this is of ${clock(newest.at_ms)}`);
}

function watch() {
  const source = new EventSource("/v1/live");
  source.addEventListener("message", (event) => take(event.data));
  source.addEventListener("error", () => {
    lose("no connection", "Telemetry does not answer");
    if (source.readyState !== EventSource.CLOSED) return; // the browser comes again by itself
    setTimeout(watch, AGAIN_MS);
  });
}

theme.start();
search.start();
news.start(search.seek);
letters.start();
panel.start(search.seek);
access.start();
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && newest !== null) requestAnimationFrame(draw);
});
setInterval(() => {
  const isStale = newest !== null && performance.now() - heardMs > STALE_MS;
  if (isStale && one("#link").textContent === "live") lose("stands still", "Telemetry stands still");
}, 1000);
watch();
