//! Scenes with two rules broken: which of the two denies shows the order of SPEC.md section 13.

use keyward::{
    Channel, Right, Roles, Target,
    id::Serial,
    ledger::Uses,
    narrow::Caveats,
    policy::AppVerdict,
    schedule::{Weekdays, Window},
    status::SerialFloor,
};

use crate::{
    scene::{
        Attested, EMERGENCY, HOLDER, ISSUER, Link, Mode, OTHER_LOCK, STRANGER, Scene, WITNESS,
        issuer_id, key_name,
    },
    world::START,
};

const T: u64 = START.0;

/// Two rules, the first of which denies where both are broken.
#[derive(Clone, Debug)]
pub struct Order {
    /// What stands before what.
    pub name: &'static str,
    /// With neither broken: accepted.
    pub mended: Scene,
    /// With the first broken.
    pub first: Scene,
    /// With the second broken.
    pub second: Scene,
    /// With both broken.
    pub both: Scene,
    /// The codes of the first and of the second.
    pub codes: [u16; 2],
}

/// A change of a scene.
type Break = fn(&mut Scene);

fn order(base: Break, name: &'static str, rules: [(u16, Break); 2]) -> Order {
    let [(earlier, one), (later, other)] = rules;
    let mended = Scene::with(base);
    let (mut first, mut second) = (mended.clone(), mended.clone());
    one(&mut first);
    other(&mut second);
    let mut both = first.clone();
    other(&mut both);
    Order { name, mended, first, second, both, codes: [earlier, later] }
}

/// All pairs, in the order of the rules.
pub fn cases() -> Vec<Order> {
    [admission(), policy(), caveats()].into_iter().flatten().collect()
}

fn nothing(_scene: &mut Scene) {}

fn three(scene: &mut Scene) {
    scene.links = vec![Link::grant(2), Link::plain(1), Link::plain(0)];
}

fn attested(scene: &mut Scene) {
    scene.status = Some(Attested::new(T + 30));
}

fn unchallenged(scene: &mut Scene) {
    scene.accepts_unchallenged = true;
    scene.mode = Mode::Unchallenged { counter: T, time: T + 30, expires: T + 9_000 };
    scene.links[0].valid = Some((T, 9_000));
}

fn emergency(scene: &mut Scene) {
    scene.issuer = EMERGENCY;
    scene.links[0].rights = Some(3);
}

fn admission() -> Vec<Order> {
    let no_challenge: Break =
        |scene| scene.mode = Mode::Challenged { age: None, channel: Channel::Radio };
    let stranger: Break = |scene| scene.entries[0].key = STRANGER;
    let other_right: Break = |scene| scene.right = Right::LOCK;
    let other_epoch: Break = |scene| scene.status.as_mut().unwrap().epoch = 2;
    let unknown: Break = |scene| scene.status.as_mut().unwrap().by = STRANGER;
    let over_nonce: Break = |scene| scene.status.as_mut().unwrap().over_nonce = true;
    let counting: Break = |scene| scene.links[0].uses = Some(1);
    vec![
        order(nothing, "order/challenge_before_issuer", [(210, no_challenge), (200, stranger)]),
        order(
            |scene| {
                unchallenged(scene);
                scene.links[0].rights = Some(3);
            },
            "order/admitted_before_the_right",
            [(212, |scene| scene.accepts_unchallenged = false), (213, other_right)],
        ),
        order(
            nothing,
            "order/role_before_limits",
            [
                (201, |scene| scene.entries[0].roles = Roles::ATTEST),
                (202, |scene| scene.entries[0].limits = vec![0, 0]),
            ],
        ),
        order(
            emergency,
            "order/emergency_depth_before_its_right",
            [(220, |scene| scene.links[0].depth = 1), (221, other_right)],
        ),
        order(
            emergency,
            "order/emergency_right_before_its_counts",
            [(221, other_right), (223, counting)],
        ),
        order(attested, "order/issuer_before_status", [(200, stranger), (230, other_epoch)]),
        order(attested, "order/status_epoch_before_issuer", [(230, other_epoch), (231, unknown)]),
        order(
            |scene| {
                unchallenged(scene);
                attested(scene);
            },
            "order/status_nonce_before_issuer",
            [(233, over_nonce), (231, unknown)],
        ),
        order(
            attested,
            "order/admission_before_policy",
            [(231, unknown), (402, |scene| scene.revoked = vec![key_name(HOLDER).into()])],
        ),
    ]
}

