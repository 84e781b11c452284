// A service that ends in its own way when it is told to: `ends.js PORT WAY`.
//   deaf    no handler: dies of the signal, or as PID 1 drops it
//   closes  server.close() and then the exit: requests in flight are answered, new connections are refused at once
//   drains  goes on accepting for LATE_MS, says Connection: close, then closes and exits
//   waits   has a handler that never comes to its end
//   fails   exits with 3
const http = require('http');
const [port, way] = [Number(process.argv[2]), process.argv[3]];
const late = Number(process.env.LATE_MS || 2500);
const delay = Number(process.env.DELAY_MS || 20);
let ending = false;

const server = http.createServer((request, response) => {
  // The body is read to its end, however slowly it comes.
  request.resume().on('end', () => setTimeout(() => {
    if (ending) response.setHeader('Connection', 'close');
    response.end('x'.repeat(2000));
  }, delay));
});
server.keepAliveTimeout = 60000;

const exit = (code) => server.close(() => process.exit(code));
const ways = {
  deaf: null,
  closes: () => exit(0),
  drains: () => {
    ending = true;
    setTimeout(() => {
      exit(0);
      setInterval(() => server.closeIdleConnections(), 20);
    }, late);
  },
  waits: () => {},
  fails: () => process.exit(3),
};
if (ways[way]) process.on('SIGTERM', ways[way]);
server.listen(port, '127.0.0.1');
