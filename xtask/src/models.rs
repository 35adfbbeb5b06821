//! Models that an argument rests on, each beside a weakened one that must fail.

mod explore;
mod model_text;
mod verifpal;
mod widen;

type Part = (&'static str, fn(Size) -> Result<(), String>);

/// How much of a universe is gone through, where a part has more than one size.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Size {
    /// Within a minute.
    Short,
    Usual,
    Long,
}

const PARTS: &[Part] =
    &[("verifpal", verifpal::run), ("widen", widen::run), ("explore", explore::run)];

const USAGE: &str = "usage: cargo xtask models [verifpal|widen|explore] [--short|--long]";

/// Runs all models, or those that are named; with `--long` over their whole universe, with `--short`
/// over as much as takes a minute.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let (flags, names): (Vec<_>, Vec<_>) =
        arguments.iter().partition(|argument| argument.starts_with('-'));
    let known = |name: &&String| PARTS.iter().any(|(part, _)| part == name);
    let size = match flags.as_slice() {
        [] => Size::Usual,
        [flag] if *flag == "--short" => Size::Short,
        [flag] if *flag == "--long" => Size::Long,
        _ => return Err(USAGE.into()),
    };
    if !names.iter().all(known) {
        return Err(USAGE.into());
    }
    let wanted = |name: &str| names.is_empty() || names.iter().any(|part| *part == name);
    for (_, run) in PARTS.iter().filter(|(name, _)| wanted(name)) {
        run(size)?;
    }
    Ok(())
}
