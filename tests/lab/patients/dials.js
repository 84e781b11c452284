// Dials COUNT times and waits for an answer: dials.js ADDRESS PORT COUNT
const net = require('node:net');
const { ready, orders } = require('./said.js');

const [host, port, count] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
orders();
for (let i = 0; i < count; i += 1) net.connect({ host, port }).on('error', () => {});
setImmediate(() => ready({ dialled: count }));
