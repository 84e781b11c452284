// Writes BYTES into a log and a line more now and then: keeps_log.js PATH BYTES
// The order `reopen` is what logrotate sends: the log is closed and opened again by its name.
const fs = require('fs');
const { orders, ready } = require('./said');

const [path, bytes] = [process.argv[2], Number(process.argv[3])];
let log = fs.openSync(path, 'a');
const block = Buffer.alloc(1 << 20, 'a line of a log, over and over again\n');
for (let left = bytes; left > 0; left -= block.length) fs.writeSync(log, block, 0, Math.min(left, block.length));
setInterval(() => fs.writeSync(log, 'one more line\n'), 50);
ready({ bytes });
orders((order) => {
  if (order !== 'reopen') return;
  fs.closeSync(log);
  log = fs.openSync(path, 'a');
  ready({ bytes });
});
