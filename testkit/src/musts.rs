//! Scenes for the caveats and rules of SPEC.md that the catalogue and the edges show fewer than
//! twice: each is denied by one rule, and accepted where that is mended.

use keyward::{
    Channel, Right, Roles, Target, Time,
    caveat::Channels,
    id::Serial,
    ledger::Uses,
    policy::AppVerdict,
    schedule::{Dates, Weekdays, Window},
    status::SerialFloor,
};

use crate::{
    edges::{Edge, case},
    scene::{
        ATTESTER, Attested, EMERGENCY, GROUP, HOLDER, ISSUER, Link, Mode, OTHER_GROUP, OTHER_LOCK,
        Scene, WITNESS, issuer_id, key_name,
    },
    world::START,
};

const T: u64 = START.0;

/// All scenes.
pub fn cases() -> Vec<Edge> {
    [admission(), statuses(), revocation(), rights_and_targets(), times(), schedules()]
        .into_iter()
        .chain([uses(), witnesses(), fresh(), channels_and_app(), unchallenged_times()])
        .flatten()
        .collect()
}

fn three(scene: &mut Scene) {
    scene.links = vec![Link::grant(2), Link::plain(1), Link::plain(0)];
}

fn emergency(scene: &mut Scene) {
    scene.issuer = EMERGENCY;
}

fn unchallenged(scene: &mut Scene) {
    scene.accepts_unchallenged = true;
    scene.mode = Mode::Unchallenged { counter: T, time: T + 30, expires: T + 120 };
}

fn over(channel: Channel) -> Mode {
    Mode::Challenged { age: Some(1000), channel }
}

fn nonce(at: u64) -> Option<Attested> {
    Some(Attested { over_nonce: true, ..Attested::new(at) })
}

fn admission() -> Vec<Edge> {
    vec![
        case("admission/no_challenge_for_break_glass", Err(210), |scene| {
            emergency(scene);
            scene.mode = Mode::Challenged { age: None, channel: Channel::Radio };
        })
        .unless(|scene| scene.mode = over(Channel::Radio)),
        case("admission/unchallenged_refused_with_a_status", Err(212), |scene| {
            unchallenged(scene);
            scene.status = Some(Attested::new(T + 30));
            scene.accepts_unchallenged = false;
        })
        .unless(|scene| scene.accepts_unchallenged = true),
        case("admission/unchallenged_to_lock", Err(213), |scene| {
            unchallenged(scene);
            scene.links[0].rights = Some(3);
            scene.right = Right::LOCK;
        })
        .unless(|scene| scene.right = Right::UNLOCK),
        case("admission/limits_with_a_byte_more", Err(202), |scene| {
            scene.entries[0].limits = vec![0, 0];
        })
        .unless(|scene| scene.entries[0].limits = vec![0]),
        case("admission/emergency_to_hold_open", Err(221), |scene| {
            emergency(scene);
            scene.links[0].rights = Some(7);
            scene.right = Right::HOLD_OPEN;
        })
        .unless(|scene| scene.right = Right::UNLOCK),
        case("admission/emergency_unchallenged_with_a_status", Err(222), |scene| {
            emergency(scene);
            unchallenged(scene);
            scene.status = Some(Attested::new(T + 30));
        })
        .unless(|scene| scene.mode = over(Channel::Remote)),
    ]
}

fn statuses() -> Vec<Edge> {
    vec![
        case("status/of_an_older_epoch", Err(230), |scene| {
            scene.status = Some(Attested { epoch: 0, ..Attested::new(T + 30) });
        })
        .unless(|scene| scene.status = Some(Attested::new(T + 30))),
        case("status/of_an_issuer_that_only_issues", Err(232), |scene| {
            scene.status = Some(Attested { by: ISSUER, ..Attested::new(T + 30) });
        })
        .unless(|scene| scene.entries[0].roles = Roles::ISSUE.and(Roles::ATTEST)),
        case("status/of_one_who_revokes_and_enrols", Err(232), |scene| {
            scene.status = Some(Attested::new(T + 30));
            scene.entries[1].roles = Roles::REVOKE.and(Roles::ENROL);
        })
        .unless(|scene| scene.entries[1].roles = Roles::REVOKE.and(Roles::ATTEST)),
        case("status/over_a_nonce_with_a_counter_that_is_new", Err(233), |scene| {
            unchallenged(scene);
            scene.highest = Some(T - 1);
            scene.status = nonce(T + 30);
        })
        .unless(|scene| scene.status = Some(Attested::new(T + 30))),
        case("status/unneeded_and_before_its_signer", Err(454), |scene| {
            scene.status = Some(Attested::new(T - 86_401));
        })
        .unless(|scene| scene.status = Some(Attested::new(T - 86_400))),
    ]
}

