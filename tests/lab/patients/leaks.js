// Opens START descriptors and then leaks PER_S files each second: leaks.js START PER_S
const fs = require('node:fs');
const { ready, orders, descriptors } = require('./said.js');

const [start, perSecond] = process.argv.slice(2).map(Number);
orders();
setTimeout(() => {
  while (descriptors() < start) fs.openSync(__filename);
  setInterval(() => fs.openSync(__filename), 1000 / perSecond);
  ready({ open: descriptors() });
}, 100);
