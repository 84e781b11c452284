//! Asks every file system how full it is, with a deadline for each and one for all.

use super::groups::{Group, groups};
use crate::{
    areas::disk::{
        facts::{Answer, Device, Inodes, Kind, Mounts, Space},
        kinds,
    },
    model::{Gaps, Kept, Seen, Untrusted, Why},
    source::{
        Moment,
        child::{No, Statvfs},
        mounts::{Mount, Table},
    },
};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

/// A question is late after so much; the last look asks once more who was late in the first.
const PATIENCE: Duration = Duration::from_millis(250);
/// The same when it is asked for the first time in the last look: nobody will ask again.
const ONLY: Duration = Duration::from_millis(400);
/// All that late answers may cost a look. A window ends at most a second late.
const FIRST_ALL: Duration = Duration::from_millis(500);
const LAST_ALL: Duration = Duration::from_millis(800);
/// So many names of one file system are tried.
const NAMES: usize = 3;

/// What the mounts answered, over all looks.
#[derive(Default)]
pub(super) struct Asked {
    /// Mounts that were late, by number.
    late: HashMap<u64, Late>,
    devices: Vec<Device>,
    /// For each mount in the table, by number, its device.
    device_of: HashMap<u64, usize>,
    /// The same by major and minor number.
    by_number: HashMap<(u32, u32), usize>,
    /// Paths below which nothing answers.
    hung: Vec<Vec<u8>>,
}

#[derive(Clone, Copy, Default)]
struct Late {
    waited: Duration,
    asked: u32,
    /// It is not asked any more.
    given_up: bool,
}

/// One file system that was asked.
struct Reply {
    group: Group,
    /// The mount it was asked through.
    mount: usize,
    answer: Answer,
    raw: Option<Statvfs>,
}

impl Asked {
    /// The device of a mount, by the mount's number or else the device's.
    pub fn find(&self, mount_id: Option<u64>, number: (u32, u32)) -> Option<usize> {
        mount_id.and_then(|id| self.device_of.get(&id)).or_else(|| self.by_number.get(&number)).copied()
    }
    /// One of them.
    pub fn device(&self, index: usize) -> Option<&Device> {
        self.devices.get(index)
    }
    /// The path leads below a mount that does not answer.
    pub fn hangs(&self, path: &[u8]) -> bool {
        self.hung.iter().any(|h| path.strip_prefix(&h[..]).is_some_and(|rest| rest.starts_with(b"/")))
    }

    /// Asks every file system of the table.
    pub fn look(&mut self, m: &Moment, table: &Table, gaps: &mut Gaps) {
        // What we start here must not be in the list of the patient's processes.
        m.processes();
        let mut budget = if m.last() { LAST_ALL } else { FIRST_ALL }.min(m.left());
        let replies: Vec<Reply> =
            groups(table).into_iter().map(|g| self.ask_group(m, table, g, &mut budget)).collect();
        say(table, &replies, gaps);
        self.put_together(table, replies);
    }

    fn ask_group(&mut self, m: &Moment, table: &Table, group: Group, budget: &mut Duration) -> Reply {
        let mut last = (group.mounts[0], Answer::Unknown { why: Why::Unsupported });
        if !m.world.procfs {
            return Reply { group, mount: last.0, answer: last.1, raw: None };
        }
        for i in group.mounts.iter().copied().take(NAMES) {
            match self.ask(m, table, &table.mounts[i], budget) {
                Ok((answer, raw)) => return Reply { group, mount: i, answer, raw: Some(raw) },
                Err(answer) => {
                    last = (i, answer);
                    // Another name is no help when whoever answers for it does not.
                    if !matches!(answer, Answer::Unknown { why: Why::Denied | Why::Absent }) {
                        break;
                    }
                }
            }
        }
        Reply { group, mount: last.0, answer: last.1, raw: None }
    }

