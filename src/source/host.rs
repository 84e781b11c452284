//! Which machine, pod or container the facts are about.

use super::{Scope, World};
use crate::model::report::Host;
use std::{fs, path::PathBuf};

/// The header of the report. What cannot be seen stays null.
pub fn host(world: &World, scope: &Scope) -> Host {
    let line = |path: &str| world.text(path).ok().map(|t| t.trim_end().to_string());
    let mut host = Host {
        hostname: line("sys/kernel/hostname"),
        kernel: line("sys/kernel/osrelease"),
        boot_id: line("sys/kernel/random/boot_id"),
        seen_as_uid: Some(rustix::process::geteuid().as_raw()),
        ..Host::default()
    };
    if !world.live {
        return host;
    }
    let patient = scope.target.unwrap_or(1);
    host.container = world.text(&format!("{patient}/cgroup")).ok().and_then(|t| container_id(&t));
    // The service account's mount is how a pod knows its namespace; without it we are in no pod.
    let file = |path: &str| {
        let roots = [world.proc_root.join(format!("{patient}/root")), PathBuf::from("/")];
        roots.iter().find_map(|r| fs::read_to_string(r.join(path)).ok()).map(|t| t.trim().to_string())
    };
    host.namespace =
        file("var/run/secrets/kubernetes.io/serviceaccount/namespace").or_else(|| env("POD_NAMESPACE"));
    if host.namespace.is_some() || env("KUBERNETES_SERVICE_HOST").is_some() {
        host.pod = env("POD_NAME").or_else(|| host.hostname.clone());
        host.node = env("NODE_NAME");
    }
    host
}

fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

/// The 64 hexadecimal digits that container runtimes put into the cgroup path.
fn container_id(cgroup: &str) -> Option<String> {
    cgroup
        .split(['/', '\n', '-', ':', '.'])
        .find(|p| p.len() == 64 && p.bytes().all(|b| b.is_ascii_hexdigit()))
        .map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_container_id_is_found_in_the_paths_of_every_runtime() {
        let id = "0123456789abcdef".repeat(4);
        for path in [
            format!("0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-{id}.scope\n"),
            format!("12:memory:/docker/{id}\n"),
            format!("0::/machine.slice/libpod-{id}.scope/container"),
        ] {
            assert_eq!(container_id(&path).as_deref(), Some(id.as_str()), "{path}");
        }
        assert_eq!(container_id("0::/user.slice/session-1.scope"), None);
    }
}