fn revocation() -> Vec<Edge> {
    let floor = |first| vec![SerialFloor { issuer: issuer_id(ISSUER), first: Serial(first) }];
    vec![
        case("revoked/serial_0_below_the_least_floor", Err(400), |scene| {
            scene.serial = 0;
            scene.floors = floor(1);
        })
        .unless(|scene| scene.serial = 1),
        case("revoked/serial_below_the_greatest_floor", Err(400), |scene| {
            scene.serial = u64::MAX - 1;
            scene.floors = floor(u64::MAX);
        })
        .unless(|scene| scene.serial = u64::MAX),
        case("revoked/floor_of_another_issuer", Ok(()), |scene| {
            let first = Serial(u64::MAX);
            scene.floors = vec![SerialFloor { issuer: issuer_id(ATTESTER), first }];
        }),
        case("revoked/first_link", Err(401), |scene| {
            three(scene);
            scene.revoked = vec![scene.link_ids()[0].into()];
        })
        .unless(|scene| scene.revoked = Vec::new()),
        case("revoked/leaf", Err(401), |scene| {
            three(scene);
            scene.revoked = vec![scene.link_ids()[2].into()];
        })
        .unless(|scene| {
            // The chain above the revoked link still opens for its own holder.
            let _leaf = scene.links.pop();
        }),
        case("revoked/grantee_of_break_glass", Err(402), |scene| {
            emergency(scene);
            scene.revoked = vec![key_name(HOLDER).into()];
        })
        .unless(|scene| scene.revoked = vec![key_name(HOLDER + 1).into()]),
        case("revoked/witness_beside_one_that_suffices", Err(403), |scene| {
            scene.links[0].witness = Some((1, vec![WITNESS, WITNESS + 1]));
            scene.witnesses = vec![WITNESS, WITNESS + 1];
            scene.revoked = vec![key_name(WITNESS + 1).into()];
        })
        .unless(|scene| scene.witnesses = vec![WITNESS]),
    ]
}

fn rights_and_targets() -> Vec<Edge> {
    vec![
        case("caveat/rights_the_highest", Ok(()), |scene| {
            scene.links[0].rights = Some(1 << 31);
            scene.right = Right::new(31).unwrap();
        }),
        case("caveat/rights_to_hold_open_open_nothing_once", Err(410), |scene| {
            scene.links[0].rights = Some(4);
        })
        .unless(|scene| scene.right = Right::HOLD_OPEN),
        case("caveat/target_group_with_the_name_of_the_lock", Err(411), |scene| {
            let same = keyward::id::GroupId(crate::scene::LOCK.0);
            scene.links[0].targets = Some(vec![Target::Group(same)]);
        })
        .unless(|scene| scene.links[0].targets = Some(vec![Target::Group(GROUP)])),
        case("caveat/target_lock_with_the_name_of_the_group", Err(411), |scene| {
            let same = keyward::id::LockId(GROUP.0);
            scene.links[0].targets = Some(vec![Target::Lock(same)]);
        })
        .unless(|scene| scene.links[0].targets = Some(vec![Target::Lock(crate::scene::LOCK)])),
        case("caveat/target_group_of_a_lock_in_two", Ok(()), |scene| {
            scene.groups = vec![OTHER_GROUP, GROUP];
            let targets = vec![Target::Lock(OTHER_LOCK), Target::Group(GROUP)];
            scene.links[0].targets = Some(targets);
        }),
    ]
}

