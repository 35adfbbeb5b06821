//! Test vectors in JSON, for any language: everything that goes into a verdict, and the verdict.
//!
//! Each denial comes with the same scene before its rule was broken, which is accepted.

mod journal;
mod receipts;
mod seal;
mod tables;
mod texts;
mod trust;

use keyward::{DecodeError, Denial, Token, policy::AppVerdict, role, verify::Accepted};
use serde_json::{Value, json};

use crate::{
    bound, catalogue, edges, malformed, musts, order,
    scene::{EMERGENCY, HOLDER, LOCK, Link, Mode, NONCE, Scene, key},
    strict,
};

pub use journal::journal;
pub use receipts::receipts;
pub use seal::seal;
pub use tables::tables;
pub use texts::texts;
pub use trust::{lived, trust};

/// The vectors of whole presentations, as the file `tests/vectors/verify.json` holds them.
pub fn verify() -> Value {
    let vectors: Vec<_> = presented().iter().map(Presented::vector).collect();
    check(&vectors);
    json!({
        "about": "SPEC.md section 13: a presentation, what the lock trusts, knows and remembers, \
                  and the verdict. A denial's rule, mended, stands under the same name with \
                  /mended. Bytes are hexadecimal, times Unix seconds.",
        "format_version": 1,
        "vectors": vectors,
    })
}

/// A scene of the vectors of presentations, and the bytes that are presented, where they aren't the
/// scene's own.
pub(crate) struct Presented {
    name: String,
    pub(crate) scene: Scene,
    bytes: Option<Vec<u8>>,
}

impl Presented {
    fn own(name: impl Into<String>, scene: Scene) -> Self {
        Self { name: name.into(), scene, bytes: None }
    }

    fn of(name: impl Into<String>, scene: &Scene, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), scene: scene.clone(), bytes: Some(bytes) }
    }

    pub(crate) fn vector(&self) -> Value {
        vector(&self.name, &self.scene, self.bytes.clone())
    }
}

/// All that is presented in the vectors, in their order.
pub(crate) fn presented() -> Vec<Presented> {
    let mut all = Vec::new();
    for case in catalogue::cases() {
        all.push(Presented::own(format!("{}/mended", case.name), case.mended));
        all.push(Presented::own(case.name, case.broken));
    }
    all.extend(accepting().into_iter().map(|(name, scene)| Presented::own(name, scene)));
    for edge in edges::cases() {
        all.extend(pair(&format!("edge/{}", edge.name), edge));
    }
    for edge in musts::cases() {
        all.extend(pair(edge.name, edge));
    }
    for case in order::cases() {
        let name = case.name;
        all.push(Presented::own(format!("{name}/neither"), case.mended));
        all.push(Presented::own(format!("{name}/first"), case.first));
        all.push(Presented::own(format!("{name}/second"), case.second));
        all.push(Presented::own(name, case.both));
    }
    let (one, full) = (Scene::default(), Scene::full());
    for (name, bytes) in lenient(&one) {
        all.push(Presented::of(format!("strict/{name}"), &one, bytes));
    }
    for (name, bytes) in flipped(&full) {
        all.push(Presented::of(name, &full, bytes));
    }
    for (name, scene, bytes, _code) in bound::around_signatures() {
        all.push(Presented::of(name, &scene, bytes));
    }
    for case in bound::cases() {
        all.push(Presented::own(format!("{}/mended", case.name), case.scene.clone()));
        all.push(Presented::of(case.name, &case.scene, case.bytes));
    }
    for (name, bytes) in presentations(&one) {
        all.push(Presented::of(format!("malformed/{name}"), &one, bytes));
    }
    all
}

/// A scene, behind it the same with its one rule mended.
fn pair(name: &str, edge: edges::Edge) -> Vec<Presented> {
    let mended = edge.mended.into_iter();
    let mended = mended.map(|scene| Presented::own(format!("{name}/mended"), scene));
    mended.chain([Presented::own(name, edge.scene)]).collect()
}

