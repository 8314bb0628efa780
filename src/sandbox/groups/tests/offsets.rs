//! Offsets committed, fetched and deleted.
