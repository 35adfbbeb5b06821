//! The vectors of a lock's tables: changes one after the other, and which are admitted.

use keyward::{
    id::{Counter, KeyId, KeyName, LinkId},
    ledger::{Changes, CommitError, Counted, Lane, Memory, Uses},
    seam,
    tables::{Capacity, Tables},
    time::Time,
};
use serde_json::{Value, json};

use crate::vectors::{
    hex,
    journal::{counts, lanes},
};

/// What is done to tables, at a floor, and what comes of it.
struct Step {
    floor: u64,
    counted: Vec<(u8, u8, u8, u64)>,
    lane: Option<(u8, u8, u8, u64, u64)>,
    /// What `verify` is to have found instead of what is there.
    stale: bool,
    expected: Result<(), u16>,
}

/// Counts links of these (link, root, issuer), kept until then.
fn count(links: &[(u8, u8, u8, u64)], floor: u64, expected: Result<(), u16>) -> Step {
    Step { floor, counted: links.to_vec(), lane: None, stale: false, expected }
}

/// A holder's counter and time, under a root and an issuer.
fn lane(lane: (u8, u8, u8, u64, u64), floor: u64, expected: Result<(), u16>) -> Step {
    Step { floor, counted: Vec::new(), lane: Some(lane), stale: false, expected }
}

const FULL: Result<(), u16> = Err(500);
const CHANGED: Result<(), u16> = Err(501);
const OK: Result<(), u16> = Ok(());

/// The vectors of tables, as the file `tests/vectors/tables.json` holds them.
pub fn tables() -> Value {
    let mut vectors = Vec::new();
    quotas(&mut vectors);
    prefixes(&mut vectors);
    ends(&mut vectors);
    windows(&mut vectors);
    json!({
        "about": "SPEC.md sections 14.2 to 14.4: changes to a lock's tables, one after the other, \
                  which are applied, and what is left. Bytes are hexadecimal, times Unix seconds.",
        "format_version": 1,
        "vectors": vectors,
    })
}

/// A name of so many bytes: those from 0x80 on begin as the one of 0x80 less, and end otherwise.
fn name<const N: usize>(number: u8) -> [u8; N] {
    let mut name = [number & 0x7f; N];
    *name.last_mut().unwrap() |= number & 0x80;
    name
}

/// What begins alike is counted as one.
fn prefixes(vectors: &mut Vec<Value>) {
    for (name, ends) in [("sooner", [1000, 500]), ("later", [500, 1000])] {
        let steps = [
            count(&[(1, 9, 1, ends[0])], 0, OK),
            count(&[(0x81, 8, 2, ends[1])], 0, OK),
            count(&[(1, 9, 1, ends[0])], 999, OK),
        ];
        vectors.push(vector::<4, 0, 1>(&format!("prefix/link-that-ends-{name}"), &steps));
    }
    let both = |expected| [count(&[(1, 9, 1, 1000), (0x81, 9, 1, 500)], 0, expected)];
    vectors.push(vector::<8, 0, 1>("prefix/links-of-a-chain", &both(OK)));
    vectors.push(vector::<4, 0, 1>("prefix/links-of-a-chain-are-two-to-come", &both(FULL)));
    let roots = [count(&[(1, 9, 1, 1000)], 0, OK), count(&[(2, 0x89, 1, 1000)], 0, FULL)];
    vectors.push(vector::<4, 0, 1>("prefix/roots", &roots));
    let issuers = [
        count(&[(1, 9, 1, 1000)], 0, OK),
        count(&[(2, 8, 0x81, 1000)], 0, OK),
        count(&[(3, 7, 1, 1000)], 0, FULL),
    ];
    vectors.push(vector::<4, 0, 1>("prefix/issuers", &issuers));
    let holders = [
        lane((1, 9, 1, 5, 50), 0, OK),
        lane((0x81, 8, 2, 5, 40), 0, CHANGED),
        lane((0x81, 8, 2, 6, 40), 0, OK),
        lane((2, 9, 1, 5, 50), 950, FULL),
    ];
    vectors.push(vector::<0, 4, 1>("prefix/holders", &holders));
}

