//! The vectors of a start: the records of a store, and what the lock makes of them.

mod after;
mod crafted;

use keyward::{
    Channel, Denial, Lock, Right, Time,
    lock::{Anchor, Restored},
    receipt::Log,
    seam,
    store::Store,
    tables::{Capacity, Tables},
};
use serde_json::{Value, json};

use crate::{
    journal::{body, of_schema_3, records, tagged, write},
    lives::{Came, Script, Small, Step, Until, now},
    stores::Hardware,
    vectors::hex,
    world::door::{Memory, secret, secret_bytes},
};

use after::after;
pub(super) use after::{counts, lanes};

/// What a lock starts over.
struct Start {
    name: String,
    records: Vec<Vec<u8>>,
    anchor: Option<Vec<u8>>,
    counter: Option<u64>,
    /// Whether the lock has a window of 128.
    is_wide: bool,
}

impl Start {
    fn over(name: &str, records: &[Vec<u8>]) -> Self {
        let records = records.to_vec();
        Self { name: name.into(), records, anchor: None, counter: None, is_wide: false }
    }
}

/// The vectors of starts, as the file `tests/vectors/journal.json` holds them.
pub fn journal() -> Value {
    let script = Script::new(3, 20);
    let lived = lived(&script);
    let starts = lived.whole(&script).into_iter().chain(lived.damaged(&script));
    let vectors: Vec<_> = starts.map(|start| vector(&script, start)).collect();
    json!({
        "about": "SPEC.md section 22: the records of a store, what the lock makes of them at its \
                  start, and the state after it. Bytes are hexadecimal, times Unix seconds.",
        "format_version": 1,
        "vectors": vectors,
    })
}

/// A life: what the store holds behind each step, and the anchors of its two epochs.
struct Lived {
    logs: Vec<Vec<Vec<u8>>>,
    anchors: Vec<Anchor>,
    key: [u8; 32],
}

fn lived(script: &Script) -> Lived {
    let (mut logs, mut anchors, mut store) = (Vec::new(), Vec::<Anchor>::new(), Memory::new());
    for step in &script.steps {
        let (mut lock, _) = script.start(store, None);
        assert_eq!(script.take(&mut lock, step, Until::End), Came::Through);
        let anchor = lock.anchor().unwrap();
        if anchors.last() != Some(&anchor) {
            anchors.push(anchor);
        }
        store = lock.into_store();
        logs.push(records(&mut store));
    }
    Lived { logs, anchors, key: secret_bytes(&script.identity) }
}

impl Lived {
    /// The last log of the first epoch, and of the life.
    fn logs(&self, script: &Script) -> (&[Vec<u8>], &[Vec<u8>]) {
        let epoch = script.steps.iter().position(|step| matches!(step, Step::Epochs(..)));
        (&self.logs[epoch.unwrap() - 1], self.logs.last().unwrap())
    }

    /// Starts over what a lock has written.
    fn whole(&self, script: &Script) -> Vec<Start> {
        let (first, last) = self.logs(script);
        let mut starts = vec![Start::over("empty", &[])];
        let lives = self.logs.iter().enumerate().skip(self.logs.len() % 4);
        for (index, log) in lives.step_by(4) {
            starts.push(Start::over(&format!("life/{index}"), log));
        }
        // Power fails between commit and record.
        for (index, step) in script.steps.iter().enumerate().skip(1) {
            let is_ask = matches!(step, Step::Ask(..) | Step::Unchallenged(_));
            if is_ask && index % 3 == 0 {
                let log = self.cut_short(script, index, step);
                starts.push(Start::over(&format!("interrupted/{index}"), &log));
            }
        }
        starts.push(Start::over("new-log", &self.compacted(script)));
        let own = secret(&script.identity);
        let anchors = self.anchors.iter().map(|anchor| anchor.encode(&own).unwrap());
        let anchors: Vec<_> = anchors.map(|anchor| anchor.as_bytes().to_vec()).collect();
        for (name, log, anchor) in [
            ("anchor/own-epoch", first, 0),
            ("anchor/epoch-before", last, 0),
            ("anchor/later-epoch", first, 1),
            ("anchor/empty", &[], 0),
        ] {
            let anchor = Some(anchors[anchor].clone());
            starts.push(Start { anchor, ..Start::over(name, log) });
        }
        let scope = self.anchors[0].scope;
        let other_domain = keyward::Scope { domain: keyward::id::DomainId([1; 32]), ..scope };
        for (name, other) in [
            ("lock", Anchor { lock: keyward::id::LockId([1; 8]), ..self.anchors[0] }),
            ("domain", Anchor { scope: other_domain, ..self.anchors[0] }),
        ] {
            let anchor = Some(other.encode(&own).unwrap().as_bytes().to_vec());
            starts.push(Start { anchor, ..Start::over(&format!("anchor/other-{name}"), first) });
        }
        let mut damaged = anchors[1].clone();
        *damaged.last_mut().unwrap() ^= 1;
        let longer = [anchors[1].as_slice(), &[0]].concat();
        for (name, anchor) in [("damaged", damaged), ("with-a-byte-more", longer)] {
            let anchor = Some(anchor);
            let over = |log| Start::over(&format!("anchor/{name}-{}", log_name(log)), log);
            starts.push(Start { anchor: anchor.clone(), ..over(first) });
            starts.push(Start { anchor, ..over(&[]) });
        }
        let wide = Start { is_wide: true, ..Start::over("wider-window", &self.compacted(script)) };
        starts.push(wide);
        starts.push(Start { is_wide: true, ..Start::over("wider-window-over-events", first) });
        let number = self.number(script);
        for (name, counter) in [("behind", number - 1), ("equal", number), ("ahead", number + 1)] {
            let counter = Some(counter);
            starts.push(Start { counter, ..Start::over(&format!("counter/{name}"), last) });
        }
        starts
    }

