//! Records that no lock has written, behind those that one has.

use keyward::time::Time;

/// Spent, first, keep until.
type Counted = Option<(u64, u64, u64)>;

/// A decision, field by field.
#[derive(Clone)]
pub(super) struct Crafted {
    pub(super) right: u8,
    pub(super) quality: u8,
    pub(super) max_open: Option<u64>,
    /// Each link, and what is counted of it: spent, first, keep until.
    pub(super) links: Vec<(u8, Counted)>,
    pub(super) evidence: u8,
    pub(super) holder: u8,
    pub(super) lane: Option<(u64, u64)>,
    pub(super) heard: Option<u64>,
}

impl Crafted {
    /// One link, an opening, nothing counted.
    pub(super) fn new() -> Self {
        Self {
            right: 0,
            quality: 2,
            max_open: None,
            links: vec![(1, None)],
            evidence: 0,
            holder: 200,
            lane: None,
            heard: None,
        }
    }

    pub(super) fn body(&self) -> Vec<u8> {
        let mut out = vec![8];
        out.extend([0xc0; 32]);
        out.push(self.right);
        integer(&mut out, 1000);
        option(&mut out, Some(2000));
        out.push(self.quality);
        option(&mut out, self.max_open);
        out.extend([0x15; 8]);
        out.extend([self.holder; 16]);
        integer(&mut out, self.links.len() as u64);
        self.links.iter().for_each(|(link, _)| out.extend([*link; 16]));
        out.push(self.evidence);
        out.extend(vec![0xe0; 32 * usize::from(self.evidence)]);
        for (_, counted) in &self.links {
            out.push(counted.is_some().into());
            if let Some((spent, first, keep_until)) = counted {
                [*spent, *first, *keep_until].iter().for_each(|number| integer(&mut out, *number));
            }
        }
        out.push(self.lane.is_some().into());
        if let Some((counter, time)) = self.lane {
            [counter, time].iter().for_each(|number| integer(&mut out, *number));
        }
        option(&mut out, self.heard);
        out
    }
}

