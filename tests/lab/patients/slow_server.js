// Answers each request after DELAY_MS, but a greeting at once, and keeps the connection:
// slow_server.js PORT DELAY_MS
const http = require('node:http');
const { ready, orders } = require('./said.js');

const [port, delay] = process.argv.slice(2).map(Number);
const server = http.createServer((request, response) => {
  setTimeout(() => response.end('row\n'), request.url === '/hello' ? 0 : delay);
});
server.keepAliveTimeout = 600_000;
orders();
server.listen({ port, backlog: 1024 }, () => ready());
