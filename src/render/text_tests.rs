//! The whole screen.

use super::*;
use crate::render::sample;

fn screen(width: usize) -> Style {
    Style { width: Some(width), ..Style::default() }
}

#[test]
fn the_whole_screen_of_80_columns() {
    println!("{}", text(&sample::sick(), &screen(80)));
    println!(
        "{}",
        text(&sample::sick(), &Style { utf8: false, program: "./paramedic".into(), ..screen(80) })
    );
    println!("{}", text(&sample::healthy(), &screen(80)));
    println!("{}", text(&sample::sick(), &Style { risks: true, verbose: 1, ..screen(80) }));
}
