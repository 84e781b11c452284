//! Name resolution as the application has it.

pub mod conf;
pub mod plan;
