//! The signature check against `verify_strict`, at length.

use keyward_testkit::strict;

/// Compares a million signatures, or as many as are asked for.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let count = match arguments.first() {
        Some(number) => number.parse().map_err(|_| format!("{number}: not a number"))?,
        None => 1_000_000,
    };
    println!("Random, mutated and crafted signatures, each by keyward and by verify_strict.");
    let mut next = 0;
    let report = strict::run(count, 2, |done| {
        if done >= next {
            println!("  {done} of {count}");
            next += count.div_ceil(10);
        }
    });
    println!("signatures: {}", report.signatures);
    println!("accepted: {}", report.accepted);
    println!("taken_by_plain_verify_alone: {}", report.lenient);
    println!("refused_non_canonical_keys: {}", report.refused_keys);
    println!("disagreements: {}", report.disagreements);
    if report.disagreements == 0 { Ok(()) } else { Err("the accepted sets differ".into()) }
}
