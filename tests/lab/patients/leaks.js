// Opens START descriptors and then leaks PER_S files each second: leaks.js START PER_S
const fs = require('node:fs');
const { ready, orders, descriptors } = require('./said.js');

const [start, perSecond] = process.argv.slice(2).map(Number);
orders();
setTimeout(() => {
  while (descriptors() < start) fs.openSync(__filename);
  ready({ open: descriptors() });
  const began = performance.now();
  let leaked = 0;
  // Timers are late on a loaded machine; what is due is made up for, so that the rate holds.
  setInterval(() => {
    for (; leaked < (performance.now() - began) * perSecond / 1000; leaked += 1) fs.openSync(__filename);
  }, 1000 / perSecond);
}, 100);
