//! A log that a lock has written, edited and tagged again, as nobody without its secret can: it
//! starts the lock or doesn't, and a state that was taken is found again.

use std::sync::OnceLock;

use keyward_testkit::{
    journal::{body, records, tagged, write},
    lives::{Came, Script, Until},
    world::door::Memory,
};

/// The bodies of a life's last log, and the bytes of its secret.
fn lived() -> &'static (Vec<Vec<u8>>, [u8; 32]) {
    static LIVED: OnceLock<(Vec<Vec<u8>>, [u8; 32])> = OnceLock::new();
    LIVED.get_or_init(|| {
        let (script, mut store) = (script(), Memory::new());
        for step in &script.steps {
            let (mut lock, _) = script.start(store, None);
            assert_eq!(script.take(&mut lock, step, Until::End), Came::Through);
            store = lock.into_store();
        }
        let bodies = records(&mut store).iter().map(|record| body(record)).collect();
        (bodies, *script.identity.device.as_bytes())
    })
}

fn script() -> Script {
    Script::new(5, 12)
}

/// Edits a log by threes of bytes behind an operation, and starts a lock over it.
pub fn journal(data: &[u8]) {
    thread_local!(static SCRIPT: Script = script());
    let (bodies, key) = lived();
    let mut bodies = bodies.clone();
    for edit in data.as_chunks::<4>().0 {
        let [operation, record, at, byte] = edit.map(usize::from);
        let count = bodies.len();
        let Some(place) = record.checked_rem(count) else { break };
        let length = bodies[place].len();
        let at = at.checked_rem(length).unwrap_or(0);
        match operation % 8 {
            0 if length > 0 => bodies[place][at] ^= edit[3],
            1 if length > 0 => bodies[place][at] = edit[3],
            2 => drop(bodies.remove(place)),
            3 => {
                let twice = bodies[place].clone();
                bodies.push(twice);
            }
            4 => bodies[place].truncate(at),
            5 => bodies[place].insert(at, edit[3]),
            6 => bodies.swap(place, byte % count),
            _ => bodies.truncate(place),
        }
    }
    bodies.iter_mut().for_each(|body| body.truncate(keyward::limits::MAX_RECORD - 16));
    let mut store = Memory::new();
    if bodies.iter().map(|body| body.len() + 18).sum::<usize>() > 19_000 {
        return;
    }
    write(&mut store, &tagged(key, bodies));
    SCRIPT.with(|script| {
        let (lock, found) = script.start(store, None);
        if let Ok(Some(_)) = &found {
            let (_, again) = script.start(lock.into_store(), None);
            assert_eq!(again, found);
        }
    });
}
