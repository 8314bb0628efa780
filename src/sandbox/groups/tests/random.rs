//! Groups under random members.