/// An integer as SPEC.md section 3.1 has it.
fn integer(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

fn option(out: &mut Vec<u8>, value: Option<u64>) {
    out.push(value.is_some().into());
    if let Some(value) = value {
        integer(out, value);
    }
}

/// A count of a snapshot.
pub(super) fn count(link: u8, spent: u64, keep_until: u64) -> Vec<u8> {
    let mut out = vec![link; 16];
    [spent, 5, keep_until].iter().for_each(|number| integer(&mut out, *number));
    out
}

/// A lane of a snapshot.
pub(super) fn lane(holder: u8, latest: u64, highest: u64, word: u64) -> Vec<u8> {
    let mut out = vec![holder; 16];
    [latest, highest].iter().for_each(|number| integer(&mut out, *number));
    out.extend(word.to_le_bytes());
    out
}

/// Events behind a log that stands at this floor: a name, and the events.
pub(super) fn events(floor: Time) -> Vec<(String, Vec<Vec<u8>>)> {
    let new = Crafted::new;
    let far = floor.0 + 1_000_000;
    let over = |field: u64| Some((1, 5, field));
    let chain = Crafted {
        links: vec![(1, Some((1, 5, far))), (2, None), (3, Some((1, 5, far + 1)))],
        ..new()
    };
    let again = Crafted { links: vec![(1, Some((2, 5, far))), (2, None)], ..new() };
    let open = Crafted { max_open: Some(60), ..new() };
    let of = |right| Crafted { right, ..new() };
    let late = |counter| Crafted { lane: Some((counter, floor.0)), ..new() }.body();
    let many = |count: u8| {
        (0..count)
            .map(|link| Crafted { links: vec![(link, over(far))], ..new() }.body())
            .collect::<Vec<_>>()
    };
    let lanes = |count: u8| {
        (0..count)
            .map(|holder| Crafted { holder, lane: Some((5, floor.0)), ..new() }.body())
            .collect::<Vec<_>>()
    };
    let ended: Vec<_> = many(9)
        .into_iter()
        .chain([Crafted { heard: Some(far), links: vec![(99, over(far + 9))], ..new() }.body()])
        .collect();
    [
        ("chain", vec![chain.body()]),
        ("chain-used-again", vec![chain.body(), again.body()]),
        ("status-raises-the-floor", vec![Crafted { heard: Some(floor.0 + 77), ..new() }.body()]),
        ("status-below-the-floor", vec![Crafted { heard: Some(floor.0 - 77), ..new() }.body()]),
        (
            "time",
            vec![{
                let mut out = vec![11];
                integer(&mut out, floor.0 + 99);
                out
            }],
        ),
        ("status-ends-counts", ended),
        ("counter-late-and-new", vec![late(1000), late(950), late(937)]),
        ("counter-late-and-seen", vec![late(1000), late(950), late(950)]),
        ("counter-too-old", vec![late(1000), late(936)]),
        ("counter-reserved", vec![late(u64::MAX)]),
        ("counter-last", vec![late(u64::MAX - 1)]),
        ("door-open", vec![open.body()]),
        ("door-open-then-another-visitor", vec![open.body(), new().body()]),
        ("door-open-then-secured", vec![open.body(), vec![10]]),
        ("door-open-then-locked", vec![open.body(), of(1).body(), vec![9, 0]]),
        ("door-open-then-lock-jammed", vec![open.body(), of(1).body(), vec![9, 1]]),
        ("door-open-then-unlocked", vec![open.body(), new().body(), vec![9, 0]]),
        ("release-jammed", vec![open.body(), of(5).body(), vec![9, 1]]),
        ("release-done", vec![of(5).body(), vec![9, 0]]),
        ("release-then-start", vec![of(5).body(), vec![7]]),
        ("release-then-another-decision", vec![of(5).body(), new().body()]),
        ("outcome-of-nothing", vec![vec![9, 0], vec![9, 0]]),
        ("max-open-over-32-bits", vec![Crafted { max_open: Some(1 << 32), ..new() }.body()]),
        ("max-open-of-32-bits", vec![Crafted { max_open: Some((1 << 32) - 1), ..new() }.body()]),
        ("quality-3", vec![Crafted { quality: 3, ..new() }.body()]),
        ("right-31", vec![of(31).body()]),
        ("right-32", vec![of(32).body()]),
        ("no-link", vec![Crafted { links: Vec::new(), ..new() }.body()]),
        ("four-links", vec![Crafted { links: vec![(1, None); 4], ..new() }.body()]),
        ("five-links", vec![Crafted { links: vec![(1, None); 5], ..new() }.body()]),
        ("two-pieces-of-evidence", vec![Crafted { evidence: 2, ..new() }.body()]),
        ("three-pieces-of-evidence", vec![Crafted { evidence: 3, ..new() }.body()]),
        ("spent-0", vec![Crafted { links: vec![(1, Some((0, 5, far)))], ..new() }.body()]),
        (
            "spent-over-32-bits",
            vec![Crafted { links: vec![(1, Some((1 << 32, 5, far)))], ..new() }.body()],
        ),
        ("lane-time-over-limit", vec![Crafted { lane: Some((5, 1 << 40)), ..new() }.body()]),
        ("status-time-over-limit", vec![Crafted { heard: Some(1 << 40), ..new() }.body()]),
        ("counts-fill-the-table", many(10)),
        ("counts-overflow-the-table", many(17)),
        ("lanes-fill-the-table", lanes(5)),
        ("lanes-overflow-the-table", lanes(9)),
    ]
    .map(|(name, events)| (format!("crafted/{name}"), events))
    .into()
}

/// Tables behind the statements of a log: a name, and the records.
pub(super) fn tables(floor: Time) -> Vec<(String, Vec<Vec<u8>>)> {
    let far = floor.0 + 1_000_000;
    let of = |kind: u8, entries: &[Vec<u8>]| [&[kind], entries.concat().as_slice()].concat();
    let counts = |links: std::ops::Range<u8>| {
        of(5, &links.map(|link| count(link, 1, far)).collect::<Vec<_>>())
    };
    let lanes = |holders: std::ops::Range<u8>| {
        of(6, &holders.map(|holder| lane(holder, floor.0, 7, 1)).collect::<Vec<_>>())
    };
    let mut truncated = counts(0..2);
    truncated.pop();
    [
        ("counts-and-lanes", vec![counts(0..3), lanes(0..2)]),
        ("lanes-and-counts", vec![lanes(0..2), counts(0..3)]),
        ("none", vec![of(5, &[]), of(6, &[])]),
        ("in-two-records", vec![counts(0..3), counts(3..5), lanes(0..1), lanes(1..2)]),
        ("full", vec![counts(0..16), lanes(0..8)]),
        ("too-many-counts", vec![counts(0..17)]),
        ("too-many-lanes", vec![lanes(0..9)]),
        (
            "too-many-and-truncated",
            vec![{
                let mut counts = counts(0..17);
                counts.pop();
                counts
            }],
        ),
        ("a-link-twice", vec![counts(0..3), counts(2..4)]),
        ("a-holder-twice", vec![lanes(0..3), lanes(2..4)]),
        ("truncated", vec![truncated]),
        ("spent-0", vec![of(5, &[count(1, 0, far)])]),
        ("over", vec![of(5, &[count(1, 1, floor.0), count(2, 1, floor.0 + 1)])]),
        ("latest-over-limit", vec![of(6, &[lane(1, 1 << 40, 7, 1)])]),
        ("highest-reserved", vec![of(6, &[lane(1, floor.0, u64::MAX, 1)])]),
        ("highest-not-seen", vec![of(6, &[lane(1, floor.0, 7, 2)])]),
        ("seen-below-0", vec![of(6, &[lane(1, floor.0, 2, 0b1111_0101)])]),
        ("lane-over", vec![of(6, &[lane(1, floor.0 - 900, 7, 1), lane(2, floor.0 - 901, 7, 1)])]),
        ("live-lane", vec![of(6, &[lane(1, floor.0, 1000, 0x8000_0000_0000_0005)])]),
    ]
    .map(|(name, records)| (format!("tables/{name}"), records))
    .into()
}

/// The ends of logs of a lock, in an epoch, of which nothing is held.
pub(super) fn ends(lock: &[u8], epoch: u64) -> Vec<u8> {
    let mut out = [&[14], lock].concat();
    [epoch, 3, 0].iter().for_each(|number| integer(&mut out, *number));
    for (next, hash) in [(9, 0xa1), (4, 0xa2)] {
        integer(&mut out, next);
        out.extend([hash; 32]);
    }
    out
}

/// From 9 to 12, by the host's clock.
const fn interval() -> &'static [u8] {
    &[9, 1, 12, 2]
}

