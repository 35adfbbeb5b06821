//! Every denial of a request as a pair of scenes: one that is accepted, and the same with one rule
//! broken. Tests and vectors are made of them.

use keyward::{
    Channel, Denial, Right, Roles, Target, Time,
    caveat::Channels,
    denial::Place,
    id::{Epoch, KeyId, Serial},
    ledger::Uses,
    narrow::Caveats,
    policy::AppVerdict,
    replay::CounterFault,
    schedule::{Dates, Weekdays, Window},
    status::SerialFloor,
    zone::Transition,
};

use crate::{
    scene::{
        ATTESTER, Attested, EMERGENCY, GROUP, HOLDER, ISSUER, Link, Mode, OTHER_GROUP, OTHER_LOCK,
        STRANGER, Scene, WITNESS, issuer_id, key_name, minute,
    },
    world::START,
};

const T: u64 = START.0;

/// One broken rule.
#[derive(Clone, Debug)]
pub struct Case {
    /// The rule that is broken.
    pub name: &'static str,
    /// The scene before: accepted.
    pub mended: Scene,
    /// The scene after: denied.
    pub broken: Scene,
    /// By this.
    pub denial: Denial,
}

macro_rules! cases {
    ($($name:ident: $scene:expr, $change:expr => $denial:expr;)*) => {
        /// All cases.
        pub fn cases() -> Vec<Case> {
            vec![$(Case {
                name: stringify!($name),
                mended: $scene,
                broken: changed($scene, $change),
                denial: $denial,
            }),*]
        }
    };
}

fn changed(mut scene: Scene, change: impl FnOnce(&mut Scene)) -> Scene {
    change(&mut scene);
    scene
}