    fn ask(
        &mut self,
        m: &Moment,
        table: &Table,
        mount: &Mount,
        budget: &mut Duration,
    ) -> Result<(Answer, Statvfs), Answer> {
        let before = self.late.get(&mount.id).copied().unwrap_or_default();
        let waited_ms = |l: Late| u64::try_from(l.waited.as_millis()).unwrap_or(u64::MAX);
        if before.given_up {
            return Err(Answer::Hung { waited_ms: waited_ms(before), asked: before.asked });
        }
        let patience = if m.last() && before.asked == 0 { ONLY } else { PATIENCE }.min(*budget);
        if patience < PATIENCE / 5 {
            return Err(Answer::Unknown { why: Why::TimedOut });
        }
        match m.world.ask().statvfs(&table.path(mount), patience) {
            // Something was mounted there meanwhile.
            Ok(s) if s.mount_id.is_some_and(|id| id != mount.id) => Err(Answer::Unknown { why: Why::Absent }),
            Ok(s) if before.asked > 0 => Ok((Answer::Slow { waited_ms: waited_ms(before) }, s)),
            Ok(s) => Ok((Answer::Given, s)),
            Err(No::Late(waited)) => {
                *budget = budget.saturating_sub(waited);
                if !m.world.ask().answers(PATIENCE) {
                    return Err(Answer::Unknown { why: Why::TimedOut });
                }
                // Cut short by the others it was not given its time: late, but that proves nothing.
                let enough = patience >= PATIENCE;
                let late = Late {
                    waited: before.waited + waited,
                    asked: before.asked + 1,
                    given_up: m.last() && enough,
                };
                self.late.insert(mount.id, late);
                if enough && m.last() {
                    Err(Answer::Hung { waited_ms: waited_ms(late), asked: late.asked })
                } else {
                    Err(Answer::Unknown { why: Why::TimedOut })
                }
            }
            Err(No::Error(errno)) if is_dead(errno) => Err(Answer::Dead { errno }),
            Err(no) => Err(Answer::Unknown { why: no.into() }),
        }
    }

    /// Layers of containers answer with the numbers of the disk below them: one full disk is one finding.
    fn put_together(&mut self, table: &Table, replies: Vec<Reply>) {
        self.devices.clear();
        self.device_of.clear();
        self.by_number.clear();
        self.hung.clear();
        let (layers, disks): (Vec<_>, Vec<_>) =
            replies.into_iter().partition(|r| matches!(r.group.kind, Kind::Layer | Kind::WritableLayer));
        let mut raws: Vec<Option<Statvfs>> = Vec::new();
        for reply in disks.into_iter().chain(layers) {
            let is_layer = matches!(reply.group.kind, Kind::Layer | Kind::WritableLayer);
            let below = reply
                .raw
                .filter(|_| is_layer)
                .and_then(|raw| raws.iter().position(|other| other.is_some_and(|other| same(&raw, &other))));
            let index = below.unwrap_or(self.devices.len());
            for i in &reply.group.mounts {
                let m = &table.mounts[*i];
                self.device_of.insert(m.id, index);
                self.by_number.entry(m.device).or_insert(index);
                if matches!(reply.answer, Answer::Hung { .. }) {
                    self.hung.push(m.point.clone());
                }
            }
            let device = device(table, &reply);
            match self.devices.get_mut(index) {
                Some(known) => join(known, device),
                None => {
                    self.devices.push(device);
                    raws.push(reply.raw);
                }
            }
        }
    }

    /// The devices, those that are worst first.
    pub fn facts(&self, most: usize) -> Mounts {
        let mut order: Vec<&Device> = self.devices.iter().collect();
        order.sort_by(|a, b| {
            let loud = |d: &Device| {
                let down = matches!(d.answer, Answer::Hung { .. } | Answer::Dead { .. });
                (down, d.refused.is_some())
            };
            let full = |d: &Device| worst_pct(d).unwrap_or(-1.0);
            loud(b)
                .cmp(&loud(a))
                .then(full(b).total_cmp(&full(a)))
                .then(a.mount.as_str().cmp(b.mount.as_str()))
        });
        let (mut others, mut others_unseen) = (0, BTreeMap::new());
        for d in order.iter().skip(most) {
            match d.answer {
                Answer::Unknown { why } => *others_unseen.entry(why).or_default() += 1,
                _ => others += 1,
            }
        }
        let rows = order.iter().take(most).map(|d| (*d).clone()).collect();
        Mounts { devices: Kept::worst(order.len() as u64, rows), others, others_unseen }
    }
}

/// The larger share of space and inodes.
fn worst_pct(d: &Device) -> Option<f64> {
    let space = d.space.drawn()?;
    let inodes = space.inodes.map(Inodes::used_pct);
    space.used_pct.into_iter().chain(inodes).max_by(f64::total_cmp)
}

fn device(table: &Table, reply: &Reply) -> Device {
    let m = &table.mounts[reply.mount];
    let space = match (reply.raw, reply.answer) {
        (Some(raw), _) => space(&raw),
        (None, Answer::Unknown { why }) => Err(why),
        (None, _) => Err(Why::TimedOut),
    };
    Device {
        mount: Untrusted::from_bytes(&m.point),
        others: reply.group.mounts.len() as u64 - 1,
        kind: reply.group.kind,
        filesystem: Untrusted::from_bytes(&m.filesystem),
        source: Untrusted::from_bytes(&kinds::without_login(&m.source)),
        device: format!("{}:{}", m.device.0, m.device.1),
        writable: reply.group.writable,
        refused: reply.group.refused.clone(),
        answer: reply.answer,
        space: space.into(),
    }
}