/// Panics unless each denied vector stands beside an accepted one in which its rule is mended.
///
/// Bytes that no scene makes are mended by the scene's own, which [`accepting`] holds; where two
/// rules are broken to show their order, both are to be mended.
fn check(vectors: &[Value]) {
    let accepted = |name: &str| {
        let found = vectors.iter().find(|vector| vector["name"] == name);
        found.is_some_and(|vector| vector["verdict"]["accepted"] == true)
    };
    for vector in vectors.iter().filter(|vector| vector["verdict"]["accepted"] == false) {
        let name = vector["name"].as_str().unwrap();
        let mended = match name.split('/').next() {
            Some("strict" | "malformed") => "accept/one_link".to_owned(),
            Some("full") => "accept/three_links_witness_status".to_owned(),
            Some("order") => {
                let pair = name.trim_end_matches("/first").trim_end_matches("/second");
                format!("{pair}/neither")
            }
            _ => format!("{name}/mended"),
        };
        assert!(accepted(&mended), "{name}: {mended} must be accepted");
    }
    let mut names: Vec<_> = vectors.iter().map(|vector| vector["name"].as_str()).collect();
    names.sort_unstable();
    assert!(names.is_sorted_by(|a, b| a < b), "a name stands twice");
}

/// The vectors of single objects, as the file `tests/vectors/decode.json` holds them.
pub fn decode() -> Value {
    let vectors = malformed::cases().into_iter().map(|case| {
        assert_eq!(malformed::decode(case.kind, &case.bytes), case.error, "{}", case.name);
        if case.error.is_some() {
            let (name, bytes) = case.mended.as_ref().unwrap();
            assert_eq!(malformed::decode(case.kind, bytes), None, "{}: {name}", case.name);
            let cut = case.bytes.starts_with(bytes) || bytes.starts_with(&case.bytes);
            assert!(cut || place(&case.bytes, bytes) < 150, "{}: not {name}", case.name);
        }
        json!({
            "name": case.name,
            "decode": case.kind,
            "bytes": hex(&case.bytes),
            "error": case.error.map(|error| format!("{error:?}")),
        })
    });
    json!({
        "about": "SPEC.md section 3: an object and its decode error, or null. Signatures are not \
                  checked by a decoder; here they are zeros.",
        "format_version": 1,
        "vectors": vectors.collect::<Vec<_>>(),
    })
}

/// How many bytes lie from the first to the last in which two objects differ.
fn place(one: &[u8], other: &[u8]) -> usize {
    let equal = |(a, b): &(&u8, &u8)| a == b;
    let (short, long) = (one.len().min(other.len()), one.len().max(other.len()));
    let head = one.iter().zip(other).take_while(equal).count();
    let tail = one.iter().rev().zip(other.iter().rev()).take_while(equal).count();
    long - head - tail.min(short - head)
}

/// What a decoder says, as the second implementation answers.
pub fn decode_answer(error: Option<DecodeError>) -> Value {
    match error {
        None => json!({ "ok": true }),
        Some(error) => {
            let detail = format!("{error:?}");
            let (name, part) = match detail.split_once('(') {
                Some((name, part)) => (name, Some(part.trim_end_matches(')'))),
                None => (detail.as_str(), None),
            };
            let number = part.and_then(|part| part.parse::<u64>().ok());
            let part = number.map_or_else(|| json!(part), |number| json!(number));
            json!({ "ok": false, "error": name, "part": part })
        }
    }
}

/// All scenes of the vectors of presentations, by name.
pub fn scenes() -> Vec<(String, Scene)> {
    let mut scenes = Vec::new();
    for case in catalogue::cases() {
        scenes.extend([(case.name, case.mended), (case.name, case.broken)]);
    }
    for edge in edges::cases().into_iter().chain(musts::cases()) {
        scenes.extend(edge.mended.into_iter().chain([edge.scene]).map(|scene| (edge.name, scene)));
    }
    for case in order::cases() {
        let all = [case.mended, case.first, case.second, case.both];
        scenes.extend(all.into_iter().map(|scene| (case.name, scene)));
    }
    scenes.extend(accepting());
    scenes.into_iter().map(|(name, scene)| (name.to_owned(), scene)).collect()
}

