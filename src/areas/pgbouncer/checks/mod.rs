//! The checks of `pgbouncer`: a file each, and here what several of them say alike.

mod clients_near_limit;
mod clients_waiting;
mod login_failures;
mod maxwait;
mod pool_mode;
mod pool_over_server;

use super::facts::{Console, Facts, Pool, Seats};
use crate::model::{Check, Finding, Judging, Thing, What, Why};

/// Every check, in the order in which reports name them.
pub(super) const CHECKS: &[Check<Facts>] = &[
    login_failures::CHECK,
    clients_waiting::CHECK,
    maxwait::CHECK,
    clients_near_limit::CHECK,
    pool_over_server::CHECK,
    pool_mode::CHECK,
];

/// What stands for all of it when nobody got in.
const UNASKED: &str = "the console was not asked";

/// The console and its pools, if they were seen. Pools beyond those that are kept count as unseen.
fn pools<'f>(f: &'f Facts, out: &mut Judging) -> Option<(&'f Console, &'f [Pool])> {
    let console = out.part(&f.console, UNASKED)?;
    let pools = out.part(&f.pools, "its pools could not be read")?;
    out.unseen(pools.total() - pools.top().len() as u64, Why::TooMany);
    Some((console, pools.top()))
}

/// Both looks at a pool; a look that was not had is a hole.
fn looks<'f>(pool: &'f Pool, out: &mut Judging) -> Option<[&'f Seats; 2]> {
    Some([out.see(&pool.before)?, &pool.now])
}

/// The pool as what findings are about.
fn named(console: &Console, pool: &Pool) -> Thing {
    Thing::Named { what: What::Pool, server: console.address.clone(), name: pool.name() }
}

/// Ties a finding to the pooler and to the servers behind the pool: causes there are found by their address.
fn tied(mut finding: Finding, console: &Console, pool: &Pool) -> Finding {
    finding = finding.about(Thing::Peer { address: console.address.clone() });
    for address in &pool.servers {
        finding = finding.about(Thing::Peer { address: address.clone() });
    }
    finding
}

/// `1 client waits`, `3 clients wait`.
fn wait(n: u64) -> String {
    if n == 1 { "1 client waits".into() } else { format!("{n} clients wait") }
}

/// No server connection is up, none is allowed to be missing, and somebody waits: at this look.
fn starved(pool: &Pool, look: &Seats) -> bool {
    pool.stop.is_none() && look.cl_waiting > 0 && look.up() == 0
}

/// Every server connection that is up serves a client, there are fewer than there may be, and somebody waits all the same.
/// The reserve does not count: it is opened only for those that wait long.
fn stunted(pool: &Pool, look: &Seats) -> bool {
    let may_grow = pool.size.is_some_and(|size| look.servers() < size);
    pool.stop.is_none() && look.cl_waiting > 0 && look.up() > 0 && look.sv_active == look.up() && may_grow
}

#[cfg(test)]
pub(super) mod recorded;
