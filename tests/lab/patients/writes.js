// A server that writes BYTES to each client, whether it reads or not: writes.js PORT BYTES
const net = require('node:net');
const { ready, orders } = require('./said.js');

const [port, bytes] = process.argv.slice(2).map(Number);
const server = net.createServer((socket) => {
  socket.on('error', () => {}).write(Buffer.alloc(bytes, 'x'));
});
orders();
server.listen({ port }, () => ready());