fn times() -> Vec<Edge> {
    vec![
        case("caveat/max_open_of_a_later_link", Ok(()), |scene| {
            three(scene);
            scene.links[0].max_open = Some(60);
            scene.links[2].max_open = Some(5);
        }),
        case("caveat/max_open_of_a_later_link_cannot_lengthen", Ok(()), |scene| {
            three(scene);
            scene.links[0].max_open = Some(5);
            scene.links[2].max_open = Some(u32::MAX);
        }),
        case("caveat/valid_of_the_issuer_not_proven_to_last", Err(422), |scene| {
            scene.entries[0].until = T + 100;
            scene.hi = Some(T + 100);
        })
        .unless(|scene| scene.hi = Some(T + 99)),
        case("caveat/first_use_perhaps_too_late", Err(431), |scene| {
            scene.links[0].first_use = Some((T + 65, 60));
            scene.hi = Some(T + 65);
        })
        .unless(|scene| scene.hi = Some(T + 64)),
        case("caveat/first_use_of_a_later_link_too_late", Err(431), |scene| {
            three(scene);
            scene.links[2].first_use = Some((T + 30, 900));
        })
        .unless(|scene| scene.links[2].first_use = Some((T + 61, 900))),
        case("caveat/first_use_perhaps_over", Err(432), |scene| {
            scene.links[0].first_use = Some((T + 1, 60));
            scene.history.insert(0, Uses { spent: 1, first: Some(Time(T)) });
            scene.hi = Some(T + 90);
        })
        .unless(|scene| scene.links[0].first_use = Some((T + 1, 90))),
    ]
}

fn schedules() -> Vec<Edge> {
    // T is Tuesday, 10:00, in the scene's zone; the window began on Monday at 22:00.
    let today = u32::try_from(T / 86_400).unwrap();
    let night = |first| {
        Some((vec![Window::weekly(Weekdays::day(0), 22 * 60, 780)], vec![Dates { first, days: 1 }]))
    };
    let always = || Some((vec![Window::weekly(Weekdays::ALL, 0, 1440)], Vec::new()));
    vec![
        case("caveat/schedule_excepted_after_midnight", Err(424), |scene| {
            scene.links[0].schedule = night(today);
        })
        .unless(|scene| scene.links[0].schedule = night(today - 1)),
        case("caveat/schedule_excepted_by_a_later_link", Err(424), |scene| {
            three(scene);
            scene.links[1].schedule = always();
            scene.links[1].schedule.as_mut().unwrap().1 =
                vec![Dates { first: today - 30, days: 31 }];
        })
        .unless(|scene| {
            scene.links[1].schedule.as_mut().unwrap().1[0].days = 30;
        }),
        case("caveat/schedule_of_break_glass_without_a_clock", Err(426), |scene| {
            emergency(scene);
            scene.links[0].schedule = always();
            scene.hi = None;
        })
        .unless(|scene| scene.hi = Some(scene.lo)),
    ]
}

fn uses() -> Vec<Edge> {
    let spent = |spent| Uses { spent, first: Some(Time(T)) };
    vec![
        case("caveat/uses_the_last_of_three", Ok(()), |scene| {
            scene.links[0].uses = Some(3);
            scene.history.insert(0, spent(2));
        }),
        case("caveat/uses_whatever_the_right", Err(430), |scene| {
            scene.links[0].rights = Some(1 << Right::STATUS.bit());
            scene.right = Right::STATUS;
            scene.links[0].uses = Some(1);
            scene.history.insert(0, spent(1));
        })
        .unless(|scene| scene.history.clear()),
        case("caveat/uses_that_a_later_link_cannot_renew", Err(430), |scene| {
            three(scene);
            scene.links[0].uses = Some(2);
            scene.links[2].uses = Some(9);
            scene.history.insert(0, spent(2));
        })
        .unless(|scene| {
            scene.history.insert(0, spent(1));
        }),
    ]
}

