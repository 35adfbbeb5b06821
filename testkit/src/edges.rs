//! Scenes on the edge of a rule, each with its verdict: what a plausible misreading of SPEC.md
//! would judge otherwise.

use keyward::{
    Channel, Roles, Seconds, Target, Time,
    caveat::FirstUse,
    ledger::Uses,
    narrow::Caveats,
    schedule::{Dates, Weekdays, Window},
    zone::Transition,
};

use crate::{
    scene::{
        ATTESTER, Attested, EMERGENCY, HOLDER, LOCK, Link, Mode, OTHER_LOCK, STRANGER, Scene,
        WITNESS, minute,
    },
    world::START,
};

const T: u64 = START.0;

/// A scene on the edge of a rule.
#[derive(Clone, Debug)]
pub struct Edge {
    /// What it shows.
    pub name: &'static str,
    /// The scene.
    pub scene: Scene,
    /// The code of its denial if it is denied.
    pub verdict: Result<(), u16>,
    /// Where it is denied: the same with its one rule mended, which is accepted.
    pub mended: Option<Scene>,
}

impl Edge {
    /// Names what mends the one rule that the scene breaks.
    #[must_use]
    pub fn unless(mut self, mend: impl FnOnce(&mut Scene)) -> Self {
        let mut mended = self.scene.clone();
        mend(&mut mended);
        self.mended = Some(mended);
        self
    }
}

/// All scenes.
pub fn cases() -> Vec<Edge> {
    [times(), statuses(), schedules(), counts(), others()].into_iter().flatten().collect()
}

/// The default scene after a change, and its verdict.
pub(crate) fn case(
    name: &'static str,
    verdict: Result<(), u16>,
    change: impl FnOnce(&mut Scene),
) -> Edge {
    Edge { name, scene: Scene::with(change), verdict, mended: None }
}

fn times() -> Vec<Edge> {
    let emergency = |scene: &mut Scene| scene.issuer = EMERGENCY;
    vec![
        case("time/hi_below_lo_is_lo", Ok(()), |scene| scene.hi = Some(scene.lo - 10)),
        case("time/from_is_within", Ok(()), |scene| {
            (scene.lo, scene.hi) = (T, Some(T));
        }),
        case("time/until_is_not", Err(422), |scene| {
            (scene.lo, scene.hi) = (T + 899, Some(T + 900));
        })
        .unless(|scene| scene.hi = Some(T + 899)),
        case("time/perhaps_not_begun", Err(420), |scene| {
            (scene.lo, scene.hi) = (T - 1, Some(T));
        })
        .unless(|scene| scene.lo = T),
        case("time/not_begun_for_all_that_is_known", Err(420), |scene| {
            (scene.lo, scene.hi) = (0, None);
        })
        .unless(|scene| (scene.lo, scene.hi) = (T, Some(T))),
        case("time/proven_not_begun", Err(420), |scene| {
            (scene.lo, scene.hi) = (T - 9, Some(T - 1));
        })
        .unless(|scene| (scene.lo, scene.hi) = (T, Some(T))),
        case("emergency/without_any_clock", Ok(()), |scene| {
            emergency(scene);
            (scene.lo, scene.hi) = (0, None);
        }),
        case("emergency/not_begun", Ok(()), |scene| {
            emergency(scene);
            scene.links[0].valid = Some((T + 500, 900));
        }),
        case("emergency/with_a_first_use", Err(223), |scene| {
            emergency(scene);
            scene.links[0].first_use = Some((T + 500, 900));
        })
        .unless(|scene| scene.links[0].first_use = None),
    ]
}

