//! Every store, through the kit.

mod harness;

use harness::{Files, Memory, awaiting, waiting};
use keyward_store::{
    kit::{self, Harness, Summary},
    sim::{Behaviour, Erasing},
};

fn conforms<H: Harness>(mut harness: H, seeds: u64, steps: usize) -> Summary {
    let mut sum = Summary::default();
    for seed in 0..seeds {
        match kit::run(&mut harness, seed, steps) {
            Ok(one) => {
                sum.done += one.done;
                sum.full += one.full;
                sum.cut += one.cut;
                sum.dropped += one.dropped;
                sum.opened += one.opened;
                sum.damaged += one.damaged;
            }
            Err(fault) => panic!("{fault}"),
        }
    }
    println!("{sum:?}");
    sum
}

#[test]
fn a_store_in_memory_conforms_until_power_fails() {
    let sum = conforms(Memory::new(), 20, 400);
    assert!(sum.full > 0 && sum.done > 0, "{sum:?}");
}

#[test]
fn a_store_in_a_file_conforms() {
    let sum = conforms(Files::new("conforms"), 4, 100);
    assert!(sum.damaged > 0 && sum.opened > 0, "{sum:?}");
}

#[test]
fn a_flash_that_waits_conforms() {
    for erasing in Erasing::ALL {
        for (marginal, ecc) in [(false, false), (true, false), (true, true)] {
            let behaviour = Behaviour { marginal, ecc, ..Behaviour::of(erasing) };
            let sum = conforms(waiting::<1>(behaviour), 8, 200);
            assert!(sum.cut > 0 && sum.full > 0 && sum.damaged > 0, "{sum:?}");
            conforms(waiting::<4>(behaviour), 4, 200);
            conforms(waiting::<8>(behaviour), 4, 200);
            conforms(waiting::<32>(behaviour), 4, 200);
        }
    }
}

#[test]
fn a_flash_that_awaits_conforms() {
    for erasing in Erasing::ALL {
        for marginal in [false, true] {
            let behaviour = Behaviour { marginal, ..Behaviour::of(erasing) };
            let sum = conforms(awaiting::<1>(behaviour), 4, 200);
            assert!(sum.dropped > 0 && sum.damaged > 0, "{sum:?}");
            conforms(awaiting::<8>(behaviour), 4, 200);
            conforms(awaiting::<16>(behaviour), 4, 200);
        }
    }
}
