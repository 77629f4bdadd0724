//! What a film's own labels teach.