cases! {
    unknown_issuer: one(), |scene| scene.entries[0].key = STRANGER
        => Denial::UnknownIssuer(issuer_id(ISSUER));
    issuer_without_the_role: one(), |scene| scene.entries[0].roles = Roles::ATTEST
        => Denial::NotAnIssuer(issuer_id(ISSUER));
    issuer_with_unknown_limits: one(), |scene| scene.entries[0].limits = vec![0x80, 0x40]
        => Denial::IssuerDisabled(issuer_id(ISSUER));
    issuer_with_limits_that_count: one(), |scene| scene.entries[0].limits = counting()
        => Denial::IssuerDisabled(issuer_id(ISSUER));
    issuer_not_yet_valid: one(), |scene| scene.entries[0].from = T + 61
        => Denial::TooEarly { place: Place::Issuer, lo: Time(T + 60), hi: Some(Time(T + 60)), from: Time(T + 61) };
    issuer_expired: one(), |scene| scene.entries[0].until = T + 60
        => Denial::Expired { place: Place::Issuer, lo: Time(T + 60), until: Time(T + 60) };
    issuer_limited_to_other_rights: one(), |scene| scene.entries[0].limits = other_rights()
        => Denial::RightNotGranted(Place::Issuer);

    no_challenge: one(),
        |scene| scene.mode = Mode::Challenged { age: None, channel: Channel::Radio }
        => Denial::NoChallenge;
    challenge_of_thirty_seconds_and_a_bit: at_age(30_000),
        |scene| scene.mode = Mode::Challenged { age: Some(30_001), channel: Channel::Radio }
        => Denial::ChallengeExpired;

    unchallenged_where_the_card_refuses: unchallenged(), |scene| scene.accepts_unchallenged = false
        => Denial::UnchallengedRefused;
    unchallenged_for_another_right: wide(unchallenged()), |scene| scene.right = Right::STATUS
        => Denial::UnchallengedRight;
    unchallenged_with_a_witness: unchallenged(),
        |scene| scene.links[0].witness = Some((1, vec![WITNESS]))
        => Denial::WitnessUnchallenged(Place::Link(0));
    unchallenged_with_a_status_over_a_nonce: unchallenged(), |scene| {
            scene.status = Some(Attested { over_nonce: true, ..Attested::new(T + 30) });
        } => Denial::StatusNonceUnchallenged;
    unchallenged_from_the_future: unchallenged(),
        |scene| scene.mode = Mode::Unchallenged { counter: T, time: T + 61, expires: T + 120 }
        => Denial::RequestFromFuture { hi: Some(Time(T + 60)), time: Time(T + 61) };
    unchallenged_without_an_upper_bound: unchallenged(), |scene| scene.hi = None
        => Denial::MayHaveExpired {
            place: Place::Issuer, hi: None, until: Time(T + 86_400 * 365)
        };
    unchallenged_beyond_the_horizon: late(900), |scene| {
            scene.lo += 1;
            scene.hi = Some(scene.lo);
        } => Denial::RequestLate { hi: Time(T + 931), time: Time(T + 30) };
    unchallenged_and_expired: unchallenged(),
        |scene| scene.mode = Mode::Unchallenged { counter: T, time: T + 30, expires: T + 60 }
        => Denial::RequestExpired { hi: Time(T + 60), expires: Time(T + 60) };
    counter_seen: unchallenged(), |scene| scene.highest = Some(T)
        => Denial::CounterRefused(CounterFault::Seen);
    counter_behind_the_window: unchallenged(), |scene| scene.highest = Some(T + 64)
        => Denial::CounterRefused(CounterFault::TooOld);
    counter_reserved: unchallenged(),
        |scene| scene.mode = Mode::Unchallenged { counter: u64::MAX, time: T, expires: T + 120 }
        => Denial::CounterRefused(CounterFault::Reserved);

    clear_where_the_card_demands_a_seal: one(), |scene| scene.sealed_only = true
        => Denial::SealedOnly;
    emergency_token_that_may_be_passed_on: emergency(), |scene| scene.links[0].depth = 1
        => Denial::EmergencyDepth;
    emergency_token_passed_on: emergency(),
        |scene| scene.links = vec![Link::grant(1), Link::plain(0)]
        => Denial::EmergencyDepth;
    emergency_for_another_right: wide(emergency()), |scene| scene.right = Right::RELEASE
        => Denial::EmergencyRight;
    emergency_unchallenged: emergency(), |scene| {
            scene.accepts_unchallenged = true;
            scene.mode = Mode::Unchallenged { counter: 1, time: T, expires: T + 120 };
        } => Denial::EmergencyUnchallenged;
    emergency_that_counts: emergency(), |scene| scene.links[0].uses = Some(1)
        => Denial::EmergencyCounted;
    emergency_proven_expired: emergency(), |scene| scene.lo = T + 900
        => Denial::Expired { place: Place::Link(0), lo: Time(T + 900), until: Time(T + 900) };
    emergency_where_none_is_provided_for: emergency(), |scene| scene.emergency = false
        => Denial::UnknownIssuer(emergency_id());

    status_of_another_epoch: with_status(), |scene| status(scene, |status| status.epoch = 2)
        => Denial::StatusOtherEpoch { held: Epoch(1), got: Epoch(2) };
    status_of_an_unknown_issuer: with_status(), |scene| status(scene, |status| status.by = STRANGER)
        => Denial::StatusUnknownIssuer(issuer_id(STRANGER));
    status_of_one_who_does_not_attest: with_status(),
        |scene| scene.entries[1].roles = Roles::REVOKE
        => Denial::StatusNotAttested(issuer_id(ATTESTER));
    status_of_an_issuer_with_unknown_limits: with_status(),
        |scene| scene.entries[1].limits = vec![0x80, 0x40]
        => Denial::StatusIssuerDisabled(issuer_id(ATTESTER));
    status_missing: with_status(), |scene| scene.status = None
        => Denial::StatusMissing(Place::Link(0));
    status_too_old: with_status(), |scene| status(scene, |status| status.at = T - 1)
        => Denial::StatusStale { place: Place::Link(0), hi: Some(Time(T + 60)), at: Time(T - 1) };
    status_self_attested: with_status(), |scene| {
            scene.entries[0].roles = Roles::ISSUE.and(Roles::ATTEST);
            status(scene, |status| status.by = ISSUER);
        } => Denial::StatusSelfAttested(Place::Link(0));
    status_naming_a_newer_keyset: with_status(), |scene| status(scene, |status| status.keyset = 4)
        => Denial::StatusAhead(Place::Link(0));
    status_naming_a_newer_list: with_status(), |scene| status(scene, |status| status.list = (3, 8))
        => Denial::StatusAhead(Place::Link(0));
    status_before_its_signer_was_valid: with_status(), |scene| scene.entries[1].from = T + 31
        => Denial::StatusTime { at: Time(T + 30) };
    status_after_its_signer_was_valid: with_status(), |scene| scene.entries[1].until = T + 30
        => Denial::StatusTime { at: Time(T + 30) };

    serial_below_the_floor: floored(1_000_000), |scene| scene.serial = 999_999
        => Denial::SerialRevoked { serial: Serial(999_999), floor: Serial(1_000_000) };
    link_in_the_middle_revoked: three(), |scene| scene.revoked = vec![scene.link_ids()[1].into()]
        => Denial::LinkRevoked(1);
    grantee_in_the_middle_revoked: three(), |scene| scene.revoked = vec![key_name(HOLDER + 1).into()]
        => Denial::KeyRevoked(1);
    holder_revoked: three(), |scene| scene.revoked = vec![key_name(HOLDER + 2).into()]
        => Denial::KeyRevoked(2);
    witness_revoked: witnessed(), |scene| scene.revoked = vec![key_name(WITNESS).into()]
        => Denial::WitnessRevoked(0);

    right_not_granted: one(), |scene| scene.right = Right::HOLD_OPEN
        => Denial::RightNotGranted(Place::Link(0));
    right_dropped_on_the_way: three(), |scene| scene.links[1].rights = Some(2)
        => Denial::RightNotGranted(Place::Link(1));
    right_written_in_below: three(), |scene| {
            scene.links[2].rights = Some(u32::MAX);
            scene.right = Right::RELEASE;
        } => Denial::RightNotGranted(Place::Link(0));
    other_lock: one(), |scene| scene.links[0].targets = Some(vec![Target::Lock(OTHER_LOCK)])
        => Denial::OtherTarget(Place::Link(0));
    other_group: grouped(), |scene| scene.links[0].targets = Some(vec![Target::Group(OTHER_GROUP)])
        => Denial::OtherTarget(Place::Link(0));
    group_that_the_lock_left: grouped(), |scene| scene.groups = vec![OTHER_GROUP]
        => Denial::OtherTarget(Place::Link(0));
    other_lock_by_a_later_link: three(),
        |scene| scene.links[2].targets = Some(vec![Target::Lock(OTHER_LOCK)])
        => Denial::OtherTarget(Place::Link(2));

    too_early: one(), |scene| scene.links[0].valid = Some((T + 61, 900))
        => Denial::TooEarly { place: Place::Link(0), lo: Time(T + 60), hi: Some(Time(T + 60)), from: Time(T + 61) };
    too_late: one(), |scene| scene.links[0].valid = Some((T, 60))
        => Denial::Expired { place: Place::Link(0), lo: Time(T + 60), until: Time(T + 60) };
    perhaps_too_late: one(), |scene| scene.hi = Some(T + 900)
        => Denial::MayHaveExpired {
            place: Place::Link(0), hi: Some(Time(T + 900)), until: Time(T + 900)
        };
    no_upper_bound: one(), |scene| scene.hi = None
        => Denial::MayHaveExpired {
            place: Place::Issuer, hi: None, until: Time(T + 86_400 * 365)
        };
    validity_narrowed_below: three(), |scene| scene.links[1].valid = Some((T, 30))
        => Denial::Expired { place: Place::Link(1), lo: Time(T + 60), until: Time(T + 30) };

    outside_the_schedule: tuesday_mornings(), |scene| {
            scene.links[0].valid = Some((T, 86_400 * 2));
            scene.lo = T + 86_400;
            scene.hi = Some(T + 86_400);
        } => Denial::OutsideSchedule(Place::Link(0));
    excepted_date: tuesday_mornings(), |scene| {
            let day = u32::try_from(T / 86_400).expect("a day");
            let except = vec![Dates { first: day, days: 1 }];
            scene.links[0].schedule.as_mut().expect("a schedule").1 = except;
        } => Denial::ExceptedDate(Place::Link(0));
    no_table_of_offsets: tuesday_mornings(), |scene| scene.zone = None
        => Denial::ZoneUnknown(Place::Link(0));
    past_the_end_of_the_table: tuesday_mornings(),
        |scene| scene.zone = Some((vec![Transition { at: 0, offset: 60 }], minute(T + 60)))
        => Denial::ZoneUnknown(Place::Link(0));
    before_the_table: tuesday_mornings(),
        |scene| scene.zone = Some((vec![Transition { at: minute(T + 120), offset: 60 }], minute(T + 900)))
        => Denial::ZoneUnknown(Place::Link(0));
    schedule_with_a_day_of_doubt: always(), |scene| scene.hi = Some(scene.lo + 86_401)
        => Denial::ScheduleTimeUnknown(Place::Link(0));

    uses_spent: link(|link| link.uses = Some(2)), |scene| used(scene, 0, 2, T)
        => Denial::UsesSpent { link: 0, spent: 2, limit: 2 };
    uses_of_a_later_link_spent: three(), |scene| {
            scene.links[1].uses = Some(1);
            used(scene, 1, 1, T);
        } => Denial::UsesSpent { link: 1, spent: 1, limit: 1 };
    first_use_too_late: link(|link| link.first_use = Some((T + 61, 60))),
        |scene| scene.links[0].first_use = Some((T + 60, 60))
        => Denial::FirstUseTooLate { link: 0, hi: Some(Time(T + 60)), by: Time(T + 60) };
    first_use_over: begun(60), |scene| {
            scene.hi = Some(T + 61);
        } => Denial::FirstUseOver { link: 0, hi: Some(Time(T + 61)), until: Time(T + 60) };

    channel_refused: link(|link| link.channels = Some(Channels::of(Channel::Radio).0)),
        |scene| scene.mode = Mode::Challenged { age: Some(0), channel: Channel::Remote }
        => Denial::ChannelRefused(Place::Link(0));
    ranged_demanded_and_radio_asserted: ranged(),
        |scene| scene.mode = Mode::Challenged { age: Some(0), channel: Channel::Radio }
        => Denial::ChannelRefused(Place::Link(0));
    unchallenged_counts_as_remote: unchallenged(),
        |scene| scene.links[0].channels = Some(Channels::of(Channel::Radio).0)
        => Denial::ChannelRefused(Place::Link(0));

    witness_missing: witnessed(), |scene| scene.witnesses = Vec::new()
        => Denial::WitnessMissing { place: Place::Link(0), needed: 1, counted: 0 };
    second_witness_missing: witnessed(), |scene| {
            scene.links[0].witness = Some((2, vec![WITNESS, WITNESS + 1]));
        } => Denial::WitnessMissing { place: Place::Link(0), needed: 2, counted: 1 };
    witness_that_no_caveat_names: witnessed(), |scene| scene.witnesses = vec![WITNESS + 5]
        => Denial::WitnessMissing { place: Place::Link(0), needed: 1, counted: 0 };
    grantee_as_its_own_witness: witnessed(), |scene| {
            scene.links[0].witness = Some((1, vec![HOLDER]));
            scene.witnesses = vec![HOLDER];
        } => Denial::WitnessMissing { place: Place::Link(0), needed: 1, counted: 0 };

    app_without_checker: app(AppVerdict::Holds), |scene| scene.app = None
        => Denial::AppUnchecked { place: Place::Link(0), tag: 9 };
    app_with_unknown_tag: app(AppVerdict::Holds), |scene| scene.app = Some(AppVerdict::UnknownTag)
        => Denial::AppUnchecked { place: Place::Link(0), tag: 9 };
    app_refused: app(AppVerdict::Holds), |scene| scene.app = Some(AppVerdict::Fails)
        => Denial::AppRefused { place: Place::Link(0), tag: 9 };
}

