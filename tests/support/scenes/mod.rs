//! Scenes: what is asked of a cluster. Each has a topic's, a group's and an id's own names, so that
//! all can be played to one cluster.

mod groups;
mod offsets;
mod producers;
mod transactions;

use super::player::Player;

/// A scene's name, and what is asked in it.
pub type Scene = (&'static str, fn(&mut Player));

/// Lists all scenes.
pub fn all() -> Vec<Scene> {
    [groups::SCENES, offsets::SCENES, producers::SCENES, transactions::SCENES].concat()
}