/// Accepting scenes that use every caveat and every part.
pub fn accepting() -> Vec<(&'static str, Scene)> {
    let four = Scene::with(|scene| {
        scene.links = vec![Link::grant(3), Link::plain(2), Link::plain(1), Link::plain(0)];
        scene.links[1].max_open = Some(30);
        scene.links[3].max_open = Some(20);
        scene.parameter = b"parcel 17".to_vec();
    });
    vec![
        ("accept/one_link", Scene::default()),
        ("accept/three_links_witness_status", Scene::full()),
        ("accept/four_links_parameter_relock", four),
        ("accept/break_glass", Scene::with(|scene| scene.issuer = EMERGENCY)),
    ]
}

/// Signatures that a lenient check takes: S + L, and R of small order.
fn lenient(scene: &Scene) -> Vec<(String, Vec<u8>)> {
    let own = scene.presentation();
    let end = own.len();
    let mut cases = Vec::new();
    for (name, end) in [("scalar_above_the_order", end), ("scalar_of_the_link", end - 64)] {
        let mut malleable = own.clone();
        let s: [u8; 32] = malleable[end - 32..end].try_into().unwrap();
        malleable[end - 32..end].copy_from_slice(&strict::plus_order(&s));
        cases.push((name.to_owned(), malleable));
    }
    let token = scene.token().unwrap();
    let request = scene.request(&Token::decode(&token).unwrap()).present(&[], None).unwrap();
    let holder = key::<role::Holder>(HOLDER);
    let message = request.to_sign().as_bytes();
    let orders = [1, 2, 4, 8].map(|order| format!("point_of_order_{order}"));
    // p + 1, which many a decoder reads as 1.
    let mut beyond = [0xff; 32];
    (beyond[0], beyond[31]) = (0xee, 0x7f);
    let points = orders.into_iter().zip(strict::small_orders());
    for (name, point) in points.chain([("point_not_canonical".to_owned(), beyond)]) {
        let mut small = own.clone();
        let signature = strict::with_small_order(holder.expose_secret(), message, &point);
        small[end - 64..].copy_from_slice(&signature);
        cases.push((name, small));
    }
    cases
}

/// One signature flipped, and two in a row: the one that is checked first is named.
fn flipped(scene: &Scene) -> Vec<(String, Vec<u8>)> {
    let flip = |ends: &[usize]| {
        let mut bytes = scene.presentation();
        ends.iter().for_each(|end| bytes[end - 20] ^= 1);
        bytes
    };
    let ends = bound::signature_ends(scene);
    let lone = ends.iter().map(|(name, end, _)| (format!("full/{name}_flipped"), flip(&[*end])));
    let twos = ends.windows(2).map(|two| {
        let (first, second) = (&two[0], &two[1]);
        (format!("full/{}_before_the_{}", first.0, second.0), flip(&[first.1, second.1]))
    });
    lone.chain(twos).collect()
}

fn presentations(scene: &Scene) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = scene.presentation();
    let edit = |at: usize, byte: u8| {
        let mut edited = bytes.clone();
        edited[at] = byte;
        edited
    };
    vec![
        ("empty", Vec::new()),
        ("wrong_version", edit(0, 2)),
        ("wrong_kind", edit(1, 1)),
        ("mode_neither_0_nor_1", edit(2, 2)),
        ("right_over_31", edit(19, 32)),
        ("truncated", bytes[..bytes.len() - 1].to_vec()),
        ("trailing_byte", [&bytes[..], &[0]].concat()),
        ("over_long", [&bytes[..], &[0; 1536]].concat()),
    ]
}

/// One vector: of the scene's own presentation, or of other bytes under the scene's trust.
pub fn vector(name: &str, scene: &Scene, bytes: Option<Vec<u8>>) -> Value {
    let presentation = bytes.unwrap_or_else(|| scene.presentation());
    let verdict = scene.judge(&presentation);
    json!({
        "name": name,
        "trust": pinned(scene),
        "now": { "lo": scene.lo, "hi": scene.hi },
        "challenge": challenge(scene),
        "memory": memory(scene),
        "app": scene.app.map(|verdict| match verdict {
            AppVerdict::Holds => "holds",
            AppVerdict::Fails => "fails",
            AppVerdict::UnknownTag => "unknown tag",
        }),
        "presentation": hex(&presentation),
        "verdict": match &verdict {
            Ok(accepted) => accepted_json(accepted),
            Err(denial) => denial_json(denial),
        },
    })
}