fn statuses() -> Vec<Edge> {
    let nonce = |at: u64| Some(Attested { over_nonce: true, ..Attested::new(at) });
    let clockless = |scene: &mut Scene| (scene.lo, scene.hi) = (T - 86_400, None);
    let age = |age| Mode::Challenged { age: Some(age), channel: Channel::Radio };
    let fresh = |scene: &mut Scene| scene.links[0].fresh = Some(60);
    vec![
        case("status/raises_lo", Ok(()), |scene| {
            scene.lo = T - 100;
            scene.status = Some(Attested::new(T + 5));
        }),
        case("status/raises_hi_with_lo", Ok(()), |scene| {
            (scene.lo, scene.hi) = (T - 100, Some(T - 50));
            scene.status = Some(Attested::new(T + 5));
        }),
        case("status/over_the_nonce_is_a_clock", Ok(()), |scene| {
            clockless(scene);
            scene.mode = age(8_000);
            scene.status = nonce(T + 890);
        }),
        case("status/over_the_nonce_with_the_added_second", Err(422), |scene| {
            clockless(scene);
            scene.mode = age(9_000);
            scene.status = nonce(T + 890);
        })
        .unless(|scene| scene.mode = age(8_000)),
        case("status/over_the_nonce_with_a_part_of_a_second", Err(422), |scene| {
            clockless(scene);
            scene.mode = age(8_001);
            scene.status = nonce(T + 890);
        })
        .unless(|scene| scene.mode = age(8_000)),
        case("status/over_the_nonce_with_drift", Err(422), |scene| {
            clockless(scene);
            scene.mode = age(8_000);
            scene.drift_ppm = 1;
            scene.status = nonce(T + 890);
        })
        .unless(|scene| scene.drift_ppm = 0),
        case("status/without_the_nonce_is_no_clock", Err(422), |scene| {
            clockless(scene);
            scene.status = Some(Attested::new(T + 60));
        })
        .unless(|scene| scene.status = nonce(T + 60)),
        case("status/over_the_nonce_narrows_a_vague_clock", Ok(()), |scene| {
            scene.hi = Some(T + 5_000);
            scene.status = nonce(T + 60);
        }),
        case("status/over_the_nonce_by_a_key_proven_expired", Err(454), |scene| {
            (scene.lo, scene.hi) = (T + 60, None);
            scene.entries[1].until = T + 60;
            scene.status = nonce(T + 59);
        })
        .unless(|scene| scene.entries[1].until = T + 61),
        case("status/of_before_its_signer_expired", Ok(()), |scene| {
            scene.entries[1].until = T + 60;
            scene.status = Some(Attested::new(T + 59));
        }),
        case("challenge/of_thirty_seconds_with_drift", Err(211), |scene| {
            scene.mode = age(30_000);
            scene.drift_ppm = 1;
        })
        .unless(|scene| scene.drift_ppm = 0),
        case("fresh/as_old_as_it_may_be", Ok(()), |scene| {
            fresh(scene);
            scene.status = Some(Attested::new(T));
        }),
        case("fresh/older_keyset_with_a_higher_list", Ok(()), |scene| {
            fresh(scene);
            scene.status = Some(Attested { keyset: 2, list: (2, 99), ..Attested::new(T + 30) });
        }),
        case("fresh/newer_keyset_with_a_lower_list", Err(453), |scene| {
            fresh(scene);
            scene.status = Some(Attested { keyset: 4, list: (3, 0), ..Attested::new(T + 30) });
        })
        .unless(|scene| scene.keyset = 4),
        case("status/not_needed_and_unproven_still_denies", Err(231), |scene| {
            scene.status = Some(Attested { by: STRANGER, ..Attested::new(T) });
        })
        .unless(|scene| scene.status = None),
    ]
}

