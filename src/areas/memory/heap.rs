//! How big a heap may become, by what a runtime was told: numbers out of flags and settings, and nothing else of them.
//! Pure.

/// The most of a heap, as somebody set it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Most {
    /// So many bytes.
    Bytes(u64),
    /// A share of the limit that the runtime finds, in percent.
    Pct(f64),
}

/// A setting that was found: its name is one of ours, never text of the process.
pub(super) type Found = (&'static str, Most);

/// Flags of `java` that are followed by a value of their own.
const JAVA_VALUES: [&[u8]; 8] = [
    b"-cp",
    b"-classpath",
    b"--class-path",
    b"-p",
    b"--module-path",
    b"--add-modules",
    b"--upgrade-module-path",
    b"--source",
];
/// The same of `node`.
const NODE_VALUES: [&[u8]; 8] = [
    b"-r",
    b"--require",
    b"--import",
    b"--loader",
    b"--experimental-loader",
    b"-C",
    b"--conditions",
    b"--env-file",
];

/// The environment as far as runtimes read their flags there, each as it was set.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Settings<'e> {
    /// `GOMEMLIMIT`.
    pub go: Option<&'e [u8]>,
    /// `NODE_OPTIONS`.
    pub node: Option<&'e [u8]>,
    /// `JAVA_TOOL_OPTIONS`, `JDK_JAVA_OPTIONS`, `_JAVA_OPTIONS`, from the weakest to the strongest but for the command
    /// line, which stands before the last.
    pub java: [Option<&'e [u8]>; 3],
}

/// What a process was told, by its argument list (the program first) and its environment.
pub(super) fn told(args: &[&[u8]], env: &Settings) -> Option<Found> {
    let program = args.first().copied().unwrap_or_default();
    let program = program.rsplit(|b| *b == b'/').next().unwrap_or_default();
    match program {
        b"java" => java(&args[1..], env),
        b"node" | b"nodejs" => node(&args[1..], env),
        _ => Some(("GOMEMLIMIT", Most::Bytes(go(env.go?)?))),
    }
}

/// The strongest source that says anything; within one the last flag counts, and a size beats a share.
fn java(args: &[&[u8]], env: &Settings) -> Option<Found> {
    let [tool, jdk, last] = env.java;
    let flags = options(args, &JAVA_VALUES);
    let words = |text: Option<&[u8]>| -> Vec<Most> {
        text.unwrap_or_default().split(u8::is_ascii_whitespace).filter_map(java_flag).collect()
    };
    let mut all = words(tool);
    all.extend(words(jdk));
    all.extend(flags.filter_map(java_flag));
    all.extend(words(last));
    let size = all.iter().rev().find(|m| matches!(m, Most::Bytes(_)));
    let found = size.or_else(|| all.last())?;
    let name = if matches!(found, Most::Bytes(_)) { "-Xmx" } else { "-XX:MaxRAMPercentage" };
    Some((name, *found))
}

fn java_flag(flag: &[u8]) -> Option<Most> {
    if let Some(size) = flag.strip_prefix(b"-Xmx").or_else(|| flag.strip_prefix(b"-XX:MaxHeapSize=")) {
        return scaled(size, &[(b"k", 10), (b"m", 20), (b"g", 30), (b"t", 40)]).map(Most::Bytes);
    }
    let share = flag.strip_prefix(b"-XX:MaxRAMPercentage=")?;
    percent(share)
}

fn node(args: &[&[u8]], env: &Settings) -> Option<Found> {
    let words = env.node.unwrap_or_default().split(u8::is_ascii_whitespace);
    // The command line comes after what the environment says, and the last one counts.
    words.chain(options(args, &NODE_VALUES)).filter_map(node_flag).last()
}

fn node_flag(flag: &[u8]) -> Option<Found> {
    // V8 takes underscores for hyphens.
    let plain: Vec<u8> = flag.iter().map(|b| if *b == b'_' { b'-' } else { *b }).collect();
    if let Some(mib) = plain.strip_prefix(b"--max-old-space-size=") {
        return Some(("--max-old-space-size", Most::Bytes(scaled(mib, &[])?.checked_mul(1 << 20)?)));
    }
    let share = plain.strip_prefix(b"--max-old-space-size-percentage=")?;
    Some(("--max-old-space-size-percentage", percent(share)?))
}

fn go(value: &[u8]) -> Option<u64> {
    scaled(value, &[(b"kib", 10), (b"mib", 20), (b"gib", 30), (b"tib", 40), (b"b", 0)])
}

/// The flags in front of the program's own: what comes after the class, the jar or the script is not for the runtime.
fn options<'a>(args: &'a [&'a [u8]], with_value: &'a [&'a [u8]]) -> impl Iterator<Item = &'a [u8]> {
    let mut value = false;
    let mut args = args.iter().copied();
    std::iter::from_fn(move || {
        loop {
            let arg = args.next()?;
            if std::mem::take(&mut value) {
                continue;
            }
            if !arg.starts_with(b"-") || arg == b"-jar" || arg == b"-m" || arg == b"--" || arg == b"-" {
                return None;
            }
            value = with_value.contains(&arg);
            return Some(arg);
        }
    })
}

/// A number with one of these suffixes, of which any case will do; nought is "as you like" everywhere.
fn scaled(text: &[u8], suffixes: &[(&[u8], u32)]) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (digits, shift) = suffixes
        .iter()
        .find_map(|(s, shift)| Some((lower.strip_suffix(*s)?, *shift)))
        .unwrap_or((&lower[..], 0));
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    number.checked_mul(1 << shift).filter(|n| *n > 0)
}

fn percent(text: &[u8]) -> Option<Most> {
    let share: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (share > 0.0 && share <= 100.0).then_some(Most::Pct(share))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn args(line: &str) -> Vec<&[u8]> {
        line.split(' ').map(str::as_bytes).collect()
    }
    fn plain(line: &str) -> Option<Found> {
        told(&args(line), &Settings::default())
    }

    #[test]
    fn flags_of_java_are_read_until_its_program_begins() {
        let xmx = |mib| Some(("-Xmx", Most::Bytes(mib * MIB)));
        assert_eq!(plain("/usr/bin/java -Xms1g -Xmx512m -jar app.jar -Xmx9g"), xmx(512));
        assert_eq!(plain("java -cp a:b -Xmx1G Main"), xmx(1024));
        assert_eq!(
            plain("java -XX:MaxHeapSize=1048576 -XX:MaxRAMPercentage=95 Main"),
            xmx(1),
            "a size beats a share"
        );
        assert_eq!(
            plain("java -XX:MaxRAMPercentage=95.0 Main"),
            Some(("-XX:MaxRAMPercentage", Most::Pct(95.0)))
        );
        assert_eq!(plain("java Main -Xmx1g"), None);
        for bad in [
            "java -Xmx",
            "java -Xmx-5m M",
            "java -Xmx99999999999999999999m M",
            "java -XX:MaxRAMPercentage=900 M",
        ] {
            assert_eq!(plain(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_environment_of_java_is_weaker_than_the_line_but_for_the_last_word() {
        let of = |java: [Option<&str>; 3], line: &str| {
            told(&args(line), &Settings { java: java.map(|j| j.map(str::as_bytes)), ..Settings::default() })
        };
        let xmx = |mib| Some(("-Xmx", Most::Bytes(mib * MIB)));
        assert_eq!(of([Some("-Da=b -Xmx1m"), Some("-Xmx2m"), None], "java Main"), xmx(2));
        assert_eq!(of([Some("-Xmx1m"), Some("-Xmx2m"), None], "java -Xmx3m Main"), xmx(3));
        assert_eq!(of([None, None, Some("-Xmx4m")], "java -Xmx3m Main"), xmx(4));
    }

    #[test]
    fn node_takes_either_spelling_and_the_line_after_its_options() {
        let size = |mib| Some(("--max-old-space-size", Most::Bytes(mib * MIB)));
        let of = |options: &str, line: &str| {
            told(&args(line), &Settings { node: Some(options.as_bytes()), ..Settings::default() })
        };
        assert_eq!(plain("node --max_old_space_size=512 app.js"), size(512));
        assert_eq!(plain("node -r ./trace --max-old-space-size=512 app.js"), size(512));
        assert_eq!(plain("node app.js --max-old-space-size=512"), None);
        assert_eq!(of("--trace-gc --max-old-space-size=100", "node app.js"), size(100));
        assert_eq!(of("--max-old-space-size=100", "node --max-old-space-size=200 app.js"), size(200));
        assert_eq!(plain("node --max-old-space-size=0 app.js"), None, "nought is the default");
    }

    #[test]
    fn go_says_it_in_its_environment_and_others_say_nothing() {
        let of = |limit: &str| {
            told(&args("/app/server"), &Settings { go: Some(limit.as_bytes()), ..Settings::default() })
        };
        let bytes = |n| Some(("GOMEMLIMIT", Most::Bytes(n)));
        assert_eq!(
            [of("750MiB"), of("1GiB"), of("4096"), of("7B")],
            [bytes(750 * MIB), bytes(1024 * MIB), bytes(4096), bytes(7)]
        );
        for bad in ["off", "", "MiB", "-1", "1.5GiB", "9999999999TiB"] {
            assert_eq!(of(bad), None, "{bad}");
        }
        assert_eq!(plain("/app/server -Xmx1g"), None);
        assert_eq!(told(&[], &Settings::default()), None);
    }
}
