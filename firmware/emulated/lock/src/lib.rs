//! What both variants of the lock have in common: their board, and a flash that is awaited.
#![no_std]

pub mod awaited;
pub mod host;
