//! What exit codes of containers mean.

use super::Ended;

/// What an end means, as far as the cluster knows: a code alone does not say who sent a signal.
pub fn meaning(ended: &Ended) -> &'static str {
    match (ended.reason.as_str(), ended.code) {
        ("OOMKilled", 0) => {
            "OOMKilled with exit 0: the kernel killed a child of it for memory, not the program itself"
        }
        ("OOMKilled", _) => "OOMKilled: the kernel killed it, it had reached its memory limit",
        ("ContainerCannotRun" | "StartError", _) | (_, 128) => {
            "the container runtime could not start it: command, user or mount do not fit the image"
        }
        ("DeadlineExceeded", _) => "its deadline (activeDeadlineSeconds) had passed",
        ("Evicted", _) => "the node evicted it: the node itself was short of memory or disk",
        (_, 0) => "it ended by itself with 0, as if its work were done: a service is to go on",
        (_, 126) => "126: the command is there and may not be executed",
        (_, 127) => "127: there is no such command in the image",
        (_, 132) => "132 = SIGILL: an instruction that this processor does not have",
        (_, 134) => "134 = SIGABRT: the program gave up by itself (assertion, allocator, abort)",
        (_, 135) => "135 = SIGBUS: memory that a file or a full /dev/shm no longer backs",
        (_, 136) => "136 = SIGFPE: a division by zero in native code",
        (_, 137) => {
            "137 = SIGKILL, not OOM by itself: a failed liveness probe or a deletion whose grace period ran out, or the node's own OOM killer"
        }
        (_, 139) => "139 = SIGSEGV: native code crashed",
        (_, 143) => {
            "143 = SIGTERM, an ordinary end that is reported as Error: something stopped it, such as a failed liveness probe"
        }
        (_, 130) => "130 = SIGINT: it was interrupted",
        (_, 1) => "1: the program reported an error of its own; its last lines say which",
        (_, 2) => "2: bad usage, or a panic of a Go program; its last lines say which",
        (_, 255) => "255: the program reported an error, or the runtime lost it",
        (_, 129..=192) => "the program was ended by a signal (the code less 128)",
        _ => "the program ended with a code of its own; its last lines say why",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(reason: &str, code: i64) -> &'static str {
        meaning(&Ended { reason: reason.into(), code, ..Ended::default() })
    }

    #[test]
    fn a_code_is_not_read_as_more_than_it_says() {
        assert!(of("Error", 137).contains("not OOM by itself"));
        assert!(of("OOMKilled", 137).contains("memory limit") && of("OOMKilled", 0).contains("child"));
        assert!(of("Error", 143).contains("ordinary end"));
        assert!(of("Completed", 0).contains("go on"));
    }
}
