//! Nobody fills a lock's tables alone, and a full table refuses newcomers alone.
//!
//! A quarter of nine is rounded up, half of it is rounded down.

use keyward::{Caveats, Denial, tables::Tables};
use keyward_testkit::world::START;

use crate::place::{DAY, Place, always, narrowed, spent};

const FULL: Result<(), Denial> = Err(Denial::TableFull);

#[test]
fn one_company_fills_no_more_than_a_quarter_of_the_counts() {
    always(|between| {
        let mut place = Place::<Tables<9, 9>>::new(between);
        let (company, courier) = (place.holder(), place.holder());
        let grant = place.grant(DAY);
        let held = place.by_owner(&company, &grant);
        for verdict in [Ok(()), Ok(()), Ok(()), FULL, FULL] {
            let courier = place.holder();
            let child = company.delegate(&held, &courier.public(), 2, &narrowed(1));
            assert_eq!(place.opens(&child, &courier), verdict);
        }
        let once = place.grant(DAY).uses(1).unwrap();
        let family = place.by_owner(&courier, &once);
        assert_eq!(place.opens(&family, &courier), Ok(()));
    });
}

#[test]
fn one_issuer_fills_no_more_than_half_of_the_counts() {
    always(|between| {
        let mut place = Place::<Tables<9, 9>>::new(between);
        let courier = place.holder();
        let once = place.grant(DAY).uses(1).unwrap();
        for verdict in [Ok(()), Ok(()), Ok(()), Ok(()), FULL, FULL] {
            let stolen = place.by_agency(&courier, &once);
            assert_eq!(place.opens(&stolen, &courier), verdict);
        }
        for verdict in [Ok(()), Ok(()), Ok(()), Ok(()), FULL] {
            let family = place.by_owner(&courier, &once);
            assert_eq!(place.opens(&family, &courier), verdict);
        }
    });
}

#[test]
fn one_company_fills_no_more_than_a_quarter_of_the_lanes() {
    always(|between| {
        let mut place = Place::<Tables<9, 9>>::new(between);
        let company = place.holder();
        let grant = place.grant(DAY);
        let held = place.by_owner(&company, &grant);
        for verdict in [Ok(()), Ok(()), Ok(()), FULL, FULL] {
            let courier = place.holder();
            let child = company.delegate(&held, &courier.public(), 2, &Caveats::narrowing());
            assert_eq!(place.message(&child, &courier, 7, START), verdict);
        }
        let grandmother = place.holder();
        let family = place.by_owner(&grandmother, &grant);
        assert_eq!(place.message(&family, &grandmother, 7, START), Ok(()));
    });
}

#[test]
fn one_issuer_fills_no_more_than_half_of_the_lanes() {
    always(|between| {
        let mut place = Place::<Tables<9, 9>>::new(between);
        let grant = place.grant(DAY);
        for verdict in [Ok(()), Ok(()), Ok(()), Ok(()), FULL, FULL] {
            let thief = place.holder();
            let stolen = place.by_agency(&thief, &grant);
            assert_eq!(place.message(&stolen, &thief, 7, START), verdict);
        }
        for verdict in [Ok(()), Ok(()), Ok(()), Ok(()), FULL] {
            let grandmother = place.holder();
            let family = place.by_owner(&grandmother, &grant);
            assert_eq!(place.message(&family, &grandmother, 7, START), verdict);
        }
    });
}

#[test]
fn a_full_table_refuses_newcomers_alone_until_an_entry_ends() {
    always(|between| {
        let mut place = Place::<Tables<4, 4>>::new(between);
        let courier = place.holder();
        let brief = place.grant(500).uses(2).unwrap();
        let twice = place.grant(DAY).uses(2).unwrap();
        let first = place.by_owner(&courier, &brief);
        let held = [
            place.by_owner(&courier, &twice),
            place.by_agency(&courier, &twice),
            place.by_agency(&courier, &twice),
        ];
        assert_eq!(place.opens(&first, &courier), Ok(()));
        for held in &held {
            assert_eq!(place.opens(held, &courier), Ok(()));
        }
        let newcomers = [
            place.by_owner(&courier, &twice),
            place.by_agency(&courier, &twice),
            // Who has nothing there finds no room either.
            place.by_clinic(&courier, &twice),
        ];
        for newcomer in &newcomers {
            assert_eq!(place.opens(newcomer, &courier), FULL);
            assert_eq!(place.spent(newcomer), 0);
        }
        assert_eq!(place.remembered(), (4, 0));
        // What counts nothing opens, by a session or by a message.
        let grant = place.grant(DAY);
        let uncounted = place.by_owner(&courier, &grant);
        assert_eq!(place.opens(&uncounted, &courier), Ok(()));
        assert_eq!(place.message(&uncounted, &courier, 1, START), Ok(()));
        // What is counted already goes on.
        assert_eq!(place.opens(&held[0], &courier), Ok(()));
        assert_eq!(place.opens(&held[0], &courier), spent(0, 2));
        // Time that nobody has signed makes no room.
        place.wait(500);
        assert_eq!(place.opens(&newcomers[0], &courier), FULL);
        place.status(START.after(499));
        assert_eq!(place.opens(&newcomers[0], &courier), FULL);
        place.status(START.after(500));
        assert_eq!(place.opens(&newcomers[1], &courier), FULL, "the agency has its half");
        assert_eq!(place.opens(&newcomers[2], &courier), Ok(()));
        assert_eq!(place.opens(&newcomers[0], &courier), FULL, "full again");
        assert_eq!(place.opens(&first, &courier).map_err(|denial| denial.code()), Err(421));
        for held in &held[1..] {
            assert_eq!(place.opens(held, &courier), Ok(()));
            assert_eq!(place.opens(held, &courier), spent(0, 2));
        }
    });
}

#[test]
fn a_requests_own_status_raises_the_floor_that_makes_room_and_never_lowers_it() {
    let (late, end) = (START.after(499), START.after(500));
    for (own, before) in [(end, START), (START.after(1), end)] {
        always(|between| {
            let mut place = Place::<Tables<4, 4>>::new(between);
            let courier = place.holder();
            let brief = place.grant(500).uses(1).unwrap();
            let once = place.grant(DAY).uses(1).unwrap();
            for _ in 0..2 {
                let held = place.by_owner(&courier, &brief);
                assert_eq!(place.opens(&held, &courier), Ok(()));
            }
            place.wait(500);
            let newcomer = place.by_owner(&courier, &once);
            assert_eq!(place.opens_with(&newcomer, &courier, late), FULL);
            assert_eq!(place.floor(), START, "what is refused leaves the memory as it was");
            if before > START {
                place.status(before);
            }
            assert_eq!(place.opens_with(&newcomer, &courier, own), Ok(()));
            assert_eq!(place.floor(), end);
        });
    }
}
