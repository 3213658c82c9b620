// Dead letters: how many are open, what is in one (masked by the service), and once more with it.

import { ask, isOpen, onChange } from "./access.js";
import { button, el, one, rows, say, show } from "./dom.js";
import { day, shortened, whole } from "./words.js";

const PATH = "/v1/letters";
const CONTENT_MAX = 4000; // characters
let topicShown = null;
let turn = 0; // of the topic read last: an answer that comes behind it, or behind a lock, is late

const said = () => one("#letters .said");
const list = () => one("#letters .open");

async function act(pressed, { topic, offset }, action) {
  pressed.disabled = true;
  const answer = await ask(`${PATH}/${action}`, { topic, offset });
  pressed.disabled = false;
  if (answer.ok) await read(topic);
  say(said(), answer.ok ? answer.data.words : answer.error);
}

function letterRow(letter, place) {
  const { topic, partition, offset, reason, message } = letter.was;
  const { key, octets, is_cut, hex } = letter;
  const content = letter.value ?? { key, octets, is_cut, hex };
  const row = el("li", {},
    el("p", {}, el("time", { className: "soft" }, `${day(letter.at_ms)} `), shortened(`${reason}: ${message}`)),
    el("details", {}, el("summary", {}, `${topic}, partition ${partition}, offset ${offset}`),
      el("pre", { tabIndex: 0 }, shortened(JSON.stringify(content, null, 2), CONTENT_MAX))));
  if (!letter.may_go) row.append(el("p", { className: "soft" }, `Can't go again, for ${letter.why_not}.`));
  if (place === 0) row.append(el("p", { className: "line" }, ...orders(letter)));
  return row;
}

/** They are dealt with in order, so only the first has these. */
function orders(letter) {
  const replay = button("Replay", (event) => act(event.target, letter, "replay"));
  replay.disabled = !letter.may_go;
  return [replay, button("Skip", (event) => act(event.target, letter, "skip"))];
}

async function read(topic) {
  const mine = ++turn;
  topicShown = topic;
  const answer = await ask(`${PATH}?topic=${encodeURIComponent(topic)}`);
  if (mine !== turn) return;
  say(said(), answer.ok ? "" : answer.error);
  list().replaceChildren(...(answer.ok ? answer.data.letters.map(letterRow) : []));
}

function makeTopic({ topic }) {
  return el("li", {}, button("", () => read(topic)));
}

/** Show how many there are. */
export function draw({ letters }) {
  const open = letters.filter((each) => each.open > 0);
  rows(one("#letters .topics"), open, (each) => each.topic, makeTopic, (row, each) => {
    say(row.firstChild, `${each.topic}: ${whole(each.open)}`);
  });
  show(one("#letters .empty"), open.length === 0);
}

/** What is shown by a token goes with it. */
export function start() {
  onChange(() => {
    turn += 1;
    list().replaceChildren();
    if (topicShown !== null && isOpen()) read(topicShown);
  });
}
