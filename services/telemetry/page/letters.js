// Dead letters: how many are open, what is in one (masked by the service), and once more with it.

import { ask, isOpen, onChange } from "./access.js";
import { el, one, rows, say, show } from "./dom.js";
import { day, shortened, whole } from "./words.js";

const PATH = "/v1/letters";
const HELD_BACK = new Set(["topic", "partition", "offset", "at_ms", "reason", "detail", "words"]);
let openTopic = null;

const said = () => one("#letters .said");
const list = () => one("#letters .open");
const place = ({ topic, partition, offset }) => ({ topic, partition, offset });

async function act(button, letter, action) {
  button.disabled = true;
  const answer = await ask(`${PATH}/${action}`, place(letter));
  button.disabled = false;
  const outcome = answer.data?.words ?? (action === "replay" ? "It is on its way again." : "It is dealt with.");
  if (answer.ok) await read(openTopic);
  say(said(), answer.ok ? outcome : answer.error);
}

function letterRow(letter) {
  const rest = Object.fromEntries(Object.entries(letter).filter(([name]) => !HELD_BACK.has(name)));
  const buttons = [["replay", "Replay"], ["skip", "Skip"]].map(([action, words]) => {
    const name = `${words} ${letter.partition}/${letter.offset}`;
    const button = el("button", { type: "button", "aria-label": name }, words);
    button.addEventListener("click", () => act(button, letter, action));
    return button;
  });
  const words = letter.words ?? [letter.reason, letter.detail].filter(Boolean).join(": ");
  const content = el("details", {}, el("summary", {}, "show"),
    el("pre", { tabIndex: 0 }, shortened(JSON.stringify(rest, null, 2), 4000)));
  return el("li", {},
    el("p", {}, el("time", { className: "soft" }, `${day(letter.at_ms)} `), shortened(words)),
    content, el("p", { className: "line" }, ...buttons));
}

async function read(topic) {
  openTopic = topic;
  const answer = await ask(`${PATH}?topic=${encodeURIComponent(topic)}`);
  if (openTopic !== topic) return;
  say(said(), answer.ok ? "" : answer.error);
  list().replaceChildren(...(answer.ok ? answer.data.letters.map(letterRow) : []));
}

function makeTopic({ topic }) {
  const button = el("button", { type: "button" });
  button.addEventListener("click", () => read(topic));
  return el("li", {}, button);
}

/** Show how many there are. */
export function draw({ letters }) {
  const open = letters.filter((each) => each.open > 0);
  rows(one("#letters .topics"), open, (each) => each.topic, makeTopic, (row, each) => {
    say(row.firstChild, `${each.topic}: ${whole(each.open)}`);
  });
  show(one("#letters .empty"), open.length === 0);
}

/** What was opened by a token goes with it. */
export function start() {
  onChange(() => {
    if (isOpen() && openTopic !== null) read(openTopic);
    if (!isOpen()) list().replaceChildren();
  });
}