/// A layer and the disk it lies on become one, under the better of the two names.
fn join(known: &mut Device, layer: Device) {
    let name = |d: &Device| {
        let path = d.mount.as_str().as_bytes();
        (kinds::is_single_file(path), path.len())
    };
    if name(&layer) < name(known) {
        known.mount = layer.mount;
        known.kind = layer.kind;
        known.filesystem = layer.filesystem;
    }
    known.others += layer.others + 1;
    known.writable |= layer.writable;
    known.refused = known.refused.take().or(layer.refused);
}

/// Two answers that are one file system's: its size to the byte, and what is free but for what was written meanwhile.
fn same(a: &Statvfs, b: &Statvfs) -> bool {
    let bytes = |s: &Statvfs, n: u64| u128::from(s.block) * u128::from(n);
    let (size, free) = (bytes(a, a.blocks), bytes(a, a.free));
    size > 0
        && size == bytes(b, b.blocks)
        && a.files == b.files
        && free.abs_diff(bytes(b, b.free)) <= size / 100
}

/// What the numbers of `statvfs` mean, as `df` has it.
fn space(s: &Statvfs) -> Seen<Space> {
    let bytes = |blocks: u64| s.block.saturating_mul(blocks);
    if s.free > s.blocks {
        return Err(Why::Malformed);
    }
    // What root alone may use is neither used nor left; some report less than nothing as a huge number.
    let avail = if s.avail > s.blocks { 0 } else { s.avail.min(s.free) };
    let used = s.blocks - s.free;
    let reach = used as f64 + avail as f64;
    let used_pct = (reach > 0.0).then(|| used as f64 * 100.0 / reach);
    // Without a limit of inodes (btrfs, vfat) there are none; servers that do not know say nonsense.
    let inodes = (s.files > 0 && s.ffree <= s.files && s.files < 1 << 60)
        .then(|| Inodes { total: s.files, used: s.files - s.ffree });
    Ok(Space {
        size_bytes: bytes(s.blocks),
        used_bytes: bytes(used),
        avail_bytes: bytes(avail),
        used_pct,
        inodes,
    })
}

/// Errors of a file system whose server or process is gone.
fn is_dead(errno: i32) -> bool {
    const EIO: i32 = 5;
    const ETIMEDOUT: i32 = 110;
    const EHOSTDOWN: i32 = 112;
    const EHOSTUNREACH: i32 = 113;
    const ENOTCONN: i32 = 107;
    const ESTALE: i32 = 116;
    matches!(errno, EIO | ETIMEDOUT | EHOSTDOWN | EHOSTUNREACH | ENOTCONN | ESTALE)
}

