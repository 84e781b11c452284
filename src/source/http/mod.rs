//! HTTP as a client that hides nothing speaks it: no retry, one state machine a connection, and every request ends in exactly one
//! fate. [`once`] looks at one answer, [`load`] keeps many on their way.

pub mod answer;
mod drip;
mod exchange;
mod fate;
mod held;
mod idle;
mod load;
mod once;
mod request;
mod stream;
mod tls;
mod two;
mod url;

pub use drip::{DripEnd, Dripped, Part, drip};
pub use idle::{Rest, RestEnd, beyond, idle, validity};
pub use load::{Course, Loaded, Own, Shape, Slow, load};
pub use once::{Once, once};
pub use request::{Kind, Request, Target, Trouble};
pub use tls::{Security, Trust};
pub use url::Url;
