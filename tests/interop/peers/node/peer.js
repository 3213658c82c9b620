// node smpp in either role, told what to do by JSON lines: see tests/interop/peer.py.
//
// What is its own: PDUs are objects with the specification's field names, an unknown tag is a key
// of digits, and texts are decoded on the way in, so the raw octets are kept beside the text here.
"use strict";

const fs = require("fs");
const readline = require("readline");
const smpp = require("smpp");

const PASSWORD = "secret08";
const MESSAGE_ID = "5f3a-1";
const BARRED = "500";
const STATUS = { RINVPASWD: 0x0e, RINVDSTADR: 0x0b, RQUERYFAIL: 0x67 };

const decodeText = smpp.filters.message.decode;
smpp.filters.message.decode = function (octets, skipUdh) {
  return { octets, text: decodeText.call(this, octets, skipUdh).message };
};
smpp.filters.time.decode = (value) => value;

let session = null;
let server = null;
let ended = false;
const requests = [];
const waiting = [];

function keep(queue, waiters, item) {
  if (waiters.length) waiters.shift()(item);
  else queue.push(item);
}

function tlvNamed(tag) {
  if (!smpp.tlvsById[tag]) {
    smpp.addTLV("tag_" + tag, { id: tag, type: smpp.types.tlv.buffer });
  }
  return smpp.tlvsById[tag];
}

function toPdu(message) {
  const { command, tlvs = [], text, ...fields } = message;
  if ("short_message" in fields) {
    fields.short_message =
      text === undefined ? Buffer.from(fields.short_message, "hex") : { message: text };
  }
  for (const [tag, hex] of tlvs) {
    const octets = Buffer.from(hex, "hex");
    const kind = tlvNamed(tag);
    fields[kind.tag] = kind.type.read(octets, 0, octets.length);
  }
  return new smpp.PDU(command, fields);
}

function toMessage(pdu) {
  const message = { command: pdu.command, command_status: pdu.command_status };
  const params = (smpp.commands[pdu.command] || {}).params || {};
  for (const key of Object.keys(params)) {
    if (!(key in pdu)) continue;
    if (key !== "short_message") message[key] = pdu[key];
    else Object.assign(message, shortMessage(pdu[key]));
  }
  const tlvs = Object.keys(pdu).flatMap((key) => (key in params ? [] : toTlv(key, pdu[key])));
  if (tlvs.length) message.tlvs = tlvs;
  return message;
}

function shortMessage(value) {
  const { octets, text } = value.octets ? value : { octets: value };
  const message = { short_message: octets.toString("hex") };
  if (typeof text === "string" && octets.length) message.text = text;
  return message;
}

function toTlv(key, value) {
  if (/^\d+$/.test(key)) return [[Number(key), value.toString("hex")]];
  const kind = smpp.tlvs[key];
  if (!kind) return [];
  const plain = value && value.octets ? value.octets : value;
  const octets = Buffer.alloc(kind.type.size(plain));
  kind.type.write(plain, octets, 0);
  return [[kind.id, octets.toString("hex")]];
}

function answerOf(pdu) {
  if (pdu.destination_addr === BARRED) return { command_status: STATUS.RINVDSTADR };
  if (pdu.message_id === "unknown") return { command_status: STATUS.RQUERYFAIL };
  if (pdu.command === "query_sm") return { message_id: pdu.message_id, message_state: 1 };
  if (pdu.command === "submit_multi") return { message_id: MESSAGE_ID, unsuccess_sme: barred(pdu) };
  return { message_id: pdu.command === "deliver_sm" ? "" : MESSAGE_ID };
}

function barred(pdu) {
  return pdu.dest_address
    .filter((address) => address.destination_addr === BARRED)
    .map((address) => ({ ...address, error_status_code: STATUS.RINVDSTADR }));
}

function take(pdu) {
  if (pdu.isResponse()) return;
  if (pdu.command.startsWith("bind_")) {
    const isKnown = pdu.password === PASSWORD;
    session.send(
      pdu.response(isKnown ? { system_id: "smsc" } : { command_status: STATUS.RINVPASWD }),
    );
    return;
  }
  if (!["enquire_link", "unbind", "unknown"].includes(pdu.command)) {
    keep(requests, waiting, toMessage(pdu));
  }
  if (pdu.command === "alert_notification") return;
  session.send(pdu.response(answerOf(pdu)), () => pdu.command === "unbind" && session.close());
}

function adopt(made) {
  session = made;
  ended = false;
  requests.length = 0;
  session.on("pdu", take);
  session.on("close", () => (ended = true));
  session.on("error", () => {});
}

function ask(pdu) {
  return new Promise((resolve) => session.send(pdu, (response) => resolve(toMessage(response))));
}

const actions = {
  listen({ tls }) {
    const options = tls ? { key: fs.readFileSync(tls.key), cert: fs.readFileSync(tls.cert) } : {};
    server = smpp.createServer(options, adopt);
    return new Promise((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve({ port: server.address().port })),
    );
  },
  connect({ port, tls, ...bind }) {
    const options = { host: "127.0.0.1", port };
    if (tls) Object.assign(options, { tls: true, ca: fs.readFileSync(tls.cert) });
    return new Promise((resolve, reject) => {
      const made = smpp.connect(options, () => ask(toPdu(bind)).then(resolve));
      adopt(made);
      made.on("error", reject);
    });
  },
  ask: ({ pdu }) => ask(toPdu(pdu)),
  tell: ({ pdu }) => session.send(toPdu(pdu)),
  raw: ({ octets }) => session.socket.write(Buffer.from(octets, "hex")),
  heard: () =>
    requests.length ? requests.shift() : new Promise((resolve) => waiting.push(resolve)),
  async unbind() {
    const answer = await ask(new smpp.PDU("unbind"));
    session.close();
    return answer;
  },
  ended: () =>
    ended || new Promise((resolve) => session.socket.once("close", () => resolve(true))),
  close() {
    if (session) session.destroy();
    if (server) server.close();
    session = server = null;
    waiting.length = 0;
    return true;
  },
};

readline.createInterface({ input: process.stdin }).on("line", async (line) => {
  const { do: action, ...what } = JSON.parse(line);
  let reply;
  try {
    reply = { answer: await actions[action](what) };
  } catch (error) {
    reply = { error: String(error && error.stack) };
  }
  process.stdout.write(JSON.stringify(reply) + "\n");
}).on("close", () => process.exit(0));
