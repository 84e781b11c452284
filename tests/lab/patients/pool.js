// A connection pool of SIZE with a queue behind it; each answer is followed by the next request:
// pool.js ADDRESS PORT SIZE QUEUE
const http = require('node:http');
const { ready, orders } = require('./said.js');

const [host, port, size, queue] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const agent = new http.Agent({ keepAlive: true, maxSockets: size });
let answered = 0;
const ask = () => http.get({ host, port, agent }, (response) => {
  response.resume().on('end', () => { answered += 1; ask(); });
});
orders();
for (let i = 0; i < size + queue; i += 1) ask();
const whenFull = setInterval(() => {
  const open = Object.values(agent.sockets).flat();
  if (open.length < size || open.some((socket) => socket.connecting)) return;
  clearInterval(whenFull);
  ready({ connections: open.length, queued: Object.values(agent.requests).flat().length, answered });
}, 20);