fn one() -> Scene {
    Scene::default()
}

fn three() -> Scene {
    Scene::with(|scene| scene.links = vec![Link::grant(2), Link::plain(1), Link::plain(0)])
}

fn link(change: impl FnOnce(&mut Link)) -> Scene {
    Scene::with(|scene| change(&mut scene.links[0]))
}

fn with_status() -> Scene {
    Scene::with(|scene| {
        scene.links[0].fresh = Some(60);
        scene.status = Some(Attested::new(T + 30));
    })
}

fn witnessed() -> Scene {
    Scene::with(|scene| {
        scene.links[0].witness = Some((1, vec![WITNESS, WITNESS + 1]));
        scene.witnesses = vec![WITNESS];
    })
}

fn unchallenged() -> Scene {
    Scene::with(|scene| {
        scene.accepts_unchallenged = true;
        scene.mode = Mode::Unchallenged { counter: T, time: T + 30, expires: T + 120 };
    })
}

fn emergency() -> Scene {
    Scene::with(|scene| scene.issuer = EMERGENCY)
}

fn tuesday_mornings() -> Scene {
    // T is 10:00 on a Tuesday in the scene's zone, UTC+1.
    link(|link| {
        let window = Window::weekly(Weekdays::day(1), 9 * 60, 180);
        link.schedule = Some((vec![window], Vec::new()));
    })
}

