//! The vectors of receipts, entries and recordings: who signed them, and what they tell.

use keyward::{
    Caveats, Core, Right, Rights, SigningKey, Target, Valid,
    id::DomainId,
    receipt::{About, Disclosed, Entry, Receipt, WitnessName},
    recording::{Closed, Recording, RecordingFault},
    role,
    time::{Seconds, Time},
};
use serde_json::{Value, json};

use crate::{
    vectors::hex,
    world::{START, World, device_key},
};

/// The vectors, as the file `tests/vectors/receipts.json` holds them.
pub fn receipts() -> Value {
    let told = Told::new();
    let vectors = [told.signed(), told.disclosed(), told.rotated(), told.closed()].concat();
    json!({
        "about": "SPEC.md section 24: receipts under a domain and a device key, what entries \
                  disclose, changes of the device key, recordings of a request. Bytes are \
                  hexadecimal; a fault is null where all holds.",
        "format_version": 1,
        "vectors": vectors,
    })
}

/// A door's log: a claim, an opening with a witness, a denial, a new device key, an opening by it.
struct Told {
    domain: DomainId,
    keys: [SigningKey<role::Device>; 2],
    entries: Vec<Vec<u8>>,
    witness: SigningKey<role::Witness>,
    core: Core,
    agreed: WitnessName,
}

impl Told {
    fn new() -> Self {
        let mut world = World::new(24);
        let valid = Valid { from: START, lasts: Seconds::days(1) };
        let targets = [Target::Lock(world.flat.id)];
        let witnesses = [world.camera.key.public()];
        let grant = Caveats::grant(Rights::of(Right::UNLOCK), &targets, valid)
            .and_then(|grant| grant.uses(2)?.witness(1, &witnesses))
            .unwrap();
        let held = world.owner.grant(&world.courier.public(), 0, &grant);
        let now = world.now();
        let opened = |world: &mut World| {
            let World { flat, courier, camera, rng, .. } = world;
            let challenge = flat.connect(keyward::Channel::Radio, now);
            let ask = keyward::Ask { lock: flat.id, right: Right::UNLOCK, parameter: b"" };
            let channel = keyward::Channel::Radio;
            let request = courier.request(&held, ask, &challenge, channel, rng);
            let agreed = camera.agree(&request).unwrap();
            let presentation = courier.present(&request, &[agreed], None);
            let _verdict = flat.present(&presentation, now);
            keyward::Request::decode(&request).unwrap().core().unwrap()
        };
        let core = opened(&mut world);
        let old = world.flat.device_key();
        let _first = world.flat.rotate(now).unwrap();
        let _second = opened(&mut world);
        let _denied = opened(&mut world);
        let new = world.flat.device_key();
        let entries = world.flat.log(now);
        let witness = world.camera.key;
        let agreed = named(&entries, &core);
        Self { domain: world.owner.domain, keys: [old, new], entries, witness, core, agreed }
    }

    /// Receipts under both keys, and damaged ones.
    fn signed(&self) -> Vec<Value> {
        let mut vectors = Vec::new();
        let [old, new] = &self.keys;
        let street = device_key(&keyward::id::ClaimNonce([9; 16]));
        for (index, entry) in self.entries.iter().enumerate() {
            let receipt = receipt(entry);
            let mut of = |name: &str, bytes: &[u8], domain: &DomainId, key: &SigningKey<_>| {
                let name = format!("signed/{index}-{name}");
                vectors.push(verified(&name, bytes, domain, key));
            };
            of("by-the-new-key", &receipt, &self.domain, new);
            of("by-the-old-key", &receipt, &self.domain, old);
            of("by-another-lock", &receipt, &self.domain, &street);
            of("in-another-domain", &receipt, &DomainId([1; 32]), new);
            for at in [10, 20, 60, receipt.len() - 65, receipt.len() - 64, receipt.len() - 1] {
                let mut damaged = receipt.clone();
                damaged[at] ^= 1;
                if Receipt::decode(&damaged).is_ok() {
                    of(&format!("byte-{at}"), &damaged, &self.domain, new);
                }
            }
        }
        vectors
    }

