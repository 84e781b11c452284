// Answers each request with a hash that takes about MS milliseconds to compute, in the event loop itself or in a worker:
// hashes.js PORT loop|worker MS
const crypto = require('node:crypto');
const http = require('node:http');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const { ready, orders } = require('./said.js');

const hash = (rounds) => crypto.pbkdf2Sync('password', 'salt', rounds, 32, 'sha512').toString('hex');

if (!isMainThread) {
  parentPort.on('message', (id) => parentPort.postMessage({ id, text: hash(workerData) }));
} else {
  const [port, where, ms] = [Number(process.argv[2]), process.argv[3], Number(process.argv[4])];
  // As many rounds as take so long on this machine.
  let rounds = 1000;
  let took = 0;
  while (took < 20) {
    rounds *= 2;
    const began = process.cpuUsage();
    hash(rounds);
    const used = process.cpuUsage(began);
    took = (used.user + used.system) / 1000;
  }
  rounds = Math.max(1, Math.round(rounds * ms / took));

  let answered = 0;
  const waiting = new Map();
  const worker = where === 'worker' ? new Worker(__filename, { workerData: rounds }) : null;
  worker?.on('message', ({ id, text }) => {
    waiting.get(id).end(text);
    waiting.delete(id);
  });
  const server = http.createServer((_, response) => {
    answered += 1;
    if (!worker) return response.end(hash(rounds));
    waiting.set(answered, response);
    return worker.postMessage(answered);
  });
  server.keepAliveTimeout = 600_000;
  orders(() => ready({ answered }));
  server.listen({ port, backlog: 511 }, () => ready({ rounds }));
}
