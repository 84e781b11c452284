//! From flags and terminal to a style, and from a report to bytes.

use crate::{
    cli::{Color, Output, Shared},
    model::{RowSink, report::Report},
    render::{
        self, Language, Style, listing,
        output::{Ended, Target, deliver},
        terminal::{self, ColourEnv, When},
    },
    verdict::{Everywhere, Heard, alone, exit_of_members, together},
};
use anyhow::{Result, ensure};
use rustix::termios::tcgetwinsize;
use std::{
    env,
    io::{self, IsTerminal},
};

/// How this run writes.
pub struct Out {
    format: Output,
    target: Target,
    style: Style,
    terminal: bool,
}

impl Out {
    /// Decides the style: flag > environment > terminal. `again` is this run's own line where `check` is not what runs it again.
    pub fn new(shared: &Shared, program: &str, again: Option<String>) -> Self {
        let var = |name: &str| env::var(name).ok();
        let stdout = io::stdout();
        let terminal = stdout.is_terminal() && shared.write.is_none();
        let winsize = tcgetwinsize(&stdout).ok().map(|w| w.ws_col);
        let when = match shared.color {
            Color::Auto => When::Auto,
            Color::Always => When::Always,
            Color::Never => When::Never,
        };
        let (no_color, term) = (var("NO_COLOR"), var("TERM"));
        let (clicolor, force) = (var("CLICOLOR"), var("CLICOLOR_FORCE"));
        let colours = ColourEnv {
            no_color: no_color.as_deref(),
            term: term.as_deref(),
            clicolor: clicolor.as_deref(),
            clicolor_force: force.as_deref(),
        };
        let (lc_all, lc_ctype, lang) = (var("LC_ALL"), var("LC_CTYPE"), var("LANG"));
        let style = Style {
            width: terminal::width(terminal, winsize, var("COLUMNS").as_deref()),
            colour: terminal::colour(when, colours, terminal),
            utf8: terminal::utf8(lc_all.as_deref(), lc_ctype.as_deref(), lang.as_deref()),
            wide: shared.format() == Output::Wide,
            risks: shared.risks,
            quiet: shared.quiet,
            verbose: shared.verbose,
            program: program.into(),
            on: super::on::everywhere(shared),
            again,
        };
        let target = shared.write.clone().map_or(Target::Stdout, Target::File);
        Self { format: shared.format(), target, style, terminal }
    }

    /// How text looks.
    pub fn style(&self) -> &Style {
        &self.style
    }

    /// Text that is no report.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn plain(&self, text: &str) -> Result<()> {
        deliver(&self.target, |w| w.write_all(text.as_bytes())).map(|_| ())
    }

    /// Bytes of a document that is no report.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn bytes(&self, bytes: &[u8]) -> Result<()> {
        deliver(&self.target, |w| w.write_all(bytes)).map(|_| ())
    }

    /// A report, and after it the rows that `list` gives, if any.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn report(
        &self,
        report: &Report,
        list: impl FnOnce(&mut dyn RowSink) -> io::Result<()>,
    ) -> Result<Ended> {
        deliver(&self.target, |w| match self.format {
            Output::Text | Output::Wide => {
                w.write_all(render::text(report, &self.style).as_bytes())?;
                let mut sink = listing::Text::new(w, &self.style);
                list(&mut sink)?;
                sink.close()
            }
            Output::Json => {
                let mut sink = listing::Json::open(report, w)?;
                list(&mut sink)?;
                sink.close()
            }
            Output::Ndjson => {
                let mut sink = listing::Ndjson::open(report, &report.command, w)?;
                list(&mut sink)
            }
            Output::Dot => draw(report, Language::Dot, w),
            Output::Mermaid => draw(report, Language::Mermaid, w),
            Output::Snapshot => Err(io::Error::other("what comes out of a snapshot is no snapshot again")),
        })
    }

    /// What came from other places: one report, or one line for each of them.
    ///
    /// # Errors
    /// When it cannot be written; a drawing of several members.
    pub fn members(&self, of: &Everywhere, heard: Vec<Heard>) -> Result<u8> {
        if self.format == Output::Ndjson {
            let codes: Vec<_> = heard.iter().map(|h| h.said.as_ref().ok().map(|r| r.exit_code)).collect();
            let lines: Vec<Report> = heard.into_iter().map(|h| alone(of, h)).collect();
            deliver(&self.target, |w| lines.iter().try_for_each(|line| render::json(line, w)))?;
            return Ok(exit_of_members(codes));
        }
        let several = heard.len() > 1;
        let drawn = matches!(self.format, Output::Dot | Output::Mermaid);
        ensure!(!(several && drawn), "{} members are no one drawing: name one", heard.len());
        let report = match <[Heard; 1]>::try_from(heard) {
            Ok([one]) => alone(of, one),
            Err(several) => together(of, several),
        };
        self.report(&report, |_| Ok::<(), io::Error>(()))?;
        Ok(report.exit_code)
    }

    /// One tick of `--watch`: a terminal is redrawn, elsewhere every look is one NDJSON line.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn tick(&self, report: &Report) -> Result<Ended> {
        deliver(&self.target, |w| {
            if self.terminal && matches!(self.format, Output::Text | Output::Wide) {
                // Home and clear to the end: no flicker, nothing of the scrollback is lost.
                w.write_all(b"\x1b[H\x1b[J")?;
                w.write_all(render::text(report, &self.style).as_bytes())
            } else {
                render::json(report, w)
            }
        })
    }
}

/// A report without a graph is an error and no empty drawing.
fn draw(report: &Report, language: Language, w: &mut dyn io::Write) -> io::Result<()> {
    let text = render::graph(report, language)
        .ok_or_else(|| io::Error::other("nothing of this command is a graph: `pg locks` has one"))?;
    w.write_all(text.as_bytes())
}
