//! `strait.toml`: what was typed (`raw`), what it means (`settings`), and the errors between.

pub mod patterns;
pub mod secret;
pub mod settings;
