// A server that reads what it gets and answers nothing: reads.js PORT
const net = require('node:net');
const { ready, orders } = require('./said.js');

const server = net.createServer((socket) => socket.on('error', () => {}).resume());
orders();
server.listen({ port: Number(process.argv[2]), backlog: 1024 }, () => ready());
