//! The templates of the in-home delivery: who comes into a home, and on which conditions.
//!
//! They are examples to start from; each is checked like anybody's.

use keyward::{
    Right, Rights, Seconds,
    schedule::{Weekdays, Window},
};

use super::{Template, TemplateError};

/// A delivery company: for a year, at one door and its way in, never without the cameras' agreement,
/// to be passed on twice (to a sub-contractor, to a courier).
///
/// # Errors
/// None.
pub fn company() -> Result<Template, TemplateError> {
    Template::new("delivery company", Rights::of(Right::UNLOCK), Seconds::days(365))
        .targets(2)
        .depth(2)
        .witness_of_visit(1, 2)
        .max_open(Seconds::minutes(5))
        .checked()
}

/// A courier, by his company: one parcel within 15 minutes, booked at most a day ahead.
///
/// # Errors
/// None.
pub fn courier() -> Result<Template, TemplateError> {
    Template::new("courier", Rights::of(Right::UNLOCK), Seconds::minutes(15))
        .ahead(Seconds::days(1))
        .targets(2)
        .uses(1)
        .max_open(Seconds::minutes(2))
        .checked()
}

/// A cleaner: for half a year, on one morning a week from 8 to 13, and not on the dates that a visit
/// names; the lock must have heard of its domain within two days.
///
/// # Errors
/// [`TemplateError::Encode`] for a day that isn't one day or more of the week.
pub fn cleaner(day: Weekdays) -> Result<Template, TemplateError> {
    let morning = Window::weekly(day, 8 * 60, 5 * 60);
    Template::new("cleaner", Rights::of(Right::UNLOCK).and(Right::LOCK), Seconds::days(183))
        .ahead(Seconds::days(31))
        .targets(2)
        .schedule(&[morning], &[])
        .fresh(Seconds::days(2))
        .checked()
}

/// A guest: for up to four weeks, booked up to a year ahead; can let one person more in.
///
/// # Errors
/// None.
pub fn guest() -> Result<Template, TemplateError> {
    Template::new("guest", Rights::of(Right::UNLOCK).and(Right::LOCK), Seconds::days(28))
        .ahead(Seconds::days(365))
        .targets(4)
        .depth(1)
        .checked()
}
