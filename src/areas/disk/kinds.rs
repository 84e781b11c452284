//! What the type of a file system says of it. Pure.

use super::facts::Kind;

/// Kernel interfaces that look like file systems: there is nothing to fill, and some cannot be asked without effect.
const PSEUDO: [&str; 34] = [
    "anon_inodefs",
    "autofs",
    "bdev",
    "binder",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "cpuset",
    "debugfs",
    "devpts",
    "efivarfs",
    "fusectl",
    "hugetlbfs",
    "mqueue",
    "nfsd",
    "nsfs",
    "pipefs",
    "proc",
    "pstore",
    "ramfs",
    "resctrl",
    "rootfs",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "smackfs",
    "sockfs",
    "sysfs",
    "tracefs",
    "fuse.lxcfs",
    "fuse.gvfsd-fuse",
    "fuse.portal",
];

/// Images: full by design, and written once.
const IMAGES: [&str; 12] = [
    "composefs",
    "cramfs",
    "erofs",
    "fuse.AppImage",
    "fuse.snapfuse",
    "fuse.squashfuse",
    "fuse.squashfuse_ll",
    "fuseiso",
    "iso9660",
    "romfs",
    "squashfs",
    "udf",
];

/// A server answers for these.
const NETWORK: [&str; 20] = [
    "9p",
    "acfs",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "fuse.ceph",
    "fuse.ceph-fuse",
    "fuse.glusterfs",
    "fuse.juicefs",
    "fuse.sshfs",
    "gfs2",
    "gpfs",
    "lustre",
    "nfs",
    "nfs4",
    "ocfs2",
    "smb3",
    "smbfs",
];

fn among(list: &[&str], filesystem: &[u8]) -> bool {
    list.iter().any(|name| name.as_bytes() == filesystem)
}

/// There is nothing of it to ask.
pub(super) fn is_pseudo(filesystem: &[u8]) -> bool {
    among(&PSEUDO, filesystem)
}

/// It may never answer: others are asked first.
pub(super) fn may_hang(kind: Kind) -> bool {
    matches!(kind, Kind::Network | Kind::Fuse)
}

/// What a mount is, by its type, where it is, whether it can be written through an upper layer, and whether the root of
/// everything is the layer of a container.
pub(super) fn kind(filesystem: &[u8], point: &[u8], upper: bool, container: bool) -> Kind {
    match filesystem {
        f if among(&IMAGES, f) => Kind::Image,
        f if among(&NETWORK, f) => Kind::Network,
        // Without an upper layer all of it is image.
        b"overlay" if !upper => Kind::Image,
        b"overlay" | b"aufs" | b"fuse.fuse-overlayfs" if point == b"/" => Kind::WritableLayer,
        b"overlay" | b"aufs" | b"fuse.fuse-overlayfs" => Kind::Layer,
        // `fuseblk` is NTFS and the like on a disk of this machine; still it is a process that answers.
        f if f.starts_with(b"fuse.") || f == b"fuse" || f == b"fuseblk" => Kind::Fuse,
        b"tmpfs" | b"devtmpfs" => Kind::Tmpfs,
        _ if container && point != b"/" => Kind::Volume,
        _ => Kind::Disk,
    }
}

/// The dataset's pool: all of them share what is left.
pub(super) fn pool<'a>(filesystem: &[u8], source: &'a [u8]) -> Option<&'a [u8]> {
    let end = source.iter().position(|c| *c == b'/').unwrap_or(source.len());
    (filesystem == b"zfs" && end > 0).then(|| &source[..end])
}

/// Files that a container engine mounts one by one from a disk of the node: a poor name for that disk.
pub(super) fn is_single_file(point: &[u8]) -> bool {
    const FILES: [&str; 7] = [
        "/etc/hosts",
        "/etc/hostname",
        "/etc/resolv.conf",
        "/dev/termination-log",
        "/run/.containerenv",
        "/.dockerenv",
        "/etc/mtab",
    ];
    FILES.iter().any(|f| f.as_bytes() == point)
}

/// The source without who logs in with which password, as in `https://user:word@server/share`.
pub(super) fn without_login(source: &[u8]) -> Vec<u8> {
    let Some(start) = source.windows(3).position(|w| w == b"://").map(|i| i + 3) else {
        return source.into();
    };
    let host = source[start..].iter().position(|c| *c == b'/').map_or(source.len(), |i| start + i);
    match source[start..host].iter().rposition(|c| *c == b'@') {
        Some(at) => [&source[..start], &source[start + at + 1..]].concat(),
        None => source.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_containers_root_its_volumes_and_a_machines_disks_are_told_apart() {
        let of = |f: &str, p: &str, c| kind(f.as_bytes(), p.as_bytes(), true, c);
        assert_eq!(of("overlay", "/", true), Kind::WritableLayer);
        assert_eq!(of("overlay", "/var/lib/docker/overlay2/x/merged", false), Kind::Layer);
        assert_eq!(of("ext4", "/data", true), Kind::Volume);
        assert_eq!(of("ext4", "/data", false), Kind::Disk);
        assert_eq!(of("xfs", "/", false), Kind::Disk);
        assert_eq!(of("tmpfs", "/run", true), Kind::Tmpfs);
        assert_eq!(of("nfs4", "/home", false), Kind::Network);
        assert_eq!(of("fuse.s3fs", "/bucket", true), Kind::Fuse);
        assert_eq!(of("fuse.sshfs", "/x", false), Kind::Network);
        assert_eq!(of("squashfs", "/snap/core/1", false), Kind::Image);
        assert_eq!(kind(b"overlay", b"/lower", false, false), Kind::Image);
        assert_eq!(of("whatever", "/x", false), Kind::Disk, "a type of tomorrow is a file system");
    }

    #[test]
    fn what_is_no_file_system_is_not_asked() {
        assert!(
            ["proc", "sysfs", "cgroup2", "autofs", "nsfs", "bpf"].iter().all(|f| is_pseudo(f.as_bytes()))
        );
        assert!(
            ["ext4", "tmpfs", "nfs", "fuse.x", "overlay", "btrfs"].iter().all(|f| !is_pseudo(f.as_bytes()))
        );
        assert!(may_hang(Kind::Network) && may_hang(Kind::Fuse) && !may_hang(Kind::Disk));
    }

    #[test]
    fn datasets_of_one_pool_are_one_and_secrets_stay_here() {
        assert_eq!(pool(b"zfs", b"tank/home/a"), Some(&b"tank"[..]));
        assert_eq!(pool(b"zfs", b"tank"), Some(&b"tank"[..]));
        assert_eq!(pool(b"ext4", b"/dev/sda1"), None);
        let plain = |s: &str| String::from_utf8(without_login(s.as_bytes())).unwrap();
        assert_eq!(plain("https://me:se@cret@dav.example/x@y"), "https://dav.example/x@y");
        assert_eq!(plain("https://dav.example/x@y"), "https://dav.example/x@y");
        assert_eq!(plain("user@host:/srv"), "user@host:/srv");
        assert_eq!(plain("/dev/sda1"), "/dev/sda1");
    }
}
