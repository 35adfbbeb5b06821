//! That a link or caveat more never widens, by enumeration.

use std::time::Instant;

use keyward_testkit::widen;

use super::Size;

/// Judges chains of a small universe in all its contexts; the whole one has three links too.
///
/// # Errors
/// Where one widens, a caveat decides nothing, or a faulty verifier isn't found.
pub(super) fn run(size: Size) -> Result<(), String> {
    let begun = Instant::now();
    let report = widen::run(size == Size::Long);
    println!("chains: {}, contexts: {}", report.chains, report.contexts);
    println!("verdicts that permit: {}, pairs compared: {}", report.permitted, report.pairs);
    println!("widened: {}", report.widened);
    println!("control_widened: {}", report.control);
    println!("{:.0} s", begun.elapsed().as_secs_f64());
    if !report.idle.is_empty() {
        return Err(format!("decide nothing here: {:?}", report.idle));
    }
    if report.widened > 0 {
        return Err(format!("{} times a chain was wider than one with less", report.widened));
    }
    if report.control == 0 {
        return Err("a verifier that forgets links was not found".into());
    }
    Ok(())
}
