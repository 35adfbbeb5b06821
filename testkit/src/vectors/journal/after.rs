//! The state behind a start.

use super::*;

pub(super) fn after<S: Store, T: Capacity>(lock: &mut Lock<'static, S, T>) -> Value {
    let nonces = [[0; 16], [0x5a; 16]].map(|random| {
        let session = lock.challenge(random, Channel::Radio, now()).unwrap();
        hex(&session.challenge().nonce.0)
    });
    let trust = lock.trust().unwrap();
    let ticks = keyward::Now::ticks(keyward::time::Uptime(0), 0);
    let floor = lock.present(ticks).unwrap().lo();
    json!({
        "domain": hex(&trust.scope().domain.0),
        "epoch": trust.scope().epoch.0,
        "keyset": trust.keyset().0,
        "list": [trust.list().keyset.0, trust.list().number.0],
        "card": [trust.card().keyset.0, trust.card().version.0],
        "floor": floor.0,
        "events": log(lock, Log::Events),
        "denials": log(lock, Log::Denials),
        "relock": lock.relock_within(now()).is_some(),
        "nonces": nonces,
        "counts": counts(lock.memory(), floor),
        "lanes": lanes(lock.memory(), floor),
    })
}

/// The end of a log, how many of its entries the lock holds, and the last of them.
fn log<S: Store, T: Capacity>(lock: &mut Lock<'static, S, T>, log: Log) -> Value {
    let (mut held, mut last) = (0, Value::Null);
    let mut reader = lock.read_log(now()).unwrap();
    while let Some(draft) = lock.next_entry(&mut reader).unwrap() {
        if draft.head().unwrap().0 == log {
            let (public, private) = seam::parts(&draft);
            held += 1;
            last = json!({ "public": hex(public), "private": hex(private) });
        }
    }
    let head = lock.head(log);
    json!({ "next": head.next.0, "hash": hex(&head.hash), "held": held, "last": last })
}

/// The counts that are not over, by link.
pub(in crate::vectors) fn counts<T: Capacity>(tables: &T, floor: Time) -> Vec<Value> {
    sorted(tables.counts(floor).map(|count| {
        let key = hex(&count.link.0);
        let value = json!({
            "link": key,
            "root": hex(&count.payer.root),
            "issuer": hex(&count.payer.issuer),
            "spent": count.spent.get(),
            "first": count.first.0,
            "keep_until": count.keep_until.0,
        });
        (key, value)
    }))
}

/// The lanes that are not over, by holder.
pub(in crate::vectors) fn lanes<T: Capacity>(tables: &T, floor: Time) -> Vec<Value> {
    sorted(tables.lanes(floor).map(|lane| {
        let key = hex(&lane.holder.0);
        let value = json!({
            "holder": key,
            "root": hex(&lane.payer.root),
            "issuer": hex(&lane.payer.issuer),
            "latest": lane.latest.0,
            "highest": lane.highest.0,
            "seen": lane.seen.collect::<Vec<u64>>(),
        });
        (key, value)
    }))
}

/// By name.
fn sorted(entries: impl Iterator<Item = (String, Value)>) -> Vec<Value> {
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    entries.into_iter().map(|(_, entry)| entry).collect()
}