fn schedules() -> Vec<Edge> {
    // T is Tuesday, 10:00, in the scene's zone; a minute has passed.
    let with = |name, verdict, windows: Vec<Window>, change: fn(&mut Scene)| {
        case(name, verdict, |scene| {
            scene.links[0].schedule = Some((windows, Vec::new()));
            scene.links[0].valid = Some((T, 86_400 * 30));
            change(scene);
        })
    };
    let (monday, tuesday) = (Weekdays::day(0), Weekdays::day(1));
    let phase = u8::try_from((T / 86_400 + 3) / 7 % 2).unwrap();
    let fortnight = |phase| Window { every: 2, phase, ..Window::weekly(tuesday, 540, 180) };
    vec![
        with("schedule/past_midnight", Ok(()), vec![Window::weekly(monday, 22 * 60, 780)], |_| {}),
        with(
            "schedule/past_midnight_and_over",
            Err(423),
            vec![Window::weekly(monday, 22 * 60, 721)],
            |_| {},
        )
        .unless(|scene| window(scene).length = 722),
        with(
            "schedule/past_midnight_by_the_day_it_starts",
            Err(423),
            vec![Window::weekly(tuesday, 22 * 60, 780)],
            |_| {},
        )
        .unless(|scene| window(scene).days = monday),
        with("schedule/this_week_of_two", Ok(()), vec![fortnight(phase)], |_| {}),
        with("schedule/the_other_week_of_two", Err(423), vec![fortnight(1 - phase)], |_| {})
            .unless(|scene| window(scene).phase = phase),
        with("schedule/in_utc_only", Err(423), vec![Window::weekly(tuesday, 9 * 60, 30)], |_| {})
            .unless(|scene| window(scene).start = 10 * 60),
        with(
            "schedule/in_local_time_only",
            Ok(()),
            vec![Window::weekly(tuesday, 10 * 60, 30)],
            |_| {},
        ),
        with(
            "schedule/a_minute_between_is_outside",
            Err(423),
            vec![Window::weekly(tuesday, 600, 2), Window::weekly(tuesday, 603, 60)],
            |scene| scene.hi = Some(T + 240),
        )
        .unless(|scene| scene.hi = Some(T + 119)),
        with(
            "schedule/two_windows_that_meet",
            Ok(()),
            vec![Window::weekly(tuesday, 600, 2), Window::weekly(tuesday, 602, 60)],
            |scene| scene.hi = Some(T + 240),
        ),
        with(
            "schedule/a_day_of_doubt",
            Ok(()),
            vec![Window::weekly(Weekdays::ALL, 0, 1440)],
            |scene| {
                scene.hi = Some(scene.lo + 86_400);
            },
        ),
        with(
            "schedule/clock_change_within_the_interval",
            Err(423),
            vec![Window::weekly(tuesday, 600, 5)],
            |scene| {
                let before = Transition { at: minute(T - 6_000), offset: 60 };
                let after = Transition { at: minute(T + 120), offset: 120 };
                scene.zone = Some((vec![before, after], minute(T + 86_400)));
                scene.hi = Some(T + 120);
            },
        )
        .unless(|scene| scene.hi = Some(T + 119)),
        case("schedule/tomorrow_is_excepted", Ok(()), |scene| {
            let day = u32::try_from(T / 86_400).unwrap() + 1;
            let windows = vec![Window::weekly(tuesday, 540, 180)];
            scene.links[0].schedule = Some((windows, vec![Dates { first: day, days: 1 }]));
        }),
    ]
}

/// The first window of link 0's schedule.
fn window(scene: &mut Scene) -> &mut Window {
    &mut scene.links[0].schedule.as_mut().unwrap().0[0]
}

