// A server that answers until it is told to compute and never come back: spins.js PORT
const http = require('node:http');
const { ready, orders } = require('./said.js');

const server = http.createServer((_, response) => response.end('well\n'));
orders((order) => {
  // The regular expression that backtracks for ever, as plain as can be.
  if (order === 'spin') for (;;);
});
server.listen({ port: Number(process.argv[2]), backlog: 511 }, () => ready());
