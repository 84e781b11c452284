// A pool of SIZE connections that each asked once and are idle since: idle_pool.js ADDRESS PORT SIZE
// MODE, where MODE is `keepalive` (TCP keepalive is armed) or `plain`.
const net = require('node:net');
const { ready, orders } = require('./said.js');

const [host, port, size, mode] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4]), process.argv[5]];
let answered = 0;
orders();
for (let i = 0; i < size; i += 1) {
  const socket = net.connect({ host, port, keepAlive: mode === 'keepalive', keepAliveInitialDelay: 30_000 });
  socket.on('error', (error) => { throw error; });
  socket.on('connect', () => socket.write('GET / HTTP/1.1\r\nHost: pool\r\n\r\n'));
  socket.once('data', () => {
    answered += 1;
    if (answered === size) ready({ connections: size });
  });
}