fn counts() -> Vec<Edge> {
    let unchallenged = |scene: &mut Scene, counter: u64| {
        scene.accepts_unchallenged = true;
        scene.mode = Mode::Unchallenged { counter, time: T + 60, expires: T + 61 };
        (scene.highest, scene.restored) = (Some(1_000), false);
    };
    vec![
        case("counter/in_the_window_and_unseen", Ok(()), |scene| unchallenged(scene, 937)),
        case("counter/behind_the_window", Err(470), |scene| unchallenged(scene, 936))
            .unless(|scene| scene.highest = Some(999)),
        case("counter/the_highest_again", Err(470), |scene| unchallenged(scene, 1_000))
            .unless(|scene| scene.highest = Some(999)),
        case("counter/the_last_but_one_of_all", Ok(()), |scene| unchallenged(scene, u64::MAX - 1)),
        case("counter/in_a_restored_window", Err(470), |scene| {
            unchallenged(scene, 937);
            scene.restored = true;
        })
        .unless(|scene| scene.restored = false),
        case("counts/kept_by_the_least_end_above", Ok(()), |scene| {
            scene.links = vec![Link::grant(2), Link::plain(1), Link::plain(0)];
            scene.links[1].valid = Some((T, 300));
            scene.links[1].uses = Some(5);
            scene.links[2].valid = Some((T, 5_000));
            scene.links[2].first_use = Some((T + 100, 500));
            scene.history.insert(1, Uses { spent: 3, first: Some(Time(T - 60)) });
        }),
        // Another link's, that begins alike.
        case("first_use/that_came_too_late", Err(432), |scene| {
            scene.links[0].first_use = Some((T, 500));
            scene.history.insert(0, Uses { spent: 1, first: Some(Time(T)) });
        })
        .unless(|scene| scene.links[0].first_use = Some((T + 1, 500))),
        case("first_use/in_the_future", Err(432), |scene| {
            scene.links[0].first_use = Some((T + 100, 500));
            scene.history.insert(0, Uses { spent: 1, first: Some(Time(T + 61)) });
        })
        .unless(|scene| scene.hi = Some(T + 61)),
        case("counts/first_use_is_at_lo", Ok(()), |scene| {
            scene.links[0].uses = Some(1);
            scene.hi = Some(scene.lo + 10);
        }),
        case("counts/as_often_as_can_be_counted", Ok(()), |scene| {
            scene.links[0].first_use = Some((T + 1, 500));
            scene.history.insert(0, Uses { spent: u32::MAX, first: Some(Time(T)) });
        }),
        case("first_use/as_late_as_it_may_be", Ok(()), |scene| {
            scene.links[0].first_use = Some((T + 1, 60));
            scene.history.insert(0, Uses { spent: 1, first: Some(Time(T)) });
        }),
    ]
}

fn others() -> Vec<Edge> {
    let limits = |caveats: Result<Caveats<_>, _>| -> Vec<u8> {
        let caveats: keyward::Narrowing = caveats.unwrap();
        caveats.encode().unwrap().as_bytes().to_vec()
    };
    vec![
        case("limits/relock", Ok(()), |scene| {
            scene.links[0].max_open = Some(30);
            scene.entries[0].limits = limits(Caveats::narrowing().max_open(Seconds(10)));
        }),
        case("limits/first_use", Err(202), |scene| {
            let first = FirstUse { by: Time(T + 500), lasts: Seconds(60) };
            scene.entries[0].limits = limits(Caveats::narrowing().first_use(first));
        })
        .unless(|scene| scene.entries[0].limits = Vec::new()),
        case("limits/target", Err(411), |scene| {
            let targets = [Target::Lock(OTHER_LOCK)];
            scene.entries[0].limits = limits(Caveats::narrowing().targets(&targets));
        })
        .unless(|scene| scene.entries[0].limits = Vec::new()),
        case("limits/none_by_an_empty_bitmap", Ok(()), |scene| {
            scene.entries[0].limits = limits(Ok(Caveats::narrowing()));
        }),
        case("target/among_others", Ok(()), |scene| {
            scene.links[0].targets = Some(vec![Target::Lock(OTHER_LOCK), Target::Lock(LOCK)]);
        }),
        case("witness/one_that_nobody_names_beside", Ok(()), |scene| {
            scene.links[0].witness = Some((1, vec![WITNESS]));
            scene.witnesses = vec![WITNESS, WITNESS + 9];
        }),
        case("witness/the_first_grantee_of_three", Err(441), |scene| {
            scene.links = vec![Link::grant(2), Link::plain(1), Link::plain(0)];
            scene.links[2].witness = Some((1, vec![HOLDER]));
            scene.witnesses = vec![HOLDER];
        })
        .unless(|scene| {
            scene.links[2].witness = Some((1, vec![WITNESS]));
            scene.witnesses = vec![WITNESS];
        }),
        case("witness/unnamed_and_revoked", Ok(()), |scene| {
            scene.witnesses = vec![WITNESS];
            scene.revoked = vec![crate::scene::key_name(WITNESS).into()];
        }),
        case("roles/an_attester_issues", Err(201), |scene| scene.issuer = ATTESTER)
            .unless(|scene| scene.entries[1].roles = Roles::ISSUE),
    ]
}
