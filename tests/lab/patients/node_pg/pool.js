// An application with one pool of node-postgres: node_pg/pool.js HOST USER DATABASE NAME SIZE
//
// SIZE workers ask for a row over and over, each time with a connection of the pool. Orders:
//   reports COUNT   so many slow reports come in between; answered when so many connections run one
const { Pool } = require('pg');
const { ready, orders } = require('../said.js');

const [host, user, database, application_name, size] = process.argv.slice(2);
const pool = new Pool({ host, user, database, application_name, max: Number(size) });
let answered = 0;
let reports = 0;

const tell = () => ready({ answered, reports, total: pool.totalCount, waiting: pool.waitingCount });
// The lab ends servers under their clients.
const over = (error) => console.error(error.message);
pool.on('error', over);

const ask = async (id) => {
  for (;;) {
    await pool.query('select note from orders where id = $1', [id]);
    answered += 1;
  }
};

const report = async (seconds) => {
  const client = await pool.connect();
  reports += 1;
  await client.query('select count(*), pg_sleep($1) from orders', [seconds]);
  client.release();
};

const until = (holds, then) => (holds() ? then() : setTimeout(until, 10, holds, then));

for (let i = 0; i < Number(size); i += 1) ask(1 + (i % 2)).catch(over);
until(() => pool.totalCount === Number(size) && answered > 100, tell);

orders((line) => {
  const count = Number(line.split(' ')[1]);
  for (let i = 0; i < count; i += 1) report(600).catch(over);
  const before = answered;
  // Those of the pool that are left serve the workers in turn.
  until(() => reports === count && answered > before + 100, tell);
});
