//! The same job done with other token crates: bytes, time, allocations.
//!
//! Prints a line a case: name, links, bytes, time as a multiple of one `verify_strict` on 200
//! bytes, allocations. All cases and the unit take turns in one process, from one stack depth.
//!
//! With the argument `throughput` it prints how many presentations a server verifies in a second,
//! beside the bare signatures and beside biscuit, on all cores.

mod allocations;
mod jobs;
mod server;
mod throughput;

use std::{hint::black_box, time::Instant};

use ed25519_dalek::{Signer, SigningKey};

const ROUNDS: usize = 400;

/// What a token says and does, with everything that verifying it needs.
struct Case {
    name: &'static str,
    links: usize,
    /// All bytes that come to the lock, text where the format is text.
    bytes: usize,
    /// Parses, checks every signature and every claim; panics where the answer is no.
    verify: Box<dyn Fn()>,
}

fn main() {
    if std::env::args().nth(1).is_some_and(|argument| argument == "throughput") {
        return throughput::run();
    }
    let key = SigningKey::from_bytes(&[1; 32]);
    let message = [7; 200];
    let signature = key.sign(&message);
    let public = key.verifying_key();
    let unit = Case {
        name: "verify_strict on 200 bytes",
        links: 0,
        bytes: 0,
        verify: Box::new(move || {
            let held = public.verify_strict(black_box(&message), black_box(&signature));
            assert!(black_box(held).is_ok());
        }),
    };
    let cases = jobs::cases();

    let allocated: Vec<_> = cases.iter().map(|case| allocations::of(&case.verify)).collect();
    let mut times = vec![Vec::with_capacity(ROUNDS); cases.len() + 1];
    for _ in 0..ROUNDS {
        for (case, times) in std::iter::once(&unit).chain(&cases).zip(&mut times) {
            let begin = Instant::now();
            (case.verify)();
            times.push(begin.elapsed());
        }
    }
    let mut medians = times.into_iter().map(|mut times| {
        times.sort();
        times[ROUNDS / 2].as_secs_f64()
    });
    let one = medians.next().expect("the unit");
    for ((case, median), allocated) in cases.iter().zip(medians).zip(allocated) {
        let ratio = median / one;
        println!("{}|{}|{}|{ratio:.4}|{allocated}", case.name, case.links, case.bytes);
    }
}