/// Who opened, by so many links, with so many witnesses.
fn persons(links: u8, witnesses: u8) -> Vec<u8> {
    let (of_links, of_witnesses) = (usize::from(links) * 16, usize::from(witnesses) * 32);
    let (names, agreed) = (vec![3; of_links], vec![4; of_witnesses]);
    [&[0x15; 8][..], &[200; 16], &[links], &names, &[witnesses], &agreed].concat()
}

/// An entry that was kept: epoch, oldest and starts, the time, the event, the rest.
fn kept(event: &[u8], rest: &[u8]) -> Vec<u8> {
    [&[13, 1, 2, 3], interval(), event, rest].concat()
}

fn opening(outcome: u8) -> Vec<u8> {
    [&[0][..], &[0xc0; 32], &[0, outcome]].concat()
}

fn row(code: u8, count: u8) -> Vec<u8> {
    vec![code, 0, count, 7, 9]
}

/// Entries between the state of a log and its ends, as a name and the records with the ends.
pub(super) fn entries(lock: &[u8], epoch: u64) -> Vec<(String, Vec<Vec<u8>>)> {
    let beginning = |log: u8, next: u8, hash: u8| [&[19, log, next][..], &[hash; 32]].concat();
    let end = ends(lock, epoch);
    let open = |rest: &[u8]| [&[15, 9][..], &[0xc0; 32], &[0], interval(), rest].concat();
    let of = |records: &[Vec<u8>]| records.to_vec();
    let other = ends(&[9; 8], epoch);
    [
        ("none", of(std::slice::from_ref(&end))),
        ("no-ends", Vec::new()),
        ("ends-twice", of(&[end.clone(), end.clone()])),
        ("ends-of-another-lock", of(&[other])),
        (
            "ends-that-others-have",
            of(&[beginning(0, 8, 0xb0), kept(&opening(0), &persons(1, 0)), end.clone()]),
        ),
        ("events-before-the-ends", of(&[vec![7], end.clone()])),
        ("open", of(&[end.clone(), open(&persons(2, 1))])),
        ("open-of-an-older-firmware", of(&[end.clone(), open(&[])])),
        ("open-and-told", of(&[end.clone(), open(&persons(2, 1)), vec![9, 1]])),
        ("open-twice", of(&[end.clone(), open(&persons(1, 0)), open(&persons(1, 0))])),
        ("open-behind-an-event", of(&[end.clone(), vec![10], open(&persons(1, 0))])),
        ("open-without-links", of(&[end.clone(), open(&persons(0, 0))])),
        (
            "kept-of-an-outcome-5",
            of(&[beginning(0, 8, 0xb0), kept(&opening(5), &persons(1, 0)), end]),
        ),
    ]
    .map(|(name, records)| (format!("entries/{name}"), records))
    .into()
}