    fn cut_short(&self, script: &Script, index: usize, step: &Step) -> Vec<Vec<u8>> {
        let mut store = Memory::new();
        write(&mut store, &self.logs[index - 1]);
        let (mut lock, _) = script.start(store, None);
        assert_eq!(script.take(&mut lock, step, Until::Commit), Came::Permitted);
        records(&mut lock.into_store())
    }

    /// A log that was just written anew, with counts and lanes.
    fn compacted(&self, script: &Script) -> Vec<Vec<u8>> {
        let mut store = Memory::new();
        write(&mut store, self.logs(script).0);
        let (mut lock, _) = script.start(store, None);
        // A visitor comes and goes until the log is full.
        let mut before = usize::MAX;
        loop {
            assert!(script.visits(&mut lock, 0));
            let mut store = lock.into_store();
            let log = records(&mut store);
            if log.len() < before && before != usize::MAX {
                return log;
            }
            before = log.len();
            lock = script.start(store, None).0;
        }
    }

    /// The floor behind a log.
    fn floor(&self, script: &Script, log: &[Vec<u8>]) -> Time {
        let mut store = Memory::new();
        write(&mut store, log);
        let (lock, _) = script.start(store, None);
        let ticks = keyward::Now::ticks(keyward::time::Uptime(0), 0);
        lock.present(ticks).unwrap().lo()
    }

    /// How many durable writes the life's last log has seen.
    fn number(&self, script: &Script) -> u64 {
        let mut store = Memory::new();
        write(&mut store, self.logs.last().unwrap());
        let (lock, _) = script.start(Hardware { store, counter: 0 }, None);
        lock.into_store().counter - 1
    }

