// An HTTP client that looks at the status and forgets the body: drops_bodies.js ADDRESS PORT COUNT
const http = require('node:http');
const { ready, orders } = require('./said.js');

const [host, port, count] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const kept = [];
orders();
for (let i = 0; i < count; i += 1) {
  http.get({ host, port, path: '/body', agent: false }, (response) => {
    kept.push(response);
    if (kept.length === count) ready({ responses: count });
  });
}