fn status(scene: &mut Scene, change: impl FnOnce(&mut Attested)) {
    change(scene.status.as_mut().expect("a status"));
}

fn counting() -> Vec<u8> {
    Caveats::narrowing().uses(5).unwrap().encode().unwrap().as_bytes().to_vec()
}

fn other_rights() -> Vec<u8> {
    let caveats = Caveats::narrowing().rights(keyward::Rights::of(Right::STATUS)).unwrap();
    caveats.encode().unwrap().as_bytes().to_vec()
}

fn emergency_id() -> KeyId {
    crate::scene::key::<keyward::role::Emergency>(EMERGENCY).public().id()
}

fn at_age(age: u64) -> Scene {
    Scene::with(|scene| scene.mode = Mode::Challenged { age: Some(age), channel: Channel::Radio })
}

fn wide(mut scene: Scene) -> Scene {
    scene.links[0].rights = Some(u32::MAX);
    scene
}

fn late(by: u64) -> Scene {
    let mut scene = unchallenged();
    scene.links[0].valid = Some((T, 100_000));
    scene.mode = Mode::Unchallenged { counter: T, time: T + 30, expires: T + 50_000 };
    scene.lo = T + 30 + by;
    scene.hi = Some(scene.lo);
    scene
}

fn floored(first: u64) -> Scene {
    let floor = SerialFloor { issuer: issuer_id(ISSUER), first: Serial(first) };
    Scene::with(|scene| scene.floors = vec![floor])
}

fn grouped() -> Scene {
    link(|link| link.targets = Some(vec![Target::Group(GROUP)]))
}

fn always() -> Scene {
    let mut scene = link(|link| {
        let window = Window::weekly(Weekdays::ALL, 0, 1440);
        link.schedule = Some((vec![window], Vec::new()));
        link.valid = Some((T, 86_400 * 30));
    });
    scene.hi = Some(scene.lo + 86_400);
    scene
}

fn used(scene: &mut Scene, link: u8, spent: u32, first: u64) {
    scene.history.insert(link, Uses { spent, first: Some(Time(first)) });
}

fn begun(lasts: u32) -> Scene {
    let mut scene = link(|link| link.first_use = Some((T + 1, lasts)));
    used(&mut scene, 0, 1, T);
    scene
}

fn ranged() -> Scene {
    let mut scene = link(|link| link.channels = Some(Channels::of(Channel::Ranged).0));
    scene.mode = Mode::Challenged { age: Some(0), channel: Channel::Ranged };
    scene
}

fn app(verdict: AppVerdict) -> Scene {
    let mut scene = link(|link| link.app = Some((9, b"badge".to_vec())));
    scene.app = Some(verdict);
    scene
}
