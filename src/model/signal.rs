//! Signals by name. Numbers are those of Linux on every machine that we are built for: `asm-generic/signal.h`.

/// SIGTERM.
pub const TERM: i32 = 15;
/// SIGKILL.
pub const KILL: i32 = 9;

const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
    "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// `SIGTERM`; a number where it has no name.
pub fn name(signal: i32) -> String {
    let at = usize::try_from(signal).ok().and_then(|n| n.checked_sub(1));
    at.and_then(|n| NAMES.get(n)).map_or_else(|| format!("signal {signal}"), |name| format!("SIG{name}"))
}

/// From `TERM`, `SIGTERM` or `15`.
///
/// # Errors
/// When there is no such signal, with what to write.
pub fn parse(text: &str) -> Result<i32, String> {
    let upper = text.to_ascii_uppercase();
    let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
    let by_name = NAMES.iter().position(|n| *n == bare).map(|n| n as i32 + 1);
    let by_number = || bare.parse().ok().filter(|n| (1..=NAMES.len() as i32).contains(n));
    by_name.or_else(by_number).ok_or_else(|| "a signal is wanted, as in TERM, QUIT or INT".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_to_each_other() {
        for (text, number) in [("TERM", TERM), ("SIGQUIT", 3), ("usr2", 12), ("28", 28), ("KILL", KILL)] {
            assert_eq!(parse(text), Ok(number));
            assert_eq!(parse(&name(number)), Ok(number));
        }
        assert!(parse("0").is_err() && parse("SIG").is_err() && parse("99").is_err());
        assert_eq!(name(40), "signal 40");
    }
}