fn quotas(vectors: &mut Vec<Value>) {
    let links = |range: std::ops::Range<u8>, root: fn(u8) -> u8, issuer: fn(u8) -> u8| {
        range.map(move |link| (link, root(link), issuer(link), 1000)).collect::<Vec<_>>()
    };
    let each = |links: Vec<(u8, u8, u8, u64)>, admitted: usize| {
        let each = links.into_iter().enumerate();
        each.map(|(index, link)| count(&[link], 0, if index < admitted { OK } else { FULL }))
            .collect::<Vec<_>>()
    };
    let one_root = || links(0..4, |_| 9, |_| 1);
    vectors.push(vector::<4, 0, 1>("root/of-4", &each(one_root(), 1)));
    vectors.push(vector::<5, 0, 1>("root/of-5", &each(one_root(), 2)));
    vectors.push(vector::<8, 0, 1>("root/of-8", &each(one_root(), 2)));
    vectors.push(vector::<9, 0, 1>("root/of-9", &each(one_root(), 3)));
    let one_issuer = || links(0..8, |link| link, |_| 1);
    vectors.push(vector::<4, 0, 1>("issuer/of-4", &each(one_issuer(), 2)));
    vectors.push(vector::<5, 0, 1>("issuer/of-5", &each(one_issuer(), 2)));
    vectors.push(vector::<9, 0, 1>("issuer/of-9", &each(one_issuer(), 4)));
    let nobody = || links(0..8, |link| link, |link| link);
    vectors.push(vector::<4, 0, 1>("all/of-4", &each(nobody(), 4)));
    vectors.push(vector::<5, 0, 1>("all/of-5", &each(nobody(), 5)));
    vectors.push(vector::<0, 0, 1>("all/of-none", &each(nobody(), 0)));
    // Both ids of the root have one half.
    let two = |step: Result<(), u16>| vec![count(&[(1, 9, 1, 1000), (2, 9, 1, 1000)], 0, step)];
    vectors.push(vector::<4, 0, 1>("chain/two-of-4", &two(FULL)));
    vectors.push(vector::<8, 0, 1>("chain/two-of-8", &two(OK)));
    let again = vec![
        count(&[(1, 9, 1, 1000), (2, 9, 1, 1000)], 0, OK),
        count(&[(1, 9, 1, 1000), (2, 9, 1, 1000)], 0, OK),
        count(&[(1, 9, 1, 1000), (3, 9, 1, 1000)], 0, FULL),
        count(&[(1, 9, 1, 1000)], 0, OK),
        count(&[(4, 8, 1, 1000)], 0, OK),
    ];
    vectors.push(vector::<8, 0, 1>("chain/used-again", &again));
    let stale = Step { stale: true, ..count(&[(1, 9, 1, 1000)], 0, CHANGED) };
    let first = count(&[(1, 9, 1, 1000)], 0, OK);
    vectors.push(vector::<4, 0, 1>("changed/used-meanwhile", &[first, stale]));
    let stale = Step { stale: true, ..count(&[(1, 9, 1, 1000), (2, 9, 1, 1000)], 0, CHANGED) };
    let first = count(&[(1, 9, 1, 1000)], 0, OK);
    vectors.push(vector::<4, 0, 1>("changed/before-full", &[first, stale]));
    let holders = |root: fn(u8) -> u8, issuer: fn(u8) -> u8, admitted: u8| {
        (0..6)
            .map(|holder| {
                let expected = if holder < admitted { OK } else { FULL };
                lane((holder, root(holder), issuer(holder), 5, 50), 0, expected)
            })
            .collect::<Vec<_>>()
    };
    vectors.push(vector::<0, 4, 1>("lanes/root", &holders(|_| 9, |_| 1, 1)));
    vectors.push(vector::<0, 4, 1>("lanes/issuer", &holders(|holder| holder, |_| 1, 2)));
    vectors.push(vector::<0, 4, 1>("lanes/all", &holders(|holder| holder, |holder| holder, 4)));
    vectors.push(vector::<0, 0, 1>("lanes/none", &holders(|holder| holder, |holder| holder, 0)));
    let moves = [
        lane((1, 8, 1, 5, 50), 0, OK),
        lane((1, 9, 2, 6, 51), 0, OK),
        lane((2, 9, 2, 5, 50), 0, OK),
        lane((3, 8, 1, 5, 50), 0, FULL),
    ];
    vectors.push(vector::<0, 4, 1>("lanes/payer-stays", &moves));
    let both = Step { counted: vec![(1, 9, 1, 1000)], ..lane((1, 9, 1, 5, 50), 0, OK) };
    // A quarter of the counts has room for a second, a quarter of the lanes has not.
    let only_count = Step { counted: vec![(2, 9, 1, 1000)], ..lane((2, 9, 1, 5, 50), 0, FULL) };
    vectors.push(vector::<8, 4, 1>("both/all-or-nothing", &[both, only_count]));
}

