//! The vectors of a lock's life: identity, steps, and the state after each.

use keyward::{Refusal, lock::Identity};
use serde_json::{Value, json};

use crate::{
    statements::{self, Bench, Deed, Story, Verdict},
    vectors::hex,
};

/// The vectors of claims and statements, as the file `tests/vectors/trust.json` holds them.
pub fn trust() -> Value {
    let mut vectors = Vec::new();
    for case in statements::cases() {
        if let Some(mended) = &case.mended {
            vectors.push(vector(&format!("{}/mended", case.name), mended));
        }
        vectors.push(vector(case.name, &case.story));
    }
    json!({
        "about": "SPEC.md sections 16 to 19: what is done to a lock step by step, what each step \
                  comes to, and the state after it. A refusal's rule, mended, stands under the \
                  same name with /mended. Bytes are hexadecimal, times Unix seconds.",
        "format_version": 1,
        "vectors": vectors,
    })
}

fn vector(name: &str, story: &Story) -> Value {
    let mut bench = Bench::new(story.identity);
    let steps = story.steps.iter().enumerate().map(|(number, step)| {
        let mut value = deed(&bench, &step.deed);
        let verdict = bench.play(&step.deed);
        assert_eq!(verdict, step.verdict, "{name}, step {number}");
        value["result"] = result(&verdict);
        value["after"] = after(&bench);
        value
    });
    let steps: Vec<_> = steps.collect();
    json!({ "name": name, "identity": identity(&story.identity), "steps": steps })
}

/// A life as a vector has it, whatever comes of its steps. A lock that nobody has claimed isn't
/// released.
pub fn lived(lock: &Identity, deeds: &[Deed]) -> Value {
    let mut bench = Bench::new(*lock);
    let mut steps = Vec::new();
    for one in deeds {
        // Nor is one that is, into the life that it has.
        if let Deed::Release(next) = one
            && (bench.view().is_none() || bench.lock.unclaimed().device == next.device)
        {
            continue;
        }
        let mut value = deed(&bench, one);
        value["result"] = result(&bench.play(one));
        value["after"] = after(&bench);
        steps.push(value);
    }
    json!({ "identity": identity(lock), "steps": steps })
}

fn identity(lock: &Identity) -> Value {
    json!({
        "device": hex(lock.device.as_bytes()),
        "nonce": hex(&lock.nonce.0),
        "claim_key": lock.claim_key.map(|key| hex(key.as_bytes())),
    })
}

fn deed(bench: &Bench, deed: &Deed) -> Value {
    match deed {
        Deed::Claim { claim, epoch, keyset, card, list, contact } => json!({
            "do": "claim",
            "claim": hex(claim),
            "epoch": hex(epoch),
            "keyset": hex(keyset),
            "card": hex(card),
            "list": list.as_deref().map(hex),
            "contact": contact,
        }),
        Deed::Epochs { epochs, keyset } => json!({
            "do": "epochs",
            "epochs": epochs.iter().map(|epoch| hex(epoch)).collect::<Vec<_>>(),
            "keyset": hex(keyset),
        }),
        Deed::Keyset(bytes) => json!({ "do": "keyset", "bytes": hex(bytes) }),
        Deed::Card(bytes) => json!({ "do": "card", "bytes": hex(bytes) }),
        Deed::Status { bytes, nonce, lo } => json!({
            "do": "status",
            "bytes": hex(bytes),
            "nonce": nonce.map(|nonce| hex(&nonce)),
            "lo": bench.present(*lo).map_or(*lo, |present| present.lo().0),
        }),
        Deed::Release(lock) => json!({
            "do": "release",
            "device": hex(lock.device.as_bytes()),
            "nonce": hex(&lock.nonce.0),
        }),
    }
}

fn result(verdict: &Verdict) -> Value {
    match verdict {
        Ok(what) => json!({ "applied": what }),
        Err(refusal @ Refusal::Malformed(error)) => json!({
            "refused": refusal.code(),
            "reason": refusal.name(),
            "detail": format!("{error:?}"),
        }),
        Err(refusal) => json!({ "refused": refusal.code(), "reason": refusal.name() }),
    }
}

fn after(bench: &Bench) -> Value {
    let (Some(view), bodies) = (bench.view(), bench.bodies()) else { return Value::Null };
    json!({
        "domain": hex(&view.scope.domain.0),
        "epoch": view.scope.epoch.0,
        "keyset": view.keyset.0,
        "list": [view.list.keyset.0, view.list.number.0],
        "card": [view.card.keyset.0, view.card.version.0],
        // Its ticks stand still: what the lock knows by itself is its floor.
        "floor": view.present.lo().0,
        "bodies": {
            "epoch": hex(&bodies.epoch),
            "keyset": hex(&bodies.keyset),
            "card": hex(&bodies.card),
            "list": bodies.list.map(|list| hex(&list)),
        },
    })
}
