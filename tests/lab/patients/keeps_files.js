// Opens files and never closes them, until TOTAL descriptors are open: keeps_files.js TOTAL
const fs = require('node:fs');
const { ready, orders, descriptors } = require('./said.js');

const total = Number(process.argv[2]);
orders();
// Node opens what it needs for itself while it starts; counted once that is done.
setTimeout(() => {
  while (descriptors() < total) fs.openSync(__filename);
  ready({ open: descriptors() });
}, 100);
