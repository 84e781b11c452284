// How a patient in Node.js talks with the lab: `ready {facts}` on stdout, orders on stdin.
const fs = require('node:fs');
const readline = require('node:readline');

// Says that the state stands, and what is known of it.
exports.ready = (facts = {}) => {
  fs.writeSync(1, `ready ${JSON.stringify({ pid: process.pid, ...facts })}\n`);
};

// Calls `obey` with each line of stdin; without it stdin only keeps the process alive.
exports.orders = (obey = () => {}) => readline.createInterface({ input: process.stdin }).on('line', obey);

// Open descriptors of this process, without the one that lists them.
exports.descriptors = () => fs.readdirSync('/proc/self/fd').length - 1;
