//! What `keyward show` says of each kind of object.

mod damaged;
mod door;
#[path = "../home/mod.rs"]
mod home;
mod statements;
mod tokens;
