//! Scenes: what is asked of a cluster. Each has a topic's, a group's and an id's own names, so that
//! all can be played to one cluster.

mod admin;
mod fetch;
mod groups;
mod offsets;
mod producers;
mod security;
mod transactions;
mod versions;

use super::build::text;
use super::player::Player;

/// A scene's name, and what is asked in it.
pub type Scene = (&'static str, fn(&mut Player));

/// Lists all scenes.
pub fn all() -> Vec<Scene> {
    [
        admin::SCENES,
        versions::SCENES,
        groups::SCENES,
        offsets::SCENES,
        producers::SCENES,
        transactions::SCENES,
    ]
    .concat()
}

/// Lists the scenes for brokers where one has to log in.
pub fn secure() -> Vec<Scene> {
    security::SCENES.to_vec()
}
