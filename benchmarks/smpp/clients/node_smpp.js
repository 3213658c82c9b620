// node-smpp: a callback per message. Its session writes each PDU by itself, so the socket is corked
// for the turn in which a batch of answers comes in: one write then, as a user who cares would have.
//
//     NODE_PATH=.../node_modules node node_smpp.js host port messages window scenario warmup
'use strict';

const fs = require('node:fs');
const { performance } = require('node:perf_hooks');
const smpp = require('smpp');

const TIMED = 7;
const TEXT = Buffer.from(
  'Dear customer, your parcel arrives today between 14 and 16. Reply STOP to end.'.padEnd(100, '.'),
  'latin1',
);
const [host, port, messages, window, scenario, warmup] = process.argv.slice(2);
const hasReceipts = scenario === 'receipts';

const session = smpp.connect({ host, port: Number(port) });
const latencies = [];
let unsent = 0;
let inFlight = 0;
let receiptsDue = 0;
let isCorked = false;
let whenDone = null;

function cork() {
  if (!isCorked) {
    isCorked = true;
    session.socket.cork();
    setImmediate(() => {
      isCorked = false;
      session.socket.uncork();
    });
  }
}

function send() {
  const began = unsent % TIMED ? 0 : performance.now();
  unsent -= 1;
  inFlight += 1;
  session.submit_sm(
    {
      source_addr_ton: 5,
      source_addr: 'heliograph',
      dest_addr_ton: 1,
      dest_addr_npi: 1,
      destination_addr: '4915112345678',
      registered_delivery: 1,
      short_message: TEXT,
    },
    () => {
      inFlight -= 1;
      if (began) latencies.push(performance.now() - began);
      if (unsent) {
        cork();
        send();
      }
      finish();
    },
  );
}

function finish() {
  if (!unsent && !inFlight && !receiptsDue) whenDone();
}

function work(count) {
  return new Promise((resolve) => {
    whenDone = resolve;
    unsent = count;
    receiptsDue = hasReceipts ? count : 0;
    cork();
    for (let free = Math.min(count, Number(window)); free; free -= 1) send();
  });
}

session.on('deliver_sm', (pdu) => {
  cork();
  session.send(pdu.response());
  receiptsDue -= 1;
  finish();
});

function line() {
  const octet = Buffer.alloc(1);
  while (fs.readSync(0, octet, 0, 1) && octet[0] !== 10);
}

async function main() {
  await work(Number(warmup));
  latencies.length = 0;
  fs.writeSync(1, 'ready\n');
  line();
  const began = performance.now();
  await work(Number(messages));
  const seconds = (performance.now() - began) / 1000;
  latencies.sort((a, b) => a - b);
  const figures = {
    messages: Number(messages),
    seconds,
    p50_ms: latencies[Math.floor(latencies.length / 2)],
    p99_ms: latencies[Math.floor((latencies.length * 99) / 100)],
  };
  fs.writeSync(1, `${JSON.stringify(figures)}\n`);
  line();
  session.unbind(() => session.close());
}

session.on('connect', () => {
  session.socket.setNoDelay(true);
  session.bind_transceiver({ system_id: 'bench', password: 'secret' }, main);
});