    /// Starts over what no lock has written, or another one.
    fn damaged(&self, script: &Script) -> Vec<Start> {
        let (first, last) = self.logs(script);
        let mut starts = Vec::new();
        let mut add = |name: String, log: &[Vec<u8>]| starts.push(Start::over(&name, log));
        for (index, record) in first.iter().enumerate() {
            if index % 4 == 0 {
                for at in [0, record.len() / 2, record.len() - 1] {
                    let mut log = first.to_vec();
                    log[index][at] ^= 1;
                    add(format!("damaged/record-{index}-byte-{at}"), &log);
                }
            }
            if index % 4 == 1 && index + 1 < first.len() {
                let mut log = first.to_vec();
                log.remove(index);
                add(format!("damaged/without-record-{index}"), &log);
            }
        }
        let bodies: Vec<_> = last.iter().map(|record| body(record)).collect();
        let mut edited = |name: &str, edit: &dyn Fn(&mut Vec<Vec<u8>>)| {
            let mut bodies = bodies.clone();
            edit(&mut bodies);
            let name = if name.contains('/') { name.into() } else { format!("edited/{name}") };
            add(name, &tagged(&self.key, bodies));
        };
        edited("nothing", &|_| {});
        edited("newer-schema", &|log| log[0][1] = 5);
        edited("newer-schema-of-which-nothing-else-is-known", &|log| log[0] = vec![0, 9, 1, 2, 3]);
        edited("older-schema", &|log| {
            log.retain(|body| !is_list(body));
            *log = of_schema_3(log, 1);
        });
        let list = bodies.iter().position(|body| is_list(body)).unwrap();
        edited("older-schema-with-a-list", &|log| {
            log.truncate(list + 1);
            *log = of_schema_3(log, 1);
        });
        edited("schema-0", &|log| log[0][1] = 0);
        edited("schema-2", &|log| log[0][1] = 2);
        edited("other-device", &|log| log[0][2] ^= 1);
        edited("other-nonce", &|log| log[0][34] ^= 1);
        edited("other-domain", &|log| log[0][50] ^= 1);
        edited("relock-2", &|log| *log[0].last_mut().unwrap() = 2);
        edited("trailing-byte", &|log| log[0].push(0));
        edited("no-card", &|log| {
            let card = log.iter().position(|body| body[0] == 4).unwrap();
            log.truncate(card);
        });
        edited("card-first", &|log| log.swap(1, 2));
        edited("card-that-is-none", &|log| {
            let card = log.iter().position(|body| body[0] == 4).unwrap();
            log[card].truncate(20);
        });
        edited("two-starts", &|log| {
            let start = log[0].clone();
            log.push(start);
        });
        edited("epoch-as-event", &|log| {
            let epoch = log[1].clone();
            log.push(epoch);
        });
        edited("unknown-kind", &|log| log.push(vec![20]));
        edited("empty-body", &|log| log.push(Vec::new()));
        edited("boots", &|log| log.extend([vec![7], vec![7]]));
        edited("boot-with-more", &|log| log.push(vec![7, 0]));
        edited("outcomes", &|log| log.extend((0..4).map(|outcome| vec![9, outcome])));
        edited("outcome-interrupted", &|log| log.push(vec![9, 4]));
        edited("outcome-5", &|log| log.push(vec![9, 5]));
        edited("secured", &|log| log.push(vec![10]));
        edited("time-that-passed", &|log| log.push(vec![11, 1]));
        edited("time-over-limit", &|log| log.push(vec![11, 255, 255, 255, 255, 255, 63]));
        let decision = bodies.iter().rposition(|body| body[0] == 8).unwrap();
        // One that spends a counter can't come twice, one without can.
        let with_lane = |body: &Vec<u8>| body[0] == 8 && spends_a_counter(body);
        let lane = bodies.iter().rposition(with_lane).unwrap();
        let none = bodies.iter().rposition(|body| body[0] == 8 && !with_lane(body)).unwrap();
        for (name, twice) in [("counter-twice", lane), ("decision-twice", none)] {
            edited(name, &|log| {
                let twice = log[twice].clone();
                log.push(twice);
            });
        }
        let release = Right::RELEASE.bit();
        edited("release-without-end", &|log| {
            let mut given_up = log[decision].clone();
            given_up[33] = release;
            log.truncate(decision);
            log.push(given_up);
        });
        edited("release-with-outcome", &|log| {
            log.truncate(decision + 1);
            log[decision][33] = release;
            log.push(vec![9, 1]);
        });
        edited("other-words", &|log| {
            // Behind 2 + 80 bytes and two integers.
            let at = behind_integers(&log[0], 82, 2);
            log[0][at] = 2;
        });
        edited("floor-over-limit", &|log| {
            let (from, to) = (behind_integers(&log[0], 82, 1), behind_integers(&log[0], 82, 2));
            log[0].splice(from..to, [0xff, 0xff, 0xff, 0xff, 0xff, 0x3f]);
        });
        let status = script.steps.iter().rev().find_map(|step| match step {
            Step::Statement(bytes) if bytes[1] == 3 => Some(bytes.clone()),
            _ => None,
        });
        let status = [&[12, 9, 1, 12, 2], status.unwrap().as_slice()].concat();
        edited("list-that-is-none", &|log| log.push(status.clone()));
        edited("keyset-as-event-of-before", &|log| {
            let keyset = log[2].clone();
            log.push(keyset);
        });
        edited("event-first", &|log| log.insert(0, vec![7]));
        edited("start-of-one-byte", &|log| log[0].truncate(1));
        edited("event-between-statements", &|log| log.insert(2, vec![7]));
        edited("tables-behind-an-event", &|log| log.extend([vec![7], vec![5]]));
        edited("keyset-twice-in-front", &|log| {
            let keyset = log[2].clone();
            log.insert(2, keyset);
        });
        let floor = self.floor(script, last);
        let ends = bodies.iter().position(|body| body[0] == 14).unwrap();
        let lock = bodies[ends][1..9].to_vec();
        let next = u64::from(bodies[ends][behind_integers(&bodies[ends], 9, 3)]);
        let told = crafted::events(floor).into_iter().chain(crafted::told(next));
        for (name, events) in told {
            edited(&name, &|log| log.extend(events.clone()));
        }
        let card = bodies.iter().position(|body| body[0] == 4).unwrap();
        let state = bodies[..=card].iter().cloned().chain([crafted::ends(&lock, 1)]);
        let floor = self.floor(script, &tagged(&self.key, state));
        for (name, tables) in crafted::tables(floor) {
            edited(&name, &|log| {
                log.truncate(card + 1);
                log.extend(tables.clone());
                log.push(crafted::ends(&lock, 1));
            });
            edited(&name.replace("tables/", "tables-of-schema-3/"), &|log| {
                log.truncate(card + 1);
                log.retain(|body| body[0] != 3);
                log.extend(tables.clone());
                log.push(crafted::ends(&lock, 1));
                *log = of_schema_3(log, 1);
            });
        }
        for (name, entries) in crafted::entries(&lock, 1) {
            edited(&name, &|log| {
                log.truncate(card + 1);
                log.extend(entries.clone());
            });
        }
        edited("without-a-kept-entry", &|log| {
            let kept = log.iter().rposition(|body| body[0] == 13).unwrap();
            log.remove(kept);
        });
        edited("without-the-beginning", &|log| {
            let first = log.iter().position(|body| body[0] == 19).unwrap();
            log.remove(first);
        });
        let foreign = tagged(&[7; 32], bodies.clone());
        add("damaged/other-secret".into(), &foreign);
        add("damaged/two-logs".into(), &[last, last].concat());
        starts
    }
}

