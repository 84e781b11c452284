//! The fault lab: real programs, real faults, healthy twins.
//!
//! Each case brings one fault of the catalogue about inside namespaces of its own, proves with
//! `ss` and `/proc` that it stands, and runs the built binary there as a user would. The twin of
//! each case is the same machine in health, on which the binary must stay silent.
//! How a case is made: `tests/lab/README.md`.

mod cases;
mod harness;