fn ends(vectors: &mut Vec<Value>) {
    let full = |floor, expected| {
        let mut steps: Vec<_> =
            (0..4).map(|link| count(&[(link, link, link, 100 + u64::from(link))], 0, OK)).collect();
        steps.push(count(&[(9, 9, 9, 1000)], floor, expected));
        steps
    };
    vectors.push(vector::<4, 0, 1>("ends/a-second-before", &full(99, FULL)));
    vectors.push(vector::<4, 0, 1>("ends/then", &full(100, OK)));
    let quota = [
        count(&[(1, 9, 1, 100)], 0, OK),
        count(&[(2, 9, 1, 200)], 99, FULL),
        count(&[(2, 9, 1, 200)], 100, OK),
    ];
    vectors.push(vector::<4, 0, 1>("ends/frees-the-quota", &quota));
    let full = |floor, expected| {
        let mut steps: Vec<_> =
            (0..4).map(|holder| lane((holder, holder, holder, 5, 50), 0, OK)).collect();
        // Its greatest time counts, not its last.
        steps.push(lane((0, 0, 0, 9, 70), 0, OK));
        steps.push(lane((0, 0, 0, 8, 60), 0, OK));
        steps.push(lane((9, 9, 9, 5, 50), floor, expected));
        steps
    };
    vectors.push(vector::<0, 4, 1>("ends/lane-when-equal", &full(950, FULL)));
    vectors.push(vector::<0, 4, 1>("ends/lane-a-second-later", &full(951, OK)));
    let greatest = [
        lane((0, 9, 0, 5, 70), 0, OK),
        lane((0, 9, 0, 6, 60), 0, OK),
        lane((1, 9, 1, 5, 50), 970, FULL),
        lane((1, 9, 1, 5, 50), 971, OK),
    ];
    vectors.push(vector::<0, 4, 1>("ends/lane-by-its-greatest-time", &greatest));
    let over = [
        lane((1, 9, 1, 5, 50), 0, OK),
        // It is over and still there: its counters are spent, and its place is its own no more.
        lane((1, 9, 1, 5, 2000), 1000, CHANGED),
        lane((2, 9, 1, 5, 2000), 1000, OK),
        lane((1, 9, 1, 6, 2000), 1000, FULL),
        lane((1, 8, 1, 5, 2000), 1000, OK),
    ];
    vectors.push(vector::<0, 4, 1>("ends/lane-that-is-over", &over));
}