    /// What entries disclose, and what is put into them.
    fn disclosed(&self) -> Vec<Value> {
        let mut vectors = Vec::new();
        let mut of = |name: String, bytes: &[u8]| vectors.push(told(&name, bytes));
        for (index, bytes) in self.entries.iter().enumerate() {
            of(format!("disclosed/{index}"), bytes);
            let entry = Entry::decode(bytes).unwrap();
            let erased = entry.erased().unwrap();
            of(format!("disclosed/{index}-erased"), erased.as_bytes());
            let head = erased.as_bytes().len();
            for (other, others) in self.entries.iter().enumerate() {
                let bytes = Entry::decode(others).unwrap().erased().unwrap();
                let private = &others[bytes.as_bytes().len()..];
                let moved = [&erased.as_bytes()[..head - 1], &[1], private].concat();
                if other != index && !private.is_empty() && Entry::decode(&moved).is_ok() {
                    of(format!("disclosed/{index}-by-{other}"), &moved);
                }
            }
            for at in head..bytes.len() {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1;
                if at % 16 == 0 && Entry::decode(&damaged).is_ok() {
                    of(format!("disclosed/{index}-byte-{at}"), &damaged);
                }
            }
        }
        vectors
    }

    /// The change of the device key.
    fn rotated(&self) -> Vec<Value> {
        let is_change = |entry: &&Vec<u8>| {
            Receipt::decode(&receipt(entry)).unwrap().rotation(&self.domain) != Ok(None)
        };
        let change = receipt(self.entries.iter().find(is_change).unwrap());
        let mut vectors = vec![rotation("rotated/both", &change, &self.domain)];
        vectors.push(rotation("rotated/in-another-domain", &change, &DomainId([1; 32])));
        let signatures = change.len() - 64 - 128;
        for (name, at) in [
            ("lock", 2),
            ("epoch", 10),
            ("sequence", 11),
            ("before", 12),
            ("old-key", signatures - 64 + 7),
            ("new-key", signatures - 32 + 7),
            ("by-old", signatures),
            ("by-new", signatures + 64),
            // It is no part of what both keys sign.
            ("signature-of-the-receipt", change.len() - 1),
        ] {
            let mut damaged = change.clone();
            damaged[at] ^= 2;
            if Receipt::decode(&damaged).is_ok() {
                vectors.push(rotation(&format!("rotated/{name}"), &damaged, &self.domain));
            }
        }
        vectors
    }

    /// The witness's word on its recording.
    fn closed(&self) -> Vec<Value> {
        let own = Closed {
            core: *self.core.as_bytes(),
            evidence: self.agreed.evidence,
            hash: [0xf1; 32],
            from: START,
            until: Time(START.0 + 120),
        };
        let other = Closed { core: [1; 32], ..own };
        let another = Closed { evidence: keyward::id::EvidenceId([1; 16]), ..own };
        let thief = SigningKey::<role::Witness>::from_secret(&[5; 32]);
        let sign = |closed: &Closed, key: &SigningKey<role::Witness>| {
            closed.draft(&key.public()).unwrap().sign(key).unwrap().as_bytes().to_vec()
        };
        let bytes = sign(&own, &self.witness);
        let mut vectors = vec![
            self.recorded("closed/own", &bytes),
            self.recorded("closed/of-another-request", &sign(&other, &self.witness)),
            self.recorded("closed/of-other-evidence", &sign(&another, &self.witness)),
            self.recorded("closed/by-another-witness", &sign(&own, &thief)),
        ];
        for at in [82, 114, 120, bytes.len() - 64, bytes.len() - 1] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            if Recording::decode(&damaged).is_ok() {
                vectors.push(self.recorded(&format!("closed/byte-{at}"), &damaged));
            }
        }
        vectors
    }

    fn recorded(&self, name: &str, bytes: &[u8]) -> Value {
        let read = Recording::decode(bytes).unwrap();
        let fault = match read.verify(&self.core, &self.agreed) {
            Ok(_) => Value::Null,
            Err(RecordingFault::Signature(fault)) => format!("{fault:?}").into(),
            Err(fault) => format!("{fault:?}").into(),
        };
        json!({
            "name": name,
            "core": hex(self.core.as_bytes()),
            "witness": hex(&self.agreed.witness.0),
            "evidence": hex(&self.agreed.evidence.0),
            "recording": hex(bytes),
            "fault": fault,
        })
    }
}