fn policy() -> Vec<Order> {
    let floor: Break = |scene| {
        let first = Serial(u64::MAX);
        scene.floors = vec![SerialFloor { issuer: issuer_id(ISSUER), first }];
    };
    let first_link: Break = |scene| scene.revoked.push(scene.link_ids()[0].into());
    let second_link: Break = |scene| scene.revoked.push(scene.link_ids()[1].into());
    let first_key: Break = |scene| scene.revoked.push(key_name(HOLDER).into());
    let early: Break = |scene| scene.entries[1].from = T + 31;
    let expired: Break = |scene| scene.entries[0].until = T + 60;
    let limited: Break = |scene| {
        let rights = keyward::Rights::of(Right::STATUS);
        let limits = Caveats::narrowing().rights(rights).and_then(|limits| limits.encode());
        scene.entries[0].limits = limits.unwrap().as_bytes().to_vec();
    };
    let other_lock: Break = |scene| scene.links[0].targets = Some(vec![Target::Lock(OTHER_LOCK)]);
    vec![
        order(three, "order/floor_before_link", [(400, floor), (401, first_link)]),
        order(three, "order/link_before_its_key", [(401, first_link), (402, first_key)]),
        order(three, "order/key_before_the_next_link", [(402, first_key), (401, second_link)]),
        order(attested, "order/revocation_before_time", [(402, first_key), (454, early)]),
        order(attested, "order/time_before_issuer", [(454, early), (421, expired)]),
        order(nothing, "order/validity_before_limits", [(421, expired), (410, limited)]),
        order(nothing, "order/limits_before_link_0", [(410, limited), (411, other_lock)]),
        order(
            unchallenged,
            "order/links_before_the_counter",
            [(411, other_lock), (470, |scene| scene.highest = Some(T))],
        ),
        order(
            unchallenged,
            "order/horizon_before_expiry",
            [
                (472, |scene| (scene.lo, scene.hi) = (T + 931, Some(T + 931))),
                (473, |scene| {
                    scene.mode = Mode::Unchallenged { counter: T, time: T + 30, expires: T + 40 };
                }),
            ],
        ),
        order(
            unchallenged,
            "order/expiry_before_the_counter",
            [
                (473, |scene| {
                    scene.mode = Mode::Unchallenged { counter: T, time: T + 30, expires: T + 40 };
                }),
                (470, |scene| scene.highest = Some(T)),
            ],
        ),
    ]
}

/// The caveats of one link, each before that of the next bit; `MaxOpen` denies nothing.
fn caveats() -> Vec<Order> {
    let rights: Break = |scene| scene.links[0].rights = Some(2);
    let target: Break = |scene| scene.links[0].targets = Some(vec![Target::Lock(OTHER_LOCK)]);
    let valid: Break = |scene| scene.links[0].valid = Some((T, 60));
    let uses: Break = |scene| {
        scene.links[0].uses = Some(1);
        scene.history.insert(0, Uses { spent: 1, first: Some(keyward::Time(T)) });
    };
    let witness: Break = |scene| scene.links[0].witness = Some((1, vec![WITNESS]));
    let fresh: Break = |scene| scene.links[0].fresh = Some(60);
    let schedule: Break = |scene| {
        let monday = Window::weekly(Weekdays::day(0), 0, 60);
        scene.links[0].schedule = Some((vec![monday], Vec::new()));
    };
    let first_use: Break = |scene| scene.links[0].first_use = Some((T, 60));
    let channel: Break = |scene| scene.links[0].channels = Some(1);
    let app: Break = |scene| scene.links[0].app = Some((1, Vec::new()));
    let self_attested: Break = |scene| {
        scene.entries[0].roles = Roles::ISSUE.and(Roles::ATTEST);
        scene.status.as_mut().unwrap().by = ISSUER;
    };
    let ahead: Break = |scene| scene.status.as_mut().unwrap().keyset = 4;
    let stale: Break = |scene| scene.links[0].fresh = Some(29);
    let demanded: Break = |scene| {
        attested(scene);
        scene.links[0].fresh = Some(60);
    };
    vec![
        order(nothing, "order/rights_before_target", [(410, rights), (411, target)]),
        order(nothing, "order/target_before_valid", [(411, target), (421, valid)]),
        order(nothing, "order/valid_before_uses", [(421, valid), (430, uses)]),
        order(nothing, "order/uses_before_witness", [(430, uses), (441, witness)]),
        order(nothing, "order/witness_before_fresh", [(441, witness), (450, fresh)]),
        order(nothing, "order/fresh_before_schedule", [(450, fresh), (423, schedule)]),
        order(nothing, "order/schedule_before_first_use", [(423, schedule), (431, first_use)]),
        order(nothing, "order/first_use_before_channel", [(431, first_use), (440, channel)]),
        order(nothing, "order/channel_before_app", [(440, channel), (460, app)]),
        order(
            three,
            "order/link_0_before_link_1",
            [
                (461, |scene| {
                    scene.links[0].app = Some((1, Vec::new()));
                    scene.app = Some(AppVerdict::Fails);
                }),
                (410, |scene| scene.links[1].rights = Some(2)),
            ],
        ),
        order(demanded, "order/self_attested_before_ahead", [(452, self_attested), (453, ahead)]),
        order(demanded, "order/ahead_before_stale", [(453, ahead), (451, stale)]),
    ]
}
