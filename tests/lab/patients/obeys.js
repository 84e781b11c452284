// A server, with a handler for SIGTERM when told so: obeys.js yes|no [PORT]
const http = require('node:http');
const { orders, ready } = require('./said.js');

const server = http.createServer((request, response) => response.end('well\n'));
if (process.argv[2] === 'yes') {
  process.on('SIGTERM', () => server.close(() => process.exit(0)));
}
server.listen(Number(process.argv[3] ?? 3000), () => ready());
orders();