fn pinned(scene: &Scene) -> Value {
    let issuers = scene.entries.iter().map(|entry| {
        json!({
            "key": hex(key::<role::Issuer>(entry.key).public().as_bytes()),
            "roles": entry.roles.bits(),
            "from": entry.from,
            "lasts": entry.until - entry.from,
            "limits": hex(&entry.limits),
        })
    });
    json!({
        "domain": hex(&Scene::scope().domain.0),
        "epoch": Scene::scope().epoch.0,
        "lock": hex(&LOCK.0),
        "card_current": true,
        "groups": scene.groups.iter().map(|group| hex(&group.0)).collect::<Vec<_>>(),
        "keyset": scene.keyset,
        "list": [scene.list.0, scene.list.1],
        "issuers": issuers.collect::<Vec<_>>(),
        "emergency": scene.emergency
            .then(|| hex(key::<role::Emergency>(EMERGENCY).public().as_bytes())),
        "revoked": scene.revoked.iter().map(|entry| hex(&entry.0)).collect::<Vec<_>>(),
        "floors": scene.floors.iter()
            .map(|floor| json!({ "issuer": hex(&floor.issuer.0), "first": floor.first.0 }))
            .collect::<Vec<_>>(),
        "zone": scene.zone.as_ref().map(|(transitions, end)| json!({
            "transitions": transitions.iter()
                .map(|step| json!({ "at": step.at, "offset": step.offset }))
                .collect::<Vec<_>>(),
            "end": end,
        })),
        "accepts_unchallenged": scene.accepts_unchallenged,
        "sealed_only": scene.sealed_only,
    })
}

fn challenge(scene: &Scene) -> Value {
    match scene.mode {
        Mode::Challenged { age: Some(age), channel } => json!({
            "nonce": hex(&NONCE.0),
            "channel": channel.byte(),
            "age_milliseconds": age,
            "drift_ppm": scene.drift_ppm,
        }),
        _ => Value::Null,
    }
}

fn memory(scene: &Scene) -> Value {
    let ids = if scene.history.is_empty() { Vec::new() } else { scene.link_ids() };
    let uses = scene.history.iter().map(|(index, uses)| {
        json!({
            "link": hex(&ids[usize::from(*index)].0),
            "spent": uses.spent,
            "first": uses.first.map(|first| first.0),
        })
    });
    let holder = HOLDER + u8::try_from(scene.links.len()).unwrap() - 1;
    let uses: Vec<Value> = uses.collect();
    json!({
        "uses": uses,
        "window": scene.highest.map(|highest| json!({
            "holder": hex(&key::<role::Holder>(holder).public().name().0),
            "highest": highest,
            "all_below_seen": scene.restored,
        })),
    })
}

fn accepted_json(accepted: &Accepted) -> Value {
    let changes = accepted.changes();
    let counted: Vec<_> = changes
        .counted()
        .map(|counted| {
            json!({
                "link": hex(&counted.link.0),
                "root": hex(&counted.root.0),
                "issuer": hex(&counted.issuer.0),
                "spent": counted.after.spent,
                "first": counted.after.first.map(|first| first.0),
                "keep_until": counted.keep_until.0,
            })
        })
        .collect();
    json!({
        "accepted": true,
        "core": hex(accepted.core().as_bytes()),
        "links": accepted.links().map(|link| hex(&link.0)).collect::<Vec<_>>(),
        "holder": hex(&accepted.holder().0),
        "evidence": accepted.witnesses().map(|witness| hex(&witness.evidence.0)).collect::<Vec<_>>(),
        "relock_within": accepted.relock_within().map(|seconds| seconds.0),
        "time": { "lo": accepted.time().lo().0, "hi": accepted.time().hi().map(|hi| hi.0) },
        "after": {
            "uses": counted,
            "counter": changes.lane().map(|lane| lane.counter.0),
            "heard": changes.heard().map(|heard| heard.at.0),
        },
    })
}

fn denial_json(denial: &Denial) -> Value {
    let detail = match denial {
        Denial::Malformed(error) => Some(format!("{error:?}")),
        _ => None,
    };
    json!({
        "accepted": false,
        "code": denial.code(),
        "reason": denial.name(),
        "detail": detail,
        "answer": denial.answer().byte(),
        "evidence": denial.is_evidence(),
    })
}

/// Bytes as lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
