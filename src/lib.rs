//! paramedic.
