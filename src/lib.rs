//! paramedic.
/// The door to the world.
pub mod source {
    pub mod net;
}
