//! Network sources.
