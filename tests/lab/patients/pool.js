// A connection pool of SIZE with a queue behind it. Each connection is greeted first, as by a login;
// from then on each answer is followed by the next request: pool.js ADDRESS PORT SIZE QUEUE
const http = require('node:http');
const { ready, orders } = require('./said.js');

const [host, port, size, queue] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const agent = new http.Agent({ keepAlive: true, maxSockets: size });
let answered = 0;

const ask = (path, then) => http.get({ host, port, path, agent }, (response) => {
  response.resume().on('end', then);
});
const query = () => ask('/', () => { answered += 1; query(); });
const count = (lists) => Object.values(lists).flat().length;

const start = () => {
  for (let i = 0; i < size + queue; i += 1) query();
  setImmediate(() => ready({ connections: count(agent.sockets), queued: count(agent.requests), answered }));
};

let greeted = 0;
orders();
for (let i = 0; i < size; i += 1) {
  // A moment later the answered connection is back in the pool.
  ask('/hello', () => { greeted += 1; if (greeted === size) setTimeout(start, 20); });
}
