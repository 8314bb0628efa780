//! `strait.toml`: what was typed ([`raw`]), what it means ([`settings`]), and the errors between.
//!
//! [`load`] reads in four steps. The text is parsed; its shape (keys, types, what is required) is held
//! against the JSON Schema of the raw types, so that an editor and Strait never disagree; what is sound
//! becomes the raw types; and those are resolved. Each step collects every error it finds.

pub mod choice;
pub mod defaults;
pub mod discover;
pub mod error;
pub mod import;
pub mod language;
pub mod load;
pub mod login;
mod nesting;
pub mod patterns;
pub mod places;
pub mod raw;
pub mod reference;
pub mod rename;
mod resolve;
pub mod schema;
pub mod secret;
pub mod settings;
mod shape;
pub mod source;
pub mod suggest;
pub mod units;
pub mod url;

pub use discover::discover;
pub use error::{ConfigError, ConfigWarning};
pub use load::{ConfigFailure, Finding, Loaded, load, load_text, load_without_secrets, read};
pub use schema::json_schema;
