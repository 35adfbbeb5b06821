//! Capability tokens that open real doors: offline, delegable, provable.
//!
//! A lock must open for the right person, at the right time, as often as agreed, with neither door
//! nor phone online; and afterwards anybody must be able to prove what happened. keyward is the
//! one crate that locks, servers and apps share for that: the token's format, its delegation, its
//! verification at the door. `SPEC.md` beside this crate is the normative text.
//!
//! # The way of a request
//!
//! | step | type | made by |
//! | --- | --- | --- |
//! | bytes | `&[u8]` | anybody |
//! | read | [`Presentation`] | [`Presentation::decode`]: limits, order, ranges; it stays mute. One that came sealed: [`lock::Lock::unseal`] |
//! | verified | [`lock::Verified`] | [`lock::Lock::verify`]: all signatures, then all caveats |
//! | committed | [`lock::Permit`] | [`lock::Verified::commit`]: the use is durable |
//! | acted | [`lock::Acted`] | [`lock::Lock::act`]: the bolt has moved, or jammed |
//! | recorded | [`lock::Recorded`] | [`lock::Lock::record`] |
//!
//! No arrow can be skipped or taken twice; each misuse is a `compile_fail` example on the type
//! that prevents it.
//!
//! # The way of a statement
//!
//! What a lock trusts comes to it the same way, carried by anybody's phone: a [`Claim`], an
//! [`Epoch`], a [`Keyset`], a [`Card`], a [`Status`] with a revocation list or without. It is read
//! and mute, verified by the [`Lock`] into a [`lock::Update`], and trusted once that is committed.
//! A phone, server or auditor keeps a [`Domain`], which takes the same statements in.
//!
//! # The way of a receipt
//!
//! | step | type | made by |
//! | --- | --- | --- |
//! | drafted | [`receipt::Draft`], [`lock::Recorded`] | [`Lock::record`], [`Lock::next_entry`]: what is durable |
//! | signed | [`Receipt`] | the lock's host, by the device key: [`receipt::Draft::receipt`] |
//! | believed | `&`[`receipt::Public`] | [`Receipt::verify`]; by a phone, [`Receipt::outcome_of`] its own request |
//! | disclosed | [`receipt::Disclosed`] | [`Entry::disclosed`]: the private part that the public one names |
//!
//! The chain of a log is walked by [`receipt::Head::step`]; the package `keyward-audit` does the rest.
//!
//! # Reading order for auditors
//!
//! [`lock`], [`verify`](mod@verify), [`policy`], [`token`], [`request`], [`caveat`], [`schedule`],
//! [`seal`]; then [`ledger`], [`tables`], [`replay`], [`store`] and what of [`lock`] restores,
//! records and journals; [`receipt`] and what of [`lock`] chains, keeps and tells; then
//! [`domain`], [`epoch`], [`keyset`], [`card`], [`status`], [`claim`] and [`clock`]; then
//! `preimage`, `wire` and `crypto`. No lock uses [`inspect`]: it tells what objects claim, and
//! foretells what a lock would say.
//!
//! # Features
//!
//! None is on by default, and all are additive.
//!
//! | feature | what it adds |
//! | --- | --- |
//! | `fast` | precomputed curve tables: faster, for 10 to 30 KiB of flash |
#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::pedantic, clippy::missing_errors_doc)]
// Nothing panics, nothing wraps, nothing is cut off.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::string_slice
    )
)]
// Each of these would trade clarity for a taste: what is consumed is the point of its type, a
// reference says "not kept", and a match on a condition lines up yes and no.
#![allow(
    clippy::elidable_lifetime_names,
    clippy::large_types_passed_by_value,
    clippy::match_bool,
    clippy::match_same_arms,
    clippy::module_name_repetitions,
    clippy::must_use_candidate,
    clippy::needless_pass_by_value,
    clippy::return_self_not_must_use,
    clippy::trivially_copy_pass_by_ref
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(test)]
extern crate std;

pub mod card;
pub mod caveat;
pub mod challenge;
pub mod claim;
pub mod clock;
pub mod cosign;
mod crypto;
pub mod denial;
pub mod domain;
pub mod epoch;
pub mod id;
pub mod inspect;
pub mod key;
pub mod keyset;
pub mod ledger;
pub mod limits;
pub mod lock;
pub mod narrow;
pub mod policy;
mod preimage;
pub mod receipt;
pub mod recording;
pub mod refusal;
pub mod replay;
pub mod request;
pub mod schedule;
pub mod seal;
#[cfg(feature = "seam")]
#[doc(hidden)]
pub mod seam;
pub mod secret;
pub mod status;
pub mod store;
pub mod tables;
pub mod text;
pub mod time;
pub mod token;
pub mod trust;
pub mod unsigned;
pub mod verify;
pub mod wire;
pub mod zone;

pub use card::Card;
pub use caveat::{Channel, Channels, Right, Rights, Target, Valid};
pub use challenge::{Answer, Challenge};
pub use claim::{Claim, Claimed, Unclaimed};
pub use cosign::Threshold;
pub use crypto::SignatureFault;
pub use denial::Denial;
pub use domain::{Domain, Taken, Walk};
pub use epoch::Epoch;
pub use key::{PublicKey, Signature, SigningKey, role};
pub use keyset::{Issuer, Keyset, Roles};
pub use lock::Lock;
pub use narrow::{Caveats, Grant, Narrowing};
pub use preimage::{Core, Message, Scope};
pub use receipt::{Entry, Receipt};
pub use recording::Recording;
pub use refusal::Refusal;
pub use request::{Ask, Presentation, Request, WitnessStatement};
pub use seal::{OpeningKey, OpeningKeys, SealingKey};
pub use status::{State, Status};
pub use time::{Interval, Now, Seconds, Time};
pub use token::{Origin, Token, UnsignedToken};
pub use trust::Trust;
pub use wire::{DecodeError, EncodeError, Encoded};
