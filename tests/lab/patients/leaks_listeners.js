// A listener is added for each request and never taken off, with all that its closure holds: an EventEmitter leak.
// leaks_listeners.js KIB_PER_S: leaks at this rate, or on the order "leak KIB" only when it is 0; "stop" ends the leak.
const { EventEmitter } = require('node:events');
const { ready, orders } = require('./said.js');

const HELD = 64;
const perSecond = Number(process.argv[2]);
const bus = new EventEmitter();
bus.setMaxListeners(0);
const request = () => {
  // Filled, so that it is resident.
  const body = Buffer.alloc(HELD << 10, 1);
  bus.on('done', () => body.length);
};
const leak = (kib) => {
  for (let held = 0; held < kib; held += HELD) request();
};

let timer;
orders((line) => {
  const [order, kib] = line.split(' ');
  if (order === 'leak') leak(Number(kib));
  if (order === 'stop') clearInterval(timer);
  ready({ listeners: bus.listenerCount('done') });
});
const began = performance.now();
let leaked = 0;
if (perSecond > 0) {
  // Timers are late on a loaded machine; what is due is made up for, so that the rate holds.
  timer = setInterval(() => {
    for (; leaked < (performance.now() - began) * perSecond / 1000; leaked += HELD) request();
  }, 100);
}
ready({ listeners: 0 });
