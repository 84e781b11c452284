//! File systems out of what they answered: layers joined with the disk they lie on, the worst first.

use super::space::Reply;
use crate::{
    areas::disk::{
        facts::{Answer, Device, Inodes, Kind, Mounts, Space},
        kinds,
    },
    model::{Arrange, Kept, Seen, Untrusted, Why},
    source::{child::Statvfs, mounts::Table},
};
use std::collections::{BTreeMap, HashMap};

/// The file systems of a table, each once.
#[derive(Default)]
pub(super) struct Devices {
    list: Vec<Device>,
    /// For each mount in the table, by number, its device.
    by_mount: HashMap<u64, usize>,
    /// The same by major and minor number.
    by_number: HashMap<(u32, u32), usize>,
    /// Paths below which nothing answers.
    hung: Vec<Vec<u8>>,
}

impl Devices {
    /// Layers of containers answer with the numbers of the disk below them: one full disk is one finding.
    pub fn new(table: &Table, replies: Vec<Reply>) -> Self {
        let mut out = Self::default();
        let (layers, disks): (Vec<_>, Vec<_>) =
            replies.into_iter().partition(|r| matches!(r.group.kind, Kind::Layer | Kind::WritableLayer));
        let mut raws: Vec<Option<Statvfs>> = Vec::new();
        for reply in disks.into_iter().chain(layers) {
            let is_layer = matches!(reply.group.kind, Kind::Layer | Kind::WritableLayer);
            let below = reply
                .raw
                .filter(|_| is_layer)
                .and_then(|raw| raws.iter().position(|other| other.is_some_and(|other| same(&raw, &other))));
            let index = below.unwrap_or(out.list.len());
            for i in &reply.group.mounts {
                let m = &table.mounts[*i];
                out.by_mount.insert(m.id, index);
                out.by_number.entry(m.device).or_insert(index);
                if matches!(reply.answer, Answer::Hung { .. }) {
                    out.hung.push(m.point.clone());
                }
            }
            let device = device(table, &reply);
            match out.list.get_mut(index) {
                Some(known) => join(known, device),
                None => {
                    out.list.push(device);
                    raws.push(reply.raw);
                }
            }
        }
        out
    }

    /// The device of a mount, by the mount's number or else the device's.
    pub fn find(&self, mount_id: Option<u64>, number: (u32, u32)) -> Option<usize> {
        mount_id.and_then(|id| self.by_mount.get(&id)).or_else(|| self.by_number.get(&number)).copied()
    }
    /// One of them.
    pub fn device(&self, index: usize) -> Option<&Device> {
        self.list.get(index)
    }
    /// The path leads below a mount that does not answer.
    pub fn hangs(&self, path: &[u8]) -> bool {
        self.hung.iter().any(|h| path.strip_prefix(&h[..]).is_some_and(|rest| rest.starts_with(b"/")))
    }

    /// The devices, those that are worst first.
    pub fn facts(&self, most: usize) -> Mounts {
        let mut order: Vec<&Device> = self.list.iter().collect();
        order.arrange_by(|a, b| {
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

#[cfg(test)]
mod tests {
    use super::{super::groups::groups, *};

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
        let asked = Devices::new(&table, replies);
        let rows: Vec<_> = asked.list.iter().map(|d| (d.mount.as_str(), d.others, d.kind)).collect();
        assert_eq!(rows, [("/", 2, Kind::Disk), ("/data", 0, Kind::Disk)]);
        assert_eq!((asked.find(Some(3), (9, 9)), asked.find(None, (8, 2))), (Some(0), Some(1)));

        let pod = "1 0 0:50 / / rw - overlay overlay rw,upperdir=/u\n2 1 8:1 /h /etc/hosts rw - ext4 /dev/sda1 rw\n";
        let table = Table::parse(pod.as_bytes());
        let replies = vec![reply(&table, 0, Some(DISK), given), reply(&table, 1, Some(DISK), given)];
        let asked = Devices::new(&table, replies);
        let d = &asked.list[0];
        assert_eq!(
            (d.mount.as_str(), d.kind, d.others, d.source.as_str()),
            ("/", Kind::WritableLayer, 1, "/dev/sda1")
        );
        assert_eq!((asked.list.len(), d.device.as_str()), (1, "8:1"));
    }

    #[test]
    fn what_does_not_answer_comes_first_and_rows_left_out_are_counted() {
        let text = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:50 / /dead rw - nfs4 s:/x rw\n3 1 8:2 / /full rw - ext4 /dev/sdb rw\n\
                    4 1 8:3 / /late rw - ext4 /dev/sdc rw\n";
        let table = Table::parse(text.as_bytes());
        let asked = Devices::new(
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
}
