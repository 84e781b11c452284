// Answers each request after DELAY_MS, and keeps the connection: slow_server.js PORT DELAY_MS
const http = require('node:http');
const { ready, orders } = require('./said.js');

const [port, delay] = process.argv.slice(2).map(Number);
const server = http.createServer((_, response) => setTimeout(() => response.end('row\n'), delay));
server.keepAliveTimeout = 600_000;
orders();
server.listen({ port, backlog: 1024 }, () => ready());
