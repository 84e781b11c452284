// Looks a name up as every client of Node.js does, and tells what came of it. Orders look it up again.
const dns = require('node:dns');
const { ready, orders } = require('./said.js');

const look = () => {
  const began = process.hrtime.bigint();
  dns.lookup(process.argv[2], (error, address) => {
    const ms = Number((process.hrtime.bigint() - began) / 1000000n);
    ready({ enotfound: Number(error?.code === 'ENOTFOUND'), found: Number(Boolean(address)), ms });
  });
};
orders(look);
look();