/// What was not seen of the mounts.
fn say(table: &Table, replies: &[Reply], gaps: &mut Gaps) {
    const SIZES: &str = "sizes of file systems";
    if table.cut {
        gaps.add(Why::TooMany, "mount table", "only its first megabyte was read");
    }
    gaps.add_many(Why::Malformed, "lines of the mount table", table.malformed, "mountinfo");
    for r in replies {
        if let Answer::Unknown { why } = r.answer {
            let m = &table.mounts[r.mount];
            let point = Untrusted::from_bytes(&m.point);
            gaps.add(why, SIZES, format!("{point} ({})", Untrusted::from_bytes(&m.filesystem)));
            if why == Why::Denied {
                gaps.remedy(why, SIZES, "sudo paramedic disk");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISK: Statvfs = Statvfs {
        block: 4096,
        blocks: 1000,
        free: 100,
        avail: 50,
        files: 200,
        ffree: 20,
        flags: 0,
        fsid: 0,
        mount_id: None,
    };

    #[test]
    fn used_is_what_a_user_without_rights_sees() {
        let s = space(&DISK).unwrap();
        assert_eq!((s.size_bytes, s.used_bytes, s.avail_bytes), (4_096_000, 900 * 4096, 50 * 4096));
        assert!((s.used_pct.unwrap() - 94.7).abs() < 0.1, "{s:?}");
        assert_eq!(s.inodes, Some(Inodes { total: 200, used: 180 }));
    }

    #[test]
    fn no_size_no_limit_and_nonsense_are_three_things() {
        let empty = Statvfs { blocks: 0, free: 0, avail: 0, files: 0, ffree: 0, ..DISK };
        let s = space(&empty).unwrap();
        assert_eq!((s.used_pct, s.inodes), (None, None));
        assert_eq!(space(&Statvfs { free: 1001, ..DISK }), Err(Why::Malformed));
        let overdrawn = space(&Statvfs { avail: u64::MAX - 3, ..DISK }).unwrap();
        assert_eq!((overdrawn.avail_bytes, overdrawn.used_pct), (0, Some(100.0)));
        assert_eq!(space(&Statvfs { ffree: 201, ..DISK }).unwrap().inodes, None);
        let huge = space(&Statvfs { block: u64::MAX, ..DISK }).unwrap();
        assert_eq!(huge.size_bytes, u64::MAX);
    }

    fn reply(table: &Table, index: usize, raw: Option<Statvfs>, answer: Answer) -> Reply {
        let group = groups(table).into_iter().find(|g| g.mounts[0] == index).unwrap();
        Reply { group, mount: index, answer, raw }
    }

    #[test]
    fn a_layer_and_its_disk_are_one_under_the_better_name() {
        let node = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:50 / /var/lib/c/merged rw - overlay overlay rw,upperdir=/u\n\
                    3 1 0:51 / /var/lib/d/merged rw - overlay overlay rw,upperdir=/u\n4 1 8:2 / /data rw - ext4 /dev/sdb rw\n";
        let table = Table::parse(node.as_bytes());
        let written = Statvfs { free: 99, ..DISK };
        let other = Statvfs { files: 300, ..DISK };
        let given = Answer::Given;
        let replies = vec![
            reply(&table, 0, Some(DISK), given),
            reply(&table, 1, Some(written), given),
            reply(&table, 2, Some(written), given),
            reply(&table, 3, Some(other), given),
        ];
        let mut asked = Asked::default();
        asked.put_together(&table, replies);
        let rows: Vec<_> = asked.devices.iter().map(|d| (d.mount.as_str(), d.others, d.kind)).collect();
        assert_eq!(rows, [("/", 2, Kind::Disk), ("/data", 0, Kind::Disk)]);
        assert_eq!((asked.find(Some(3), (9, 9)), asked.find(None, (8, 2))), (Some(0), Some(1)));

        let pod = "1 0 0:50 / / rw - overlay overlay rw,upperdir=/u\n2 1 8:1 /h /etc/hosts rw - ext4 /dev/sda1 rw\n";
        let table = Table::parse(pod.as_bytes());
        let replies = vec![reply(&table, 0, Some(DISK), given), reply(&table, 1, Some(DISK), given)];
        asked.put_together(&table, replies);
        let d = &asked.devices[0];
        assert_eq!(
            (d.mount.as_str(), d.kind, d.others, d.source.as_str()),
            ("/", Kind::WritableLayer, 1, "/dev/sda1")
        );
        assert_eq!((asked.devices.len(), d.device.as_str()), (1, "8:1"));
    }

    #[test]
    fn what_does_not_answer_comes_first_and_rows_left_out_are_counted() {
        let text = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:50 / /dead rw - nfs4 s:/x rw\n3 1 8:2 / /full rw - ext4 /dev/sdb rw\n\
                    4 1 8:3 / /late rw - ext4 /dev/sdc rw\n";
        let table = Table::parse(text.as_bytes());
        let mut asked = Asked::default();
        asked.put_together(
            &table,
            vec![
                reply(&table, 0, Some(DISK), Answer::Given),
                reply(&table, 1, None, Answer::Hung { waited_ms: 500, asked: 2 }),
                reply(&table, 2, Some(Statvfs { free: 1, avail: 1, ..DISK }), Answer::Given),
                reply(&table, 3, None, Answer::Unknown { why: Why::TimedOut }),
            ],
        );
        let facts = asked.facts(2);
        let names: Vec<_> = facts.devices.top().iter().map(|d| d.mount.as_str()).collect();
        assert_eq!((names, facts.devices.total()), (vec!["/dead", "/full"], 4));
        assert_eq!((facts.others, facts.others_unseen), (1, BTreeMap::from([(Why::TimedOut, 1)])));
        assert!(asked.hangs(b"/dead/log") && !asked.hangs(b"/deadly/log") && !asked.hangs(b"/dead"));
    }

    #[test]
    fn a_server_that_is_gone_is_dead_and_a_right_that_is_missing_is_not() {
        assert!([107, 116, 5].into_iter().all(is_dead));
        assert!(![13, 1, 2].into_iter().any(is_dead));
    }
}