/// Events that become entries, as a name and the events.
pub(super) fn told(next: u64) -> Vec<(String, Vec<Vec<u8>>)> {
    let denied = |rows: &[Vec<u8>]| {
        let count = u8::try_from(rows.len()).unwrap();
        [&[16], interval(), &[count], rows.concat().as_slice()].concat()
    };
    let person = [&[0xae, 3, 1][..], &[200; 16], &[5, 7, 9]].concat();
    let rows = [person, row(100, 2), row(12, 1), row(0, 40)];
    let mut acknowledged = vec![17];
    integer(&mut acknowledged, next);
    let change = |object: &[u8]| [&[12], interval(), object].concat();
    [
        ("denials", vec![denied(&rows)]),
        ("denials-twice", vec![denied(&rows[..1]), denied(&rows[1..2])]),
        ("denials-of-none", vec![denied(&[])]),
        ("denials-in-five-rows", vec![denied(&[&rows[..], &rows[..1]].concat())]),
        ("denials-of-count-0", vec![denied(&[row(1, 0)])]),
        ("denials-with-more", vec![[denied(&rows), vec![0]].concat()]),
        ("acknowledged", vec![acknowledged.clone()]),
        ("acknowledged-with-more", vec![[acknowledged, vec![0]].concat()]),
        ("change-to-nothing", vec![change(&[])]),
        ("change-to-an-epoch", vec![change(&[1, 9, 0])]),
        ("change-to-an-answer", vec![change(&[1, 8, 0])]),
        ("decision-and-start", vec![Crafted::new().body(), vec![7]]),
        ("decisions-one-behind-the-other", vec![Crafted::new().body(), Crafted::new().body()]),
        ("decision-that-lapsed", vec![Crafted::new().body(), vec![9, 3]]),
        ("hi-below-lo", vec![vec![16, 9, 1, 8, 2, 1, 1, 0, 1, 7, 9]]),
    ]
    .map(|(name, events)| (format!("told/{name}"), events))
    .into()
}
