//! Pressure: how much of the time tasks waited for a resource.

use serde::{Deserialize, Serialize};

/// A pressure file: `Documentation/accounting/psi.rst`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Psi {
    /// At least one task waited.
    pub some: PsiLine,
    /// Every task that could have run waited. Older kernels have none for the processor.
    pub full: Option<PsiLine>,
}

/// One line of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PsiLine {
    /// Share of the last ten seconds, in percent.
    pub avg10: f64,
    /// Share of the last minute, in percent.
    pub avg60: f64,
    /// Share of the last five minutes, in percent.
    pub avg300: f64,
    /// Time waited since the group was made, in microseconds.
    pub total_us: u64,
}

impl Psi {
    /// Reads the text of a pressure file; words of newer kernels are passed over.
    pub fn parse(text: &str) -> Option<Self> {
        let line = |name: &str| {
            let rest = text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(' '))?;
            let value = |key: &str| rest.split_ascii_whitespace().find_map(|w| w.strip_prefix(key));
            let share = |key: &str| value(key)?.parse::<f64>().ok().filter(|v| (0.0..=100.0).contains(v));
            Some(PsiLine {
                avg10: share("avg10=")?,
                avg60: share("avg60=")?,
                avg300: share("avg300=")?,
                total_us: value("total=")?.parse().ok()?,
            })
        };
        Some(Self { some: line("some")?, full: line("full") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "some avg10=0.12 avg60=1.50 avg300=4.00 total=4823944676 new=5\n\
                        full avg10=0.00 avg60=0.01 avg300=0.07 total=12596795\n";

    #[test]
    fn both_lines_are_read_and_one_may_be_missing() {
        let psi = Psi::parse(TEXT).unwrap();
        assert_eq!((psi.some.avg10, psi.some.avg60, psi.some.avg300), (0.12, 1.5, 4.0));
        assert_eq!(psi.some.total_us, 4_823_944_676);
        assert_eq!(psi.full.unwrap().avg60, 0.01);
        let cpu = TEXT.lines().next().unwrap();
        assert_eq!(Psi::parse(cpu).unwrap().full, None);
    }

    #[test]
    fn what_is_no_share_of_time_is_not_read_as_one() {
        for bad in ["", "some", "some avg10=x avg60=1 avg300=1 total=1"] {
            assert_eq!(Psi::parse(bad), None, "{bad}");
        }
        assert_eq!(Psi::parse(&TEXT.replace("avg10=0.12", "avg10=-1")), None);
        assert_eq!(Psi::parse(&TEXT.replace("avg10=0.12", "avg10=1e9")), None);
        assert_eq!(Psi::parse(&TEXT.replace("avg10=0.12", "avg10=NaN")), None);
    }
}
