//! The frame of all these images, and nothing in it.
#![no_std]
#![no_main]

use measure::{MOST, each};

board::start!(run);

fn run() {
    let _closed = each(&mut [0; MOST], |mut parts| parts.next().map(drop));
}
