//! Models that an argument rests on, each beside a weakened one that must fail.

mod explore;
mod verifpal;
mod widen;

type Part = (&'static str, fn(bool) -> Result<(), String>);

const PARTS: &[Part] =
    &[("verifpal", verifpal::run), ("widen", widen::run), ("explore", explore::run)];

const USAGE: &str = "usage: cargo xtask models [verifpal|widen|explore] [--long]";

/// Runs all models, or those that are named; with `--long` over their whole universe.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let (flags, names): (Vec<_>, Vec<_>) =
        arguments.iter().partition(|argument| argument.starts_with('-'));
    let known = |name: &&String| PARTS.iter().any(|(part, _)| part == name);
    if flags.iter().any(|flag| *flag != "--long") || !names.iter().all(known) {
        return Err(USAGE.into());
    }
    let wanted = |name: &str| names.is_empty() || names.iter().any(|part| *part == name);
    for (_, run) in PARTS.iter().filter(|(name, _)| wanted(name)) {
        run(!flags.is_empty())?;
    }
    Ok(())
}
