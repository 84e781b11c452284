//! How output may look, decided from what the caller saw of the terminal and the environment.

use std::str::FromStr;

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// On a terminal that can.
    #[default]
    Auto,
    /// Whatever the output is.
    Always,
    /// Not at all.
    Never,
}

impl FromStr for When {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "auto" => Ok(When::Auto),
            "always" => Ok(When::Always),
            "never" => Ok(When::Never),
            _ => Err(format!("'{s}' is none of auto, always, never")),
        }
    }
}

/// The variables that speak about colour, as they are in the environment.
#[derive(Clone, Copy, Debug, Default)]
pub struct ColourEnv<'e> {
    /// `NO_COLOR`: any value but the empty one switches colour off (<https://no-color.org>).
    pub no_color: Option<&'e str>,
    /// `CLICOLOR`: `0` switches colour off (<https://bixense.com/clicolors/>).
    pub clicolor: Option<&'e str>,
    /// `CLICOLOR_FORCE`: anything but empty or `0` switches colour on off a terminal too.
    pub clicolor_force: Option<&'e str>,
    /// `TERM`: `dumb` or absent is a terminal without colour.
    pub term: Option<&'e str>,
}

/// Whether a stream gets colour: the flag decides, then the environment, then whether it is a terminal.
pub fn colour(flag: When, env: ColourEnv, is_terminal: bool) -> bool {
    let set = |v: Option<&str>| v.is_some_and(|v| !v.is_empty());
    match flag {
        When::Always => true,
        When::Never => false,
        When::Auto if set(env.no_color) => false,
        When::Auto if set(env.clicolor_force) && env.clicolor_force != Some("0") => true,
        When::Auto => is_terminal && env.clicolor != Some("0") && set(env.term) && env.term != Some("dumb"),
    }
}

/// Columns to draw for: none off a terminal, where nothing is wrapped. `kubectl exec` and `docker exec` may give a
/// terminal of 0 columns; then `COLUMNS` decides, then 80.
pub fn width(is_terminal: bool, winsize: Option<u16>, columns_env: Option<&str>) -> Option<usize> {
    let asked = || columns_env.and_then(|c| c.trim().parse().ok()).filter(|n| *n > 0);
    is_terminal.then(|| winsize.filter(|w| *w > 0).map(usize::from).or_else(asked).unwrap_or(80))
}

/// Whether the locale is UTF-8: the first of the three that is not empty decides, as in `setlocale`.
pub fn utf8(lc_all: Option<&str>, lc_ctype: Option<&str>, lang: Option<&str>) -> bool {
    let locale = [lc_all, lc_ctype, lang].into_iter().flatten().find(|v| !v.is_empty()).unwrap_or("C");
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_beats_the_environment_and_the_environment_the_terminal() {
        let xterm = ColourEnv { term: Some("xterm"), ..ColourEnv::default() };
        assert!(colour(When::Auto, xterm, true));
        assert!(!colour(When::Auto, xterm, false));
        let no = ColourEnv { no_color: Some("1"), clicolor_force: Some("1"), ..xterm };
        assert!(!colour(When::Auto, no, true));
        assert!(colour(When::Always, no, false));
        assert!(!colour(When::Never, xterm, true));
    }

    #[test]
    fn empty_and_zero_mean_what_their_conventions_say() {
        let xterm = ColourEnv { term: Some("xterm"), ..ColourEnv::default() };
        assert!(colour(When::Auto, ColourEnv { no_color: Some(""), ..xterm }, true));
        assert!(colour(When::Auto, ColourEnv { clicolor_force: Some("1"), ..xterm }, false));
        assert!(!colour(When::Auto, ColourEnv { clicolor_force: Some("0"), ..xterm }, false));
        assert!(!colour(When::Auto, ColourEnv { clicolor: Some("0"), ..xterm }, true));
        for term in [None, Some(""), Some("dumb")] {
            assert!(!colour(When::Auto, ColourEnv { term, ..xterm }, true));
        }
    }

    #[test]
    fn a_terminal_of_no_size_is_80_wide_and_no_terminal_has_no_width() {
        assert_eq!(width(true, Some(132), Some("40")), Some(132));
        assert_eq!(width(true, Some(0), Some("120")), Some(120));
        for columns in [None, Some(""), Some("0"), Some("wide"), Some("-3")] {
            assert_eq!(width(true, Some(0), columns), Some(80));
            assert_eq!(width(true, None, columns), Some(80));
        }
        assert_eq!(width(false, Some(132), Some("132")), None);
    }

    #[test]
    fn the_first_locale_that_is_set_decides() {
        assert!(utf8(None, None, Some("en_GB.UTF-8")));
        assert!(utf8(Some(""), Some("C.utf8"), Some("C")));
        assert!(!utf8(Some("C"), None, Some("en_GB.UTF-8")));
        assert!(!utf8(None, None, None));
    }

    #[test]
    fn a_wrong_flag_is_told_the_right_ones() {
        assert_eq!("never".parse(), Ok(When::Never));
        assert!("sometimes".parse::<When>().unwrap_err().contains("auto, always, never"));
    }
}
