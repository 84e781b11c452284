// A server that hears its clients until it is told to block, and nothing after that:
// blocked_loop.js PORT BACKLOG
const http = require('node:http');
const { ready, orders } = require('./said.js');

const [port, backlog] = process.argv.slice(2).map(Number);
const server = http.createServer((_, response) => response.end('well\n'));
orders((order) => {
  // The lock nobody opens: the event loop stands still without burning a core.
  if (order === 'block') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
server.listen({ port, backlog }, () => ready());
