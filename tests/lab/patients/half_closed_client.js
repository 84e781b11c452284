// Ends its side of COUNT connections and waits for a peer that never ends its own:
// half_closed_client.js ADDRESS PORT COUNT
const net = require('node:net');
const { ready, orders } = require('./said.js');

const [host, port, count] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
let ended = 0;
orders();
for (let i = 0; i < count; i += 1) {
  const socket = net.connect({ host, port, allowHalfOpen: true });
  socket.on('error', (error) => { throw error; }).resume();
  socket.on('connect', () => socket.end('that is all', () => {
    ended += 1;
    if (ended === count) ready({ ended });
  }));
}
