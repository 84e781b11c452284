//! Mounts by file system: each is asked once, under its best name.

use crate::model::Arrange;
use crate::{
    areas::disk::{
        facts::{Kind, Refused},
        kinds,
    },
    model::Untrusted,
    source::mounts::{Mount, Table},
};
use std::{cmp::Reverse, collections::HashMap};

/// The mounts of one file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub kind: Kind,
    /// Indexes into the table, the best name first; none is hidden.
    pub mounts: Vec<usize>,
    pub writable: bool,
    pub refused: Option<Refused>,
}

/// What tells file systems apart.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Device(u32, u32),
    /// All datasets of a pool share what is left.
    Pool(Vec<u8>),
}

/// Options by which a file system says that it takes no writes any more. The last two are what Linux 6.15 and later
/// says after an error instead of the first.
const REFUSE: [&str; 3] = ["ro", "emergency_ro", "shutdown"];

/// The file systems of the table that can be asked; those that may not answer come last.
pub(super) fn groups(table: &Table) -> Vec<Group> {
    let container = container(table);
    let mut at: HashMap<Key, usize> = HashMap::new();
    let mut out: Vec<Vec<usize>> = Vec::new();
    for (i, m) in table.mounts.iter().enumerate() {
        if m.hidden || kinds::is_pseudo(&m.filesystem) {
            continue;
        }
        let key = match kinds::pool(&m.filesystem, &m.source) {
            Some(pool) => Key::Pool(pool.into()),
            None => Key::Device(m.device.0, m.device.1),
        };
        let index = *at.entry(key).or_insert(out.len());
        match out.get_mut(index) {
            Some(group) => group.push(i),
            None => out.push(vec![i]),
        }
    }
    let mut groups: Vec<Group> = out.into_iter().map(|mounts| group(table, mounts, container)).collect();
    groups.arrange_by_key(|g| (kinds::may_hang(g.kind), Reverse(g.mounts.len())));
    groups
}

fn group(table: &Table, mut mounts: Vec<usize>, container: bool) -> Group {
    mounts.arrange_by_key(|i| rank(&table.mounts[*i]));
    let best = &table.mounts[mounts[0]];
    let upper = best.options.iter().any(|o| o.starts_with(b"upperdir="));
    let kind = kinds::kind(&best.filesystem, &best.point, upper, container);
    let open = mounts.iter().map(|i| &table.mounts[*i]).find(|m| !m.read_only);
    let option = REFUSE.into_iter().find(|r| best.options.iter().any(|o| o == r.as_bytes()));
    let refused = open.zip(option).filter(|_| kind != Kind::Image).map(|(m, option)| Refused {
        mount: Untrusted::from_bytes(&m.point),
        option: option.into(),
        on_errors: m.options.iter().any(|o| o == b"errors=remount-ro"),
    });
    Group { kind, writable: open.is_some() && option.is_none(), mounts, refused }
}

/// The shortest path is the best name, and one file of a disk of the node the worst.
pub(super) fn rank(m: &Mount) -> (bool, usize, &[u8]) {
    (kinds::is_single_file(&m.point), m.point.len(), &m.point)
}

/// The root of everything is the layer of a container.
fn container(table: &Table) -> bool {
    let root = table.mounts.iter().find(|m| m.point == b"/" && !m.hidden);
    root.is_some_and(|m| {
        let layered = matches!(&m.filesystem[..], b"overlay" | b"aufs" | b"fuse.fuse-overlayfs");
        // A part of a disk as root; a subvolume of btrfs is how machines start.
        layered || m.root != b"/" && m.filesystem != b"btrfs"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(String, Kind, usize, bool)> {
        let table = Table::parse(text.as_bytes());
        let name = |g: &Group| String::from_utf8_lossy(&table.mounts[g.mounts[0]].point).into_owned();
        groups(&table).iter().map(|g| (name(g), g.kind, g.mounts.len(), g.writable)).collect()
    }

    #[test]
    fn a_device_is_asked_once_under_its_shortest_name_and_those_that_may_hang_come_last() {
        let text = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:9 / /nfs rw - nfs4 s:/x rw\n3 1 0:3 / /proc rw - proc p rw\n\
                    4 1 8:1 /a /srv/a rw - ext4 /dev/sda1 rw\n5 1 8:2 / /data rw - xfs /dev/sdb rw\n6 5 0:10 / /data rw - tmpfs t rw\n";
        assert_eq!(
            of(text),
            [
                ("/".into(), Kind::Disk, 2, true),
                ("/data".into(), Kind::Tmpfs, 1, true),
                ("/nfs".into(), Kind::Network, 1, true)
            ]
        );
    }

    #[test]
    fn in_a_container_a_disk_of_the_node_is_not_named_after_one_file() {
        let text = "1 0 0:50 / / rw - overlay overlay rw,lowerdir=/l,upperdir=/u\n2 1 8:1 /x/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n\
                    3 1 8:1 /y /var/lib/data rw - ext4 /dev/sda1 rw\n";
        let got = of(text);
        assert!(got.contains(&("/".into(), Kind::WritableLayer, 1, true)), "{got:?}");
        assert!(got.contains(&("/var/lib/data".into(), Kind::Volume, 2, true)), "{got:?}");
    }

    #[test]
    fn datasets_of_one_pool_are_one() {
        let text = "1 0 0:50 / / rw - zfs tank/root rw\n2 1 0:51 / /home rw - zfs tank/home rw\n3 1 0:52 / /b rw - zfs pool2 rw\n";
        assert_eq!(of(text).len(), 2);
    }

    #[test]
    fn read_only_below_a_mount_that_allows_writing_is_no_design() {
        let refused = |text: &str| groups(&Table::parse(text.as_bytes()))[0].refused.clone();
        let failed = refused("1 0 8:1 / /data rw,relatime - ext4 /dev/sda1 ro,errors=remount-ro\n").unwrap();
        assert_eq!((failed.mount.as_str(), &failed.option[..], failed.on_errors), ("/data", "ro", true));
        let newer = refused("1 0 8:1 / /data rw - ext4 /dev/sda1 rw,emergency_ro\n").unwrap();
        assert_eq!((&newer.option[..], newer.on_errors), ("emergency_ro", false));
        for design in [
            "1 0 8:1 / /data ro - ext4 /dev/sda1 ro\n",
            "1 0 8:1 / /data ro - ext4 /dev/sda1 rw\n",
            "1 0 8:1 / /data rw - ext4 /dev/sda1 rw,errors=remount-ro\n",
            "1 0 7:1 / /snap rw - squashfs /dev/loop1 ro\n",
            "1 0 11:0 / /cd rw - iso9660 /dev/sr0 ro\n",
            "1 0 0:44 / /lower rw - overlay overlay ro,lowerdir=/a:/b\n",
        ] {
            assert_eq!(refused(design), None, "{design}");
        }
        let second = "1 0 0:44 / /a/b/first ro - tmpfs t ro\n2 0 0:44 / /a/b/second-one rw - tmpfs t ro\n";
        assert_eq!(
            refused(second).unwrap().mount.as_str(),
            "/a/b/second-one",
            "the mount that promises too much"
        );
    }
}
