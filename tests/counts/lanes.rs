//! A lane goes when all that it has taken is late, and not a second before.

use keyward::{Denial, replay::CounterFault, tables::Tables};
use keyward_testkit::world::START;

use crate::place::{DAY, Place, always};

const FULL: Result<(), Denial> = Err(Denial::TableFull);
const SEEN: Result<(), Denial> = Err(Denial::CounterRefused(CounterFault::Seen));

#[test]
fn a_lane_goes_only_when_all_that_it_has_taken_is_late() {
    always(|between| {
        let mut place = Place::<Tables<4, 4>>::new(between);
        let [alice, bob, carol] = [(); 3].map(|()| place.holder());
        let grant = place.grant(DAY);
        let held = [&alice, &bob, &carol].map(|holder| place.by_agency(holder, &grant));
        let latest = START.after(100);
        place.wait(100);
        assert_eq!(place.message(&held[0], &alice, 10, latest), Ok(()));
        // An earlier time doesn't make the lane end earlier.
        assert_eq!(place.message(&held[0], &alice, 11, START), Ok(()));
        assert_eq!(place.message(&held[1], &bob, 10, latest), Ok(()));
        place.wait(900);
        for at in [899, 900, 901].map(|seconds| START.after(seconds)) {
            place.status(at);
            assert_eq!(place.message(&held[2], &carol, 1, latest), FULL, "{at:?}");
            assert_eq!(place.message(&held[0], &alice, 10, latest), SEEN, "{at:?}");
        }
        let end = latest.after(900);
        place.status(end);
        assert_eq!(place.message(&held[2], &carol, 1, end), FULL, "not when it is equal");
        assert_eq!(place.message(&held[0], &alice, 10, latest), SEEN, "nor late yet");
        place.wait(1);
        place.status(end.after(1));
        assert_eq!(place.message(&held[2], &carol, 1, end), Ok(()));
        for clock in [place.clock, latest, START] {
            place.clock = clock;
            for counter in [10, 11] {
                let late = Denial::RequestLate { hi: end.after(1), time: latest };
                assert_eq!(place.message(&held[0], &alice, counter, latest), Err(late));
            }
        }
    });
}

#[test]
fn a_lane_stays_as_long_as_the_latest_that_it_has_taken() {
    always(|between| {
        let mut place = Place::<Tables<4, 4>>::new(between);
        let [alice, bob] = [(); 2].map(|()| place.holder());
        let grant = place.grant(DAY);
        let held = [&alice, &bob].map(|holder| place.by_agency(holder, &grant));
        assert_eq!(place.message(&held[0], &alice, 10, START), Ok(()));
        place.wait(100);
        let latest = START.after(100);
        assert_eq!(place.message(&held[0], &alice, 11, latest), Ok(()));
        // The first is late by now, the second is not; a newcomer drives out what is over.
        place.wait(801);
        place.status(START.after(901));
        assert_eq!(place.message(&held[1], &bob, 1, place.clock), Ok(()));
        assert_eq!(place.message(&held[0], &alice, 11, latest), SEEN);
    });
}

#[test]
fn a_holder_whose_lane_is_over_needs_room_like_a_new_one() {
    always(|between| {
        let mut place = Place::<Tables<4, 4>>::new(between);
        let [alice, bob, carol] = [(); 3].map(|()| place.holder());
        let grant = place.grant(DAY);
        let own = place.by_owner(&alice, &grant);
        let stolen = [&alice, &bob, &carol].map(|holder| place.by_agency(holder, &grant));
        assert_eq!(place.message(&own, &alice, 1, START), Ok(()));
        place.wait(901);
        for (held, holder) in [(&stolen[1], &bob), (&stolen[2], &carol)] {
            assert_eq!(place.message(held, holder, 1, place.clock), Ok(()));
        }
        place.status(place.clock);
        assert_eq!(place.message(&stolen[0], &alice, 2, place.clock), FULL, "half is the agency's");
        assert_eq!(place.message(&own, &alice, 2, place.clock), Ok(()));
    });
}
