//! Every short chain of a small universe, at every door of it: what a chain permits with one link
//! or caveat more, it permits without (SPEC.md section 13.8).
//!
//! The verdicts are the verifier's own, over signed presentations. [`run`] compares each chain's
//! with those of all chains that lack one of its caveats or its last link.

use std::{
    cell::Cell,
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use keyward::{
    Channel, Presentation, Right, Seconds, Status, Target, Time, Token, WitnessStatement,
    caveat::CaveatKind,
    id::{Counter, KeyName, LinkId},
    ledger::{Memory, Uses},
    policy::AppVerdict,
    replay::{CounterFault, Unseen, Window as Counters},
    schedule::{Weekdays, Window},
    verify::{ChainName, Chains, GenuineChain, View, verify_with},
};

use crate::{
    scene::{
        Attested, GROUP, HOLDER, LOCK, Link, Mode, OTHER_LOCK, Prepared, Scene, WITNESS, key,
        key_name,
    },
    world::START,
};

/// What was compared.
pub struct Report {
    /// How many chains there are.
    pub chains: usize,
    /// At how many doors, or times, or requests, and for how long a door, each was judged.
    pub contexts: usize,
    /// How many of these verdicts permit.
    pub permitted: usize,
    /// How many pairs of chains were compared, one of which has a link or caveat more.
    pub pairs: usize,
    /// How often the one with more permits what the other doesn't.
    pub widened: usize,
    /// The same, of a verifier that judges the last link's caveats alone.
    pub control: usize,
    /// Kinds of caveats that decide nothing in this universe, and so show nothing.
    pub idle: Vec<CaveatKind>,
}

/// Adds a caveat to a link.
type Add = fn(&mut Link);

/// The caveats of each link, by their numbers in [`CAVEATS`], ascending.
type Chain = Vec<Vec<usize>>;

/// The contexts in which a chain permits, by their bits.
type Permits = [u64; CONTEXTS.div_ceil(64)];

/// Judges and compares all chains, or the shortest: two links with a caveat each, one link with two.
pub fn run(whole: bool) -> Report {
    let chains = chains(whole);
    let permits: HashMap<&Chain, Permits> = chains.iter().zip(judged(&chains)).collect();
    // A fault: the last link's caveats take the place of those before.
    let forgetful = |chain: &Chain| match chain.as_slice() {
        [_, .., last] => permits[&vec![vec![], last.clone()]],
        _ => permits[chain],
    };
    let mut report = Report {
        chains: chains.len(),
        contexts: CONTEXTS,
        permitted: permits.values().map(count).sum(),
        pairs: 0,
        widened: 0,
        control: 0,
        idle: idle(&permits),
    };
    for chain in &chains {
        for shorter in shorter(chain) {
            report.pairs += 1;
            report.widened += beyond(&permits[chain], &permits[&shorter]);
            report.control += beyond(&forgetful(chain), &forgetful(&shorter));
        }
    }
    report
}

/// One link with up to two caveats, and two links with one each. The whole universe has a caveat
/// more in any link, and all chains of three links with one each.
fn chains(whole: bool) -> Vec<Chain> {
    let one: Vec<Vec<usize>> =
        [vec![]].into_iter().chain((0..CAVEATS.len()).map(|caveat| vec![caveat])).collect();
    let pairs = (0..CAVEATS.len()).flat_map(|first| {
        let other = move |second: &usize| CAVEATS[first].0 != CAVEATS[*second].0;
        (first + 1..CAVEATS.len()).filter(other).map(move |second| vec![first, second])
    });
    let two: Vec<Vec<usize>> = pairs.collect();
    let mut chains: Vec<Chain> = one.iter().chain(&two).map(|root| vec![root.clone()]).collect();
    for root in &one {
        for link in &one {
            chains.push(vec![root.clone(), link.clone()]);
            if whole {
                let longer = one.iter().map(|last| vec![root.clone(), link.clone(), last.clone()]);
                chains.extend(longer);
            }
        }
        if whole {
            chains.extend(two.iter().map(|link| vec![root.clone(), link.clone()]));
            chains.extend(two.iter().map(|wide| vec![wide.clone(), root.clone()]));
        }
    }
    chains
}

/// The chains that lack one thing: the last link, or one caveat of any. What link 0 must carry is
/// then as wide as in all other chains.
fn shorter(chain: &Chain) -> Vec<Chain> {
    let mut all = Vec::new();
    if let [rest @ .., _] = chain.as_slice()
        && !rest.is_empty()
    {
        all.push(rest.to_vec());
    }
    for (link, caveats) in chain.iter().enumerate() {
        for caveat in 0..caveats.len() {
            let mut fewer = chain.clone();
            fewer[link].remove(caveat);
            all.push(fewer);
        }
    }
    all
}

fn count(permits: &Permits) -> usize {
    permits.iter().map(|word| usize::try_from(word.count_ones()).unwrap()).sum()
}

/// In how many contexts the one permits and the other doesn't.
fn beyond(one: &Permits, other: &Permits) -> usize {
    let words = one.iter().zip(other);
    words.map(|(one, other)| usize::try_from((one & !other).count_ones()).unwrap()).sum()
}

/// Kinds of which, alone in link 0 or alone in link 1, no value permits anything or none denies
/// anything.
fn idle(permits: &HashMap<&Chain, Permits>) -> Vec<CaveatKind> {
    let decides = |kind: CaveatKind| {
        [vec![], vec![vec![]]].iter().all(|before| {
            let chain = |last: Vec<usize>| permits[&[before.clone(), vec![last]].concat()];
            let values = (0..CAVEATS.len()).filter(|caveat| CAVEATS[*caveat].0 == kind);
            let bound: Vec<_> = values.map(|caveat| chain(vec![caveat])).collect();
            let denies = bound.iter().any(|bound| beyond(&chain(vec![]), bound) > 0);
            bound.iter().any(|bound| count(bound) > 0) && denies
        })
    };
    CaveatKind::ALL.into_iter().filter(|kind| !decides(*kind)).collect()
}

/// What each chain permits, by all cores.
fn judged(chains: &[Chain]) -> Vec<Permits> {
    let doors: Vec<Door> = doors();
    let (next, all) = (AtomicUsize::new(0), Mutex::new(vec![[0; _]; chains.len()]));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let doors: Vec<_> = doors.iter().map(|door| (door, door.scene.prepare())).collect();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(chain) = chains.get(index) else { break };
                    let permits = permits(chain, &doors);
                    all.lock().unwrap()[index] = permits;
                }
            });
        }
    });
    all.into_inner().unwrap()
}

