//! No use comes back, and nobody fills a lock's tables alone: by real tokens at a real lock, with
//! a restart between every two steps and without (SPEC.md sections 14.2 to 14.4).

#[path = "counts/place.rs"]
mod place;

#[path = "counts/lanes.rs"]
mod lanes;
#[path = "counts/lives.rs"]
mod lives;
#[path = "counts/quotas.rs"]
mod quotas;
#[path = "counts/uses.rs"]
mod uses;
