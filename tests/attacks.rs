//! The attack catalogue of SECURITY.md: each attack is tried, and a test named by its number says
//! what comes of it. What a test can't try here it leaves to the command that SECURITY.md names.

#[path = "attacks/at_the_door.rs"]
mod at_the_door;
#[path = "attacks/common.rs"]
mod common;
#[path = "attacks/on_grants.rs"]
mod on_grants;
#[path = "attacks/on_links.rs"]
mod on_links;
#[path = "attacks/on_state.rs"]
mod on_state;
#[path = "attacks/on_trust.rs"]
mod on_trust;
