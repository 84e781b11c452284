//! rows
pub struct Row { pub name: &'static str, pub seconds: u32 }
pub const ROWS: &[Row] = &[Row { name: "fresh", seconds: 30 }];
