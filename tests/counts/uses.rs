//! What was spent stays spent, for as long as any token could spend it again.

use keyward::{
    Caveats, Denial, Seconds, Time, Valid, caveat::FirstUse, denial::Place as Of,
    replay::CounterFault,
};
use keyward_testkit::world::START;

use crate::place::{Between, DAY, LONG, Place, always, clerk, narrowed, spent};

type Home = keyward::lock::Home;
type Small = keyward::tables::Tables<4, 4>;

#[test]
fn a_short_lived_child_gives_no_use_back() {
    always(|between| {
        let mut place = Place::<Home>::new(between);
        let [company, courier, guest] = [(); 3].map(|()| place.holder());
        let grant = place.grant(DAY).uses(3).unwrap();
        let held = place.by_owner(&company, &grant);
        let child = company.delegate(&held, &courier.public(), 2, &narrowed(2));
        let brief = Valid { from: START, lasts: Seconds(60) };
        let brief = narrowed(1).valid(brief).unwrap();
        let grandchild = courier.delegate(&child, &guest.public(), 1, &brief);
        assert_eq!(place.opens(&grandchild, &guest), Ok(()));
        place.wait(60);
        place.status(START.after(60));
        let other = place.grant(DAY).uses(1).unwrap();
        let other = place.by_agency(&guest, &other);
        assert_eq!(place.opens(&other, &guest), Ok(()), "the table changes");
        assert_eq!(place.remembered().0, 3, "all but the grandchild's");
        let over = Denial::Expired { place: Of::Link(2), lo: place.clock, until: place.clock };
        assert_eq!(place.opens(&grandchild, &guest), Err(over));
        assert_eq!(place.opens(&child, &courier), Ok(()));
        let longer = Valid { from: START, lasts: Seconds(600) };
        let longer = Caveats::narrowing().valid(longer).unwrap();
        let another = courier.delegate(&child, &guest.public(), 1, &longer);
        assert_eq!(place.opens(&another, &guest), spent(1, 2));
        assert_eq!(place.opens(&held, &company), Ok(()));
        assert_eq!(place.opens(&held, &company), spent(0, 3));
    });
}

#[test]
fn an_issuer_whose_validity_a_keyset_prolongs_gives_no_use_back() {
    always(|between| {
        let mut place = Place::<Home>::with_agency(between, 3_600);
        let courier = place.holder();
        let once = place.grant(DAY).uses(1).unwrap();
        let held = place.by_agency(&courier, &once);
        assert_eq!(place.opens(&held, &courier), Ok(()));
        place.wait(7_200);
        place.status(place.clock);
        let other = place.by_owner(&courier, &once);
        assert_eq!(place.opens(&other, &courier), Ok(()), "the table changes");
        let (lo, until) = (place.clock, START.after(3_600));
        let over = Denial::Expired { place: Of::Issuer, lo, until };
        assert_eq!(place.opens(&held, &courier), Err(over));
        place.owner.others = vec![clerk(&place.agency, DAY)];
        place.owner.publish_keyset(place.clock);
        place.visit();
        assert_eq!(place.opens(&held, &courier), spent(0, 1));
    });
}

/// Within 1000 seconds, and 100 seconds long.
const FIRST: FirstUse = FirstUse { by: Time(START.0 + 1_000), lasts: Seconds(100) };

fn over(place: &Place<impl keyward::tables::Capacity>) -> Result<(), Denial> {
    let (hi, until) = (Some(place.clock), START.after(100));
    Err(Denial::FirstUseOver { link: 0, hi, until })
}

#[test]
fn a_first_use_is_remembered_behind_its_period_and_its_last_day() {
    always(|between| {
        let mut place = Place::<Home>::new(between);
        let courier = place.holder();
        let first = place.grant(DAY).first_use(FIRST).unwrap();
        let held = place.by_owner(&courier, &first);
        assert_eq!(place.opens(&held, &courier), Ok(()));
        for wait in [101, 899, 1_000] {
            place.wait(wait);
            place.status(place.clock);
            let other = place.grant(DAY).uses(1).unwrap();
            let other = place.by_agency(&courier, &other);
            assert_eq!(place.opens(&other, &courier), Ok(()), "the table changes");
            assert_eq!(place.opens(&held, &courier), over(&place));
        }
    });
}