/// The receipt of an entry.
fn receipt(entry: &[u8]) -> Vec<u8> {
    let erased = Entry::decode(entry).unwrap().erased().unwrap();
    let (_flag, fields) = erased.as_bytes().split_last().unwrap();
    [&[1, 16], &fields[2..]].concat()
}

fn named(entries: &[Vec<u8>], core: &Core) -> WitnessName {
    let opening = |bytes: &Vec<u8>| {
        let entry = Entry::decode(bytes).unwrap();
        match (entry.receipt.unverified().event, entry.disclosed()) {
            (keyward::receipt::Event::Opening { core: own, .. }, Ok(Disclosed::Told(told)))
                if own == core.as_bytes() =>
            {
                match told.about {
                    About::Opening(opening) => opening.witnesses().next(),
                    About::Denials(_) => None,
                }
            }
            _ => None,
        }
    };
    entries.iter().find_map(opening).unwrap()
}

fn verified(name: &str, bytes: &[u8], domain: &DomainId, key: &SigningKey<role::Device>) -> Value {
    let read = Receipt::decode(bytes).unwrap();
    let fault = read.verify(domain, &key.public()).err();
    json!({
        "name": name,
        "domain": hex(&domain.0),
        "device": hex(key.public().as_bytes()),
        "receipt": hex(bytes),
        "hash": hex(read.hash().as_bytes()),
        "fault": fault.map(|fault| format!("{fault:?}")),
    })
}

fn told(name: &str, bytes: &[u8]) -> Value {
    let disclosed = match Entry::decode(bytes).unwrap().disclosed() {
        Ok(Disclosed::Nothing) => json!("nothing"),
        Ok(Disclosed::Erased) => json!("erased"),
        Ok(Disclosed::Told(private)) => match private.about {
            About::Opening(opening) => json!({
                "issuer": hex(&opening.issuer.0),
                "holder": hex(&opening.holder.0),
                "links": opening.links().map(|link| hex(&link.0)).collect::<Vec<_>>(),
                "witnesses": opening
                    .witnesses()
                    .map(|it| [hex(&it.witness.0), hex(&it.evidence.0)])
                    .collect::<Vec<_>>(),
            }),
            About::Denials(rows) => rows
                .rows()
                .map(|row| {
                    json!({
                        "code": row.code,
                        "holder": row.holder.map(|holder| hex(&holder.0)),
                        "count": row.count,
                        "first": row.first.0,
                        "last": row.last.0,
                    })
                })
                .collect(),
        },
        Err(_) => json!("other"),
    };
    json!({ "name": name, "entry": hex(bytes), "disclosed": disclosed })
}

fn rotation(name: &str, bytes: &[u8], domain: &DomainId) -> Value {
    let keys = Receipt::decode(bytes).unwrap().rotation(domain);
    let fault = keys.err().map(|fault| format!("{fault:?}"));
    let keys = keys.ok().flatten().map(|keys| keys.map(|key| hex(key.as_bytes())));
    json!({
        "name": name,
        "domain": hex(&domain.0),
        "change": hex(bytes),
        "keys": keys,
        "fault": fault,
    })
}
