// A server that reads the end of the stream and never ends its own side: half_open_server.js PORT
const net = require('node:net');
const { ready, orders } = require('./said.js');

const sockets = new Set();
const server = net.createServer({ allowHalfOpen: true, backlog: 1024 }, (socket) => {
  sockets.add(socket);
  socket.on('error', () => {}).resume();
});
orders();
server.listen(Number(process.argv[2]), () => ready());