#[test]
fn a_first_use_is_remembered_in_a_table_that_is_full() {
    always(|between| {
        let mut place = Place::<Small>::new(between);
        let courier = place.holder();
        let first = place.grant(DAY).first_use(FIRST).unwrap();
        let held = place.by_owner(&courier, &first);
        assert_eq!(place.opens(&held, &courier), Ok(()));
        let once = place.grant(DAY).uses(1).unwrap();
        for (by_agency, verdict) in [
            (false, Ok(())),
            (true, Ok(())),
            (true, Ok(())),
            (true, Err(Denial::TableFull)),
            (false, Err(Denial::TableFull)),
        ] {
            let other = match by_agency {
                true => place.by_agency(&courier, &once),
                false => place.by_owner(&courier, &once),
            };
            assert_eq!(place.opens(&other, &courier), verdict);
        }
        place.wait(100);
        assert_eq!(place.opens(&held, &courier), Ok(()));
        place.wait(1);
        assert_eq!(place.opens(&held, &courier), over(&place));
    });
}

#[test]
fn the_hosts_clock_makes_a_lock_forget_nothing() {
    let ten_years = u64::from(10 * 365 * DAY);
    always(|between| {
        let mut place = Place::<Home>::new(between);
        let courier = place.holder();
        let grant = place.grant(LONG);
        let once = grant.clone().uses(1).unwrap();
        let (held, sent) = (place.by_agency(&courier, &once), place.by_agency(&courier, &grant));
        let brief = place.grant(60).uses(1).unwrap();
        let brief = place.by_agency(&courier, &brief);
        assert_eq!(place.opens(&held, &courier), Ok(()));
        assert_eq!(place.opens(&brief, &courier), Ok(()));
        assert_eq!(place.message(&sent, &courier, 5, START), Ok(()));
        for clock in [START.0 + ten_years, START.0 - ten_years, START.0] {
            place.clock = Time(clock);
            let present = place.clock.max(START);
            let guest = place.holder();
            let (other, message) =
                (place.by_agency(&guest, &once), place.by_agency(&guest, &grant));
            assert_eq!(place.opens(&other, &guest), Ok(()), "the counts change");
            assert_eq!(place.message(&message, &guest, 1, present), Ok(()), "the lanes change");
            assert_eq!(place.opens(&held, &courier), spent(0, 1));
            assert_eq!(place.floor(), START);
        }
        assert_eq!(place.opens(&brief, &courier), spent(0, 1));
        let seen = Err(Denial::CounterRefused(CounterFault::Seen));
        assert_eq!(place.message(&sent, &courier, 5, START), seen);
        assert_eq!(place.remembered(), (5, 4));
    });
}

#[test]
fn an_entry_ends_by_a_signed_time_of_any_kind() {
    for kind in ["status", "list", "keyset"] {
        always(|between| {
            let mut place = Place::<Small>::new(between);
            let courier = place.holder();
            let brief = place.grant(1_000).uses(1).unwrap();
            let once = place.grant(DAY).uses(1).unwrap();
            for _ in 0..2 {
                let held = place.by_owner(&courier, &brief);
                assert_eq!(place.opens(&held, &courier), Ok(()));
            }
            let held = place.by_owner(&courier, &once);
            for (wait, verdict) in [(999, Err(Denial::TableFull)), (1, Ok(()))] {
                place.wait(wait);
                assert_eq!(place.opens(&held, &courier), Err(Denial::TableFull), "{kind}");
                let at = place.clock;
                match kind {
                    "status" => place.status(at),
                    "list" => place.owner.publish_list(at),
                    _ => place.owner.publish_keyset(at),
                }
                place.visit();
                assert_eq!(place.floor(), at, "{kind}");
                assert_eq!(place.opens(&held, &courier), verdict, "{kind}");
            }
        });
    }
}

#[test]
fn of_two_sessions_with_one_use_one_commits() {
    always(|between| {
        let mut place = Place::<Home>::new(between);
        let courier = place.holder();
        let once = place.grant(DAY).uses(1).unwrap();
        let held = place.by_owner(&courier, &once);
        place.step();
        let mut sessions = [(); 3].map(|()| place.session(&held, &courier));
        let now = place.now();
        // Each would be accepted; one that isn't committed spends its challenge alone.
        let [(dropped, bytes), (first, one), (second, other)] = &mut sessions;
        let presentation = keyward::Presentation::decode(bytes).unwrap();
        assert!(place.door().lock.verify(dropped, &presentation, now).is_ok());
        assert_eq!(place.opens_over(first, one), Ok(()));
        place.step();
        let denied = match between {
            Between::Nothing => spent(0, 1),
            // A restart ends all sessions.
            Between::Restart | Between::NewLog => Err(Denial::NoChallenge),
        };
        assert_eq!(place.opens_over(second, other), denied);
        assert_eq!(place.opens(&held, &courier), spent(0, 1));
        assert_eq!(place.spent(&held), 1);
    });
}
