// Answers each request after DELAY_MS and obeys on stdin: `block MS` stands still for so long, as a big JSON.parse does.
// http_app.js PORT DELAY_MS drops|drains [SETTING=VALUE …], the settings being those of http.Server
const http = require('node:http');
const { ready, orders } = require('./said.js');

const [port, delay, end, ...settings] = process.argv.slice(2);
const of = (name) => settings.map((s) => s.split('=')).filter(([n]) => n === name).map(([, v]) => Number(v))[0];
const interval = of('connectionsCheckingInterval');
let ending = false;
let open = 0;
const leave = () => ending && open === 0 && process.exit(0);
const server = http.createServer(interval ? { connectionsCheckingInterval: interval } : {}, (request, response) => {
  open += 1;
  response.on('close', () => {
    open -= 1;
    leave();
  });
  setTimeout(() => {
    if (ending) response.setHeader('Connection', 'close');
    response.end('row\n');
  }, Number(delay));
});
for (const setting of settings) {
  const [name, value] = setting.split('=');
  if (name in server) server[name] = Number(value);
}
process.on('SIGTERM', () => {
  if (end === 'drops') process.exit(0);
  // Whoever sends requests here has been told elsewhere: what comes now is the last.
  ending = true;
  server.close();
  server.closeIdleConnections();
  leave();
});
orders((line) => {
  const [order, ms] = line.split(' ');
  if (order === 'block') for (const until = Date.now() + Number(ms); Date.now() < until; );
  ready();
});
server.listen({ port: Number(port), backlog: 1024 }, () => ready());
