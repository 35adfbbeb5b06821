//! The commands, one module each.

pub(crate) mod card;
pub(crate) mod check;
pub(crate) mod demo;
pub(crate) mod domain;
pub(crate) mod epoch;
pub(crate) mod key;
pub(crate) mod keyset;
pub(crate) mod lock;
pub(crate) mod present;
pub(crate) mod receipts;
pub(crate) mod revoke;
pub(crate) mod seal;
pub(crate) mod status;
pub(crate) mod token;
pub(crate) mod why;
pub(crate) mod witness;
