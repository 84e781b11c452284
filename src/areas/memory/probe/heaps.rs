//! What the biggest processes with a limit were told about their heaps. Argument lists and environments are asked for
//! through the child that may hang; numbers are taken out of them and nothing else is kept.

use super::{
    super::{
        facts::{Bound, Heap, Heaps},
        heap::{self, Most, Settings},
    },
    Memory, Moment,
    survey::Survey,
};
use crate::{
    model::{Arrange, Seen, Setting, Why},
    source::proc::{Process, argv},
};
use std::{cmp::Reverse, time::Duration};

/// So many processes are asked: two reads each, through another process.
const ASKED: usize = 8;
/// A heap below this is nobody's.
const LEAST: u64 = 16 << 20;
/// How long one answer may take.
const PATIENCE: Duration = Duration::from_millis(200);

impl Memory {
    pub(super) fn heaps(&self, m: &Moment, survey: &Survey) -> Heaps {
        let table = m.processes();
        let mut order: Vec<usize> =
            self.meant(m).into_iter().filter(|i| table[*i].rss_bytes >= LEAST).collect();
        order.arrange_by_key(|i| Reverse(table[*i].rss_bytes));
        let mut out = Heaps::default();
        let mut asked = 0;
        for i in order {
            let Some(Ok(at)) = survey.kin.of.get(i) else { continue };
            let Ok(Some((bytes, path))) = survey.binding(*at as usize) else { continue };
            if asked == ASKED {
                break;
            }
            asked += 1;
            let p = &table[i];
            match if m.left().is_zero() { Err(Why::TimedOut) } else { told(m, p) } {
                Ok(None) => out.untold += 1,
                // It has ended since: there is no heap any more.
                Err(Why::Absent) => {}
                Err(why) => *out.unseen.entry(why).or_default() += 1,
                Ok(Some((setting, most))) => out.told.push(Heap {
                    process: m.name(p),
                    group: survey.tree.groups[*at as usize].path.clone(),
                    setting: setting.into(),
                    bytes: match most {
                        Most::Bytes(n) => n,
                        Most::Pct(share) => (bytes as f64 * share / 100.0) as u64,
                    },
                    limit: Bound { bytes, path },
                }),
            }
        }
        out
    }
}

fn told(m: &Moment, p: &Process) -> Seen<Option<heap::Found>> {
    let patience = PATIENCE.min(m.left());
    let line = argv::argv(m.world, p.pid, patience)?;
    let args: Vec<&[u8]> = line.args().collect();
    let environ = argv::environ(m.world, p.pid, patience);
    let value = |of| environ.as_ref().ok().and_then(|e| e.value(of));
    let settings = Settings {
        go: value(Setting::GoMemLimit),
        node: value(Setting::NodeOptions),
        java: [Setting::JavaToolOptions, Setting::JdkJavaOptions, Setting::JavaOptions].map(value),
    };
    match (heap::told(&args, &settings), environ.err()) {
        // What was not seen may say something.
        (None, Some(why)) => Err(why),
        (found, _) => Ok(found),
    }
}