fn log_name(log: &[Vec<u8>]) -> &'static str {
    if log.is_empty() { "no-log" } else { "log" }
}

/// Whether a list is held, or was taken in.
fn is_list(body: &[u8]) -> bool {
    let taken = || {
        let end = behind_integers(body, 1, 1);
        body[if body[end] == 1 { behind_integers(body, end + 1, 1) } else { end + 1 } + 2]
    };
    body[0] == 3 || body[0] == 12 && taken() == 3
}

/// The place behind so many integers.
fn behind_integers(bytes: &[u8], from: usize, count: usize) -> usize {
    (0..count)
        .fold(from, |at, _| at + 1 + bytes[at..].iter().take_while(|byte| **byte >= 0x80).count())
}

/// Whether a decision has a lane: its two numbers are behind a 1, and before the flag of the
/// status's time. No request of the script brings a status.
fn spends_a_counter(body: &[u8]) -> bool {
    body[body.len() - 2] != 0
}

fn vector(script: &Script, start: Start) -> Value {
    let Start { name, records, anchor, counter, is_wide } = start;
    let mut store = Memory::new();
    write(&mut store, &records);
    let own = secret(&script.identity);
    // One that can't be read is none.
    let read = anchor.as_ref().and_then(|bytes| Anchor::decode(bytes, &own));
    let (result, after) = match counter {
        Some(counter) => started::<_, Small>(script, Hardware { store, counter }, read.as_ref()),
        None if is_wide => started::<_, Wide>(script, store, read.as_ref()),
        None => started::<_, Small>(script, store, read.as_ref()),
    };
    json!({
        "name": name,
        "identity": {
            "device": hex(script.identity.device.as_bytes()),
            "nonce": hex(&script.identity.nonce.0),
        },
        "secret": hex(&secret_bytes(&script.identity)),
        "capacity": {
            "counts": Small::COUNTS,
            "lanes": Small::LANES,
            "words": if is_wide { Wide::BLOCKS } else { Small::BLOCKS },
        },
        "records": records.iter().map(|record| hex(record)).collect::<Vec<_>>(),
        "anchor": anchor.map(|anchor| hex(&anchor)),
        "counter": counter,
        "result": result,
        "after": after,
    })
}

/// The tables of a lock with a wider window.
type Wide = Tables<16, 8, 2>;

fn started<S: Store, T: Capacity>(
    script: &Script,
    store: S,
    anchor: Option<&Anchor>,
) -> (Value, Value) {
    let mut lock: Lock<'static, S, T> = Lock::new(script.identity, secret(&script.identity), store);
    match lock.restore(anchor) {
        Ok(Restored::Unclaimed) => (json!({ "restored": "unclaimed" }), Value::Null),
        Ok(Restored::Claimed { interrupted }) => {
            let interrupted = interrupted.map(|sequence| sequence.0);
            let result = json!({ "restored": "claimed", "interrupted": interrupted });
            (result, after(&mut lock))
        }
        Err(denial) => (denied(&denial), Value::Null),
    }
}

fn denied(denial: &Denial) -> Value {
    json!({ "denied": denial.code(), "reason": denial.name() })
}
