//! Excepted dates of a schedule (SPEC.md section 7.8).

use jiff::civil::Date;
use keyward::{limits::MAX_EXCEPTION_DAYS, schedule::Dates};

use super::{day, misread::Misread};

/// Reads one day, or the first and the last of several.
pub(super) fn read(text: &str, today: Date) -> Result<Dates, Misread> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let read = |text: &str| day::read(text.trim(), today, EXAMPLES);
    let (first, last) = (read(first)?, read(last)?);
    let misread = |why| Misread::new(text, why, EXAMPLES);
    if last < first {
        return Err(misread("it ends before it begins"));
    }
    let ends = day::since_epoch(first).zip(day::since_epoch(last));
    let (first, last) = ends.ok_or_else(|| misread("dates begin in 1970"))?;
    // Both ends count.
    match u16::try_from(last.saturating_sub(first).saturating_add(1)) {
        Ok(days @ 1..=MAX_EXCEPTION_DAYS) => Ok(Dates { first, days }),
        _ => Err(misread("one range has at most 366 days")),
    }
}

const EXAMPLES: &str = "2026-12-24 or 2026-12-24..2027-01-02";
