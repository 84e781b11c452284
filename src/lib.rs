//! paramedic: the world is read into facts, facts are judged by pure checks, what came out is rendered.
//!
//! The layer rule, held by `tests/layers.rs`: `model ← source ← areas ← run ← commands ← main`;
//! `model ← {settings, stats} ← {areas, verdict}`; `model ← verdict ← run`; `model ← render ← commands`.
//! Inside an area `facts ← {probe, blocks, checks}`: only `probe.rs` and the area's `mod.rs` may name `source`, only
//! `args.rs` may name clap, and `checks/` may name no reader, clock or environment.

pub mod areas;
pub mod cli;
pub mod commands;
pub mod generate;
pub mod model;
pub mod render;
pub mod run;
pub mod settings;
pub mod source;
pub mod stats;
pub mod verdict;