/// Presents a chain in all ways at all doors.
fn permits(chain: &Chain, doors: &[(&Door, Prepared<'_>)]) -> Permits {
    let mut scene = Scene::with(|scene| {
        scene.links = chain.iter().enumerate().map(|(index, set)| link(index, set)).collect();
        scene.status = Some(Attested::new(START.0 + 30));
    });
    let token = scene.token().unwrap();
    let token = Token::decode(&token).unwrap();
    let status = scene.attestation().unwrap();
    let status = Status::decode(&status).unwrap();
    let holder = HOLDER + u8::try_from(chain.len()).unwrap() - 1;
    let seen = Seen(Cell::new(None));
    let (mut permits, mut context): (Permits, usize) = ([0; _], 0);
    for mode in modes() {
        for right in [Right::UNLOCK, Right::STATUS] {
            (scene.mode, scene.right) = (mode.clone(), right);
            let request = scene.request(&token);
            for agreed in [false, true] {
                let named = [HOLDER + 1, WITNESS].into_iter().filter(|_| agreed);
                let mut statements: Vec<_> =
                    named.map(|witness| scene.statement(&request, witness)).collect();
                statements.sort_by(|one, other| one[2..34].cmp(&other[2..34]));
                let statements: Vec<_> = statements
                    .iter()
                    .map(|bytes| WitnessStatement::decode(bytes).unwrap())
                    .collect();
                for status in [None, Some(&status)] {
                    let draft = request.present(&statements, status).unwrap();
                    let bytes = draft.sign(&key(holder)).unwrap();
                    let presentation = Presentation::decode(bytes.as_bytes()).unwrap();
                    for (door, lock) in doors.iter().filter(|(door, _)| door.scene.mode == mode) {
                        let open = door.opens(lock, &presentation, &seen);
                        for long in OPEN {
                            if open.is_some_and(|open| open >= long) {
                                permits[context / 64] |= 1 << (context % 64);
                            }
                            context += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(context, CONTEXTS);
    permits
}

/// A lock at a time, with a history and a list.
struct Door {
    scene: Scene,
    used: bool,
}

impl Door {
    /// For how many seconds it opens at most, if it does.
    fn opens(
        &self,
        lock: &Prepared<'_>,
        presentation: &Presentation<'_>,
        seen: &Seen,
    ) -> Option<u32> {
        let judge = |view: &View<'_>| {
            let view = View { memory: self, ..*view };
            let accepted = verify_with(presentation, &view, seen).ok()?;
            Some(accepted.relock_within().map_or(u32::MAX, |Seconds(within)| within))
        };
        lock.view(judge).unwrap()
    }
}

impl Memory for Door {
    fn uses(&self, _link: &LinkId) -> Uses {
        let first = Some(Time(START.0 + 10));
        if self.used { Uses { spent: 1, first } } else { Uses::default() }
    }

    fn counter(&self, _holder: &KeyName, counter: Counter) -> Result<Unseen, CounterFault> {
        Counters::<1>::check_first(counter)
    }
}

/// Remembers that the signatures of one chain hold, once the verifier has checked them.
struct Seen(Cell<Option<GenuineChain>>);

impl Chains for Seen {
    fn find(&self, _name: &ChainName) -> Option<GenuineChain> {
        self.0.get()
    }

    fn keep(&self, chain: GenuineChain) {
        self.0.set(Some(chain));
    }
}

fn modes() -> [Mode; 3] {
    let challenged = |channel| Mode::Challenged { age: Some(1000), channel };
    let unchallenged =
        Mode::Unchallenged { counter: 9, time: START.0 + 50, expires: START.0 + 1000 };
    [challenged(Channel::Radio), challenged(Channel::Contact), unchallenged]
}

/// Three times, and four states of a lock: new to the chain; with one use of each link; with a list
/// that names the second grantee; without a checker.
fn doors() -> Vec<Door> {
    let (early, late) = (START.0 + 60, START.0 + 400);
    let times = [(early, Some(early)), (early, None), (late, Some(late))];
    let states = 0..4;
    let all = modes().into_iter().flat_map(|mode| times.map(|time| (mode.clone(), time)));
    let all =
        all.flat_map(|(mode, time)| states.clone().map(move |state| (mode.clone(), time, state)));
    all.map(|(mode, (lo, hi), state)| {
        let scene = Scene::with(|scene| {
            (scene.mode, scene.lo, scene.hi) = (mode, lo, hi);
            scene.accepts_unchallenged = true;
            scene.app = (state != 3).then_some(AppVerdict::Holds);
            if state == 2 {
                scene.revoked = vec![key_name(HOLDER + 1).into()];
            }
        });
        Door { scene, used: state == 1 }
    })
    .collect()
}

/// What a chain may permit: that a door stays open for so many seconds, or without end.
const OPEN: [u32; 3] = [5, 9, u32::MAX];

/// Three modes, two rights, with and without witnesses, with and without a status; three times,
/// four states of the lock; how long the door may stay open.
const CONTEXTS: usize = 3 * 2 * 2 * 2 * 3 * 4 * OPEN.len();

/// A link with these caveats. Link 0 is as wide as the universe without them.
fn link(index: usize, caveats: &[usize]) -> Link {
    let depth = 2 - u8::try_from(index).unwrap();
    let mut link = match index {
        0 => Link {
            rights: Some(0b1001),
            targets: Some(vec![Target::Lock(LOCK), Target::Group(GROUP)]),
            ..Link::grant(depth)
        },
        _ => Link::plain(depth),
    };
    caveats.iter().for_each(|caveat| CAVEATS[*caveat].1(&mut link));
    link
}

/// The small domain: every kind, with values that hold in some contexts and not in others.
const CAVEATS: &[(CaveatKind, Add)] = &[
    (CaveatKind::Rights, |link| link.rights = Some(0b0001)),
    (CaveatKind::Rights, |link| link.rights = Some(0b1000)),
    (CaveatKind::Target, |link| link.targets = Some(vec![Target::Lock(LOCK)])),
    (CaveatKind::Target, |link| link.targets = Some(vec![Target::Lock(OTHER_LOCK)])),
    (CaveatKind::Valid, |link| link.valid = Some((START.0, 200))),
    (CaveatKind::Valid, |link| link.valid = Some((START.0 + 100, 500))),
    (CaveatKind::Uses, |link| link.uses = Some(1)),
    (CaveatKind::Uses, |link| link.uses = Some(2)),
    (CaveatKind::Witness, |link| link.witness = Some((1, vec![WITNESS]))),
    (CaveatKind::Witness, |link| link.witness = Some((1, vec![HOLDER + 1]))),
    (CaveatKind::MaxOpen, |link| link.max_open = Some(5)),
    (CaveatKind::MaxOpen, |link| link.max_open = Some(9)),
    (CaveatKind::Fresh, |link| link.fresh = Some(120)),
    (CaveatKind::Fresh, |link| link.fresh = Some(500)),
    (CaveatKind::Schedule, |link| link.schedule = Some((daily(0, 1440), vec![]))),
    (CaveatKind::Schedule, |link| link.schedule = Some((daily(603, 60), vec![]))),
    (CaveatKind::FirstUse, |link| link.first_use = Some((START.0 + 200, 300))),
    (CaveatKind::Channel, |link| link.channels = Some(0b0010)),
    (CaveatKind::Channel, |link| link.channels = Some(0b0101)),
    (CaveatKind::App, |link| link.app = Some((7, b"data".to_vec()))),
];

fn daily(start: u16, length: u16) -> Vec<Window> {
    vec![Window::weekly(Weekdays::ALL, start, length)]
}