fn windows(vectors: &mut Vec<Value>) {
    let steps = |width: u64| {
        let at = |counter, expected| lane((1, 9, 1, counter, 50), 0, expected);
        [
            at(1000, OK),
            at(1000, CHANGED),
            at(999, OK),
            at(999, CHANGED),
            at(1000 - width, CHANGED),
            at(1001 - width, OK),
            at(1001 - width, CHANGED),
            at(1000 + width, OK),
            at(1000, CHANGED),
            at(1001, OK),
            at(1000 + width / 2, OK),
            at(u64::MAX, CHANGED),
            at(u64::MAX - 1, OK),
            at(u64::MAX - width, OK),
            at(u64::MAX - 1 - width, CHANGED),
        ]
    };
    vectors.push(vector::<0, 4, 1>("window/64", &steps(64)));
    vectors.push(vector::<0, 4, 2>("window/128", &steps(128)));
    vectors.push(vector::<0, 4, 4>("window/256", &steps(256)));
    let first = [
        lane((1, 9, 1, u64::MAX, 50), 0, CHANGED),
        lane((1, 9, 1, 0, 50), 0, OK),
        lane((1, 9, 1, 0, 50), 0, CHANGED),
        lane((1, 9, 1, 63, 50), 0, OK),
        lane((1, 9, 1, 1, 50), 0, OK),
    ];
    vectors.push(vector::<0, 4, 1>("window/first", &first));
}

fn vector<const C: usize, const L: usize, const B: usize>(name: &str, steps: &[Step]) -> Value {
    let (mut tables, mut floor) = (Tables::<C, L, B>::EMPTY, Time(0));
    let mut values = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        floor = Time(step.floor);
        let changes = changes(&tables, step);
        let admitted = tables.admits(&changes, floor);
        let result = admitted.map_err(|error| match error {
            CommitError::Full => 500,
            _ => 501,
        });
        assert_eq!(result, step.expected, "{name}, step {number}");
        if result.is_ok() {
            tables.apply(&changes, floor).unwrap();
        }
        values.push(shown(&changes, floor, result));
    }
    json!({
        "name": name,
        "capacity": { "counts": C, "lanes": L, "words": B },
        "steps": values,
        "after": { "counts": counts(&tables, floor), "lanes": lanes(&tables, floor) },
    })
}

fn changes<M: Memory>(tables: &M, step: &Step) -> Changes {
    let counted: Vec<_> = step
        .counted
        .iter()
        .map(|(link, root, issuer, keep_until)| {
            let link = LinkId(name(*link));
            let held = tables.uses(&link);
            let before = if step.stale { Uses::default() } else { held };
            let first = Some(before.first.unwrap_or(Time(step.floor)));
            Counted {
                link,
                root: LinkId(name(*root)),
                issuer: KeyId(name(*issuer)),
                before,
                after: Uses { spent: before.spent + 1, first },
                keep_until: Time(*keep_until),
            }
        })
        .collect();
    let lane = step.lane.map(|(holder, root, issuer, counter, time)| Lane {
        holder: KeyName(name(holder)),
        root: LinkId(name(root)),
        issuer: KeyId(name(issuer)),
        counter: Counter(counter),
        time: Time(time),
    });
    seam::changes(&counted, lane, None)
}

fn shown(changes: &Changes, floor: Time, result: Result<(), u16>) -> Value {
    let uses = |uses: &Uses| json!({ "spent": uses.spent, "first": uses.first.map(|at| at.0) });
    let counted: Vec<_> = changes
        .counted()
        .map(|counted| {
            json!({
                "link": hex(&counted.link.0),
                "root": hex(&counted.root.0),
                "issuer": hex(&counted.issuer.0),
                "before": uses(&counted.before),
                "after": uses(&counted.after),
                "keep_until": counted.keep_until.0,
            })
        })
        .collect();
    let lane = changes.lane().map(|lane| {
        json!({
            "holder": hex(&lane.holder.0),
            "root": hex(&lane.root.0),
            "issuer": hex(&lane.issuer.0),
            "counter": lane.counter.0,
            "time": lane.time.0,
        })
    });
    let result = result.map_or_else(|code| json!(code), |()| json!("applied"));
    json!({ "floor": floor.0, "counted": counted, "lane": lane, "result": result })
}
