//! A verifying core: a presentation is read, all its signatures and rules are checked, by trust
//! that is pinned. No journal, no tables.
#![no_std]
#![no_main]

use measure::{MOST, each, lock::verified};

board::start!(run);

fn run() {
    let _closed = each(&mut [0; MOST], |mut parts| {
        let presentation = parts.next()?;
        verified(&keyward::Presentation::decode(presentation).ok()?, &mut parts).ok().map(drop)
    });
}