fn witnesses() -> Vec<Edge> {
    vec![
        case("caveat/witness_two_of_three", Ok(()), |scene| {
            scene.links[0].witness = Some((2, vec![WITNESS, WITNESS + 1, WITNESS + 2]));
            scene.witnesses = vec![WITNESS, WITNESS + 2];
        }),
        case("caveat/witness_of_each_link_named_apart", Err(441), |scene| {
            three(scene);
            scene.links[0].witness = Some((1, vec![WITNESS]));
            scene.links[1].witness = Some((1, vec![WITNESS + 1]));
            scene.witnesses = vec![WITNESS];
        })
        .unless(|scene| scene.witnesses.push(WITNESS + 1)),
        case("caveat/witness_that_agreed_and_no_challenge", Err(442), |scene| {
            unchallenged(scene);
            scene.links[0].witness = Some((1, vec![WITNESS]));
            scene.witnesses = vec![WITNESS];
        })
        .unless(|scene| scene.mode = over(Channel::Remote)),
    ]
}

fn fresh() -> Vec<Edge> {
    let status = |at| Some(Attested::new(at));
    vec![
        case("caveat/fresh_of_a_later_link_without_a_status", Err(450), |scene| {
            three(scene);
            scene.links[2].fresh = Some(60);
        })
        .unless(|scene| scene.status = Some(Attested::new(T + 30))),
        case("caveat/fresh_perhaps_no_longer", Err(451), |scene| {
            scene.links[0].fresh = Some(60);
            scene.status = status(T + 30);
            scene.hi = Some(T + 91);
        })
        .unless(|scene| scene.hi = Some(T + 90)),
        case("caveat/fresh_of_break_glass_without_a_clock", Err(451), |scene| {
            emergency(scene);
            scene.links[0].fresh = Some(60);
            scene.status = status(T + 60);
            scene.hi = None;
        })
        .unless(|scene| scene.status = nonce(T + 60)),
        case("caveat/fresh_by_the_issuer_over_the_nonce", Err(452), |scene| {
            three(scene);
            scene.links[2].fresh = Some(60);
            scene.entries[0].roles = Roles::ISSUE.and(Roles::ATTEST);
            scene.status = Some(Attested { by: ISSUER, over_nonce: true, ..Attested::new(T + 60) });
        })
        .unless(|scene| scene.status = nonce(T + 60)),
    ]
}

fn channels_and_app() -> Vec<Edge> {
    vec![
        case("caveat/channel_ranged_is_no_contact", Err(440), |scene| {
            scene.links[0].channels = Some(Channels::of(Channel::Contact).0);
            scene.mode = over(Channel::Ranged);
        })
        .unless(|scene| scene.mode = over(Channel::Contact)),
        case("caveat/channel_of_every_link", Err(440), |scene| {
            three(scene);
            scene.links[0].channels = Some(0b1111);
            scene.links[2].channels = Some(Channels::of(Channel::Contact).0);
        })
        .unless(|scene| scene.mode = over(Channel::Contact)),
        case("caveat/channel_remote_by_itself", Ok(()), |scene| {
            unchallenged(scene);
            scene.links[0].channels = Some(Channels::of(Channel::Remote).0);
        }),
        case("caveat/app_of_a_later_link_refused", Err(461), |scene| {
            three(scene);
            scene.links[2].app = Some((u32::MAX, vec![7; 32]));
            scene.app = Some(AppVerdict::Fails);
        })
        .unless(|scene| scene.app = Some(AppVerdict::Holds)),
    ]
}

fn unchallenged_times() -> Vec<Edge> {
    let made = |time: u64, expires: u64| Mode::Unchallenged { counter: T, time, expires };
    vec![
        case("unchallenged/later_than_the_present_can_be", Err(471), |scene| {
            unchallenged(scene);
            scene.hi = Some(T + 65);
            scene.mode = made(T + 66, T + 120);
        })
        .unless(|scene| scene.mode = made(T + 65, T + 120)),
        case("unchallenged/perhaps_late", Err(472), |scene| {
            unchallenged(scene);
            scene.links[0].valid = Some((T, 9_000));
            scene.mode = made(T + 30, T + 9_000);
            (scene.lo, scene.hi) = (T + 900, Some(T + 931));
        })
        .unless(|scene| scene.hi = Some(T + 930)),
        case("unchallenged/perhaps_expired", Err(473), |scene| {
            unchallenged(scene);
            scene.hi = Some(T + 120);
        })
        .unless(|scene| scene.hi = Some(T + 119)),
    ]
}
