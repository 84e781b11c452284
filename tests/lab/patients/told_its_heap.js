// A service in Node.js that was told how big its heap may become: told_its_heap.js line|environment MIB
const { spawn } = require('node:child_process');
const { ready, orders } = require('./said.js');

const [where, mib] = process.argv.slice(2);
const flag = `--max-old-space-size=${mib}`;
const service = spawn(
  process.execPath,
  [...(where === 'line' ? [flag] : []), '-e', 'console.log("up"); setInterval(() => {}, 1000)'],
  { env: { ...process.env, ...(where === 'environment' && { NODE_OPTIONS: flag }) }, stdio: ['ignore', 'pipe', 'inherit'] },
);
orders();
service.stdout.once('data', () => ready({ pid: service.pid }));
