//! Test vectors in JSON, for any language: everything that goes into a verdict, and the verdict.
//!
//! Each denial comes with the same scene before its rule was broken, which is accepted.

use keyward::{DecodeError, Denial, Token, policy::AppVerdict, role, text, verify::Accepted};
use serde_json::{Value, json};

use crate::{
    catalogue, edges, malformed,
    scene::{EMERGENCY, HOLDER, LOCK, Link, Mode, NONCE, Scene, key},
    strict,
};

/// The vectors of whole presentations, as the file `tests/vectors/verify.json` holds them.
pub fn verify() -> Value {
    let mut vectors = Vec::new();
    for case in catalogue::cases() {
        vectors.push(vector(&format!("{}/mended", case.name), &case.mended, None));
        vectors.push(vector(case.name, &case.broken, None));
    }
    for (name, scene) in accepting() {
        vectors.push(vector(name, &scene, None));
    }
    for (name, scene, _verdict) in edges::cases() {
        vectors.push(vector(&format!("edge/{name}"), &scene, None));
    }
    for (name, bytes) in lenient(&Scene::default()) {
        vectors.push(vector(&format!("strict/{name}"), &Scene::default(), Some(bytes)));
    }
    let full = Scene::full();
    for (name, at) in signature_places(&full) {
        let mut bytes = full.presentation();
        bytes[at] ^= 1;
        vectors.push(vector(&format!("full/{name}_flipped"), &full, Some(bytes)));
    }
    for (name, bytes) in presentations(&Scene::default()) {
        vectors.push(vector(&format!("malformed/{name}"), &Scene::default(), Some(bytes)));
    }
    json!({
        "about": "SPEC.md section 13: a presentation, what the lock trusts, knows and remembers, \
                  and the verdict. A denial's rule, mended, stands under the same name with \
                  /mended. Bytes are hexadecimal, times Unix seconds.",
        "format_version": 1,
        "vectors": vectors,
    })
}

/// The vectors of single objects, as the file `tests/vectors/decode.json` holds them.
pub fn decode() -> Value {
    let vectors = malformed::cases().into_iter().map(|case| {
        assert_eq!(malformed::decode(case.kind, &case.bytes), case.error, "{}", case.name);
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

/// The vectors of text forms, as the file `tests/vectors/text.json` holds them.
pub fn texts() -> Value {
    let mut vectors = Vec::new();
    let mut add = |name: &str, text: &str| {
        let mut buffer = [0; 2048];
        let read = text::decode(text, &mut buffer);
        vectors.push(json!({
            "name": name,
            "text": text,
            "bytes": read.ok().map(hex),
            "error": read.err().map(|error| format!("{error:?}")),
        }));
    };
    let mut buffer = [0; text::MAX_TEXT];
    for (kind, bytes) in malformed::valid() {
        add(kind, text::encode(&bytes, &mut buffer).unwrap());
    }
    for (name, text) in [
        ("no_prefix", "token.AQE"),
        ("another_version_of_the_form", "kw2.answer.AQgD"),
        ("no_kind", "kw1.AQgD"),
        ("unknown_kind", "kw1.reply.AQgD"),
        ("another_kind", "kw1.token.AQgD"),
        ("another_version_of_the_object", "kw1.answer.AggD"),
        ("one_byte", "kw1.answer.AQ"),
        ("nothing", "kw1.answer."),
        ("padding", "kw1.token.AQE="),
        ("spare_bits", "kw1.token.AQF"),
        ("length_1_modulo_4", "kw1.answer.AQgDA"),
        ("another_alphabet", "kw1.answer.AQ+/"),
        ("white_space", "kw1.answer.AQgD "),
    ] {
        add(name, text);
    }
    json!({
        "about": "SPEC.md section 3.5: a text, and its bytes or the error.",
        "format_version": 1,
        "vectors": vectors,
    })
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

/// Signatures of the holder that a lenient check takes: S + L, and R of order 1.
fn lenient(scene: &Scene) -> [(&'static str, Vec<u8>); 2] {
    let mut malleable = scene.presentation();
    let at = malleable.len() - 32;
    let s: [u8; 32] = malleable[at..].try_into().unwrap();
    malleable[at..].copy_from_slice(&strict::plus_order(&s));
    let mut small = scene.presentation();
    let at = small.len() - 64;
    let token = scene.token().unwrap();
    let request = scene.request(&Token::decode(&token).unwrap()).present(&[], None).unwrap();
    let holder = key::<role::Holder>(HOLDER);
    let message = request.to_sign().as_bytes();
    small[at..].copy_from_slice(&strict::with_identity(holder.expose_secret(), message));
    [("scalar_above_the_order", malleable), ("point_of_order_1", small)]
}

fn signature_places(scene: &Scene) -> [(&'static str, usize); 6] {
    let end = scene.presentation().len();
    let later = 32 + 1 + 9 + 64;
    let witness = 2 + 1 + 16 + 1 + 1 + 1 + 32 + 16 + 64 - 20;
    [
        ("holder_signature", end - 20),
        ("link_2_signature", end - 64 - 20),
        ("link_1_signature", end - 64 - 20 - later),
        ("link_0_signature", end - 64 - 20 - 2 * later),
        ("witness_signature", witness),
        ("status_signature", witness + 20 + 1 + (8 + 1 + 1 + 1 + 5 + 1 + 1) + 64 - 20),
    ]
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
        "trust": trust(scene),
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

fn trust(scene: &Scene) -> Value {
    let issuers = scene.entries.iter().map(|entry| {
        json!({
            "key": hex(key::<role::Issuer>(entry.key).public().as_bytes()),
            "issue": entry.roles.has(keyward::trust::Roles::ISSUE),
            "attest": entry.roles.has(keyward::trust::Roles::ATTEST),
            "from": entry.from,
            "until": entry.until,
            "limits": hex(&entry.limits),
        })
    });
    json!({
        "domain": hex(&Scene::scope().domain.0),
        "epoch": Scene::scope().epoch.0,
        "lock": hex(&LOCK.0),
        "groups": scene.groups.iter().map(|group| hex(&group.0)).collect::<Vec<_>>(),
        "keyset": scene.keyset,
        "list": scene.list,
        "issuers": issuers.collect::<Vec<_>>(),
        "emergency": scene.emergency
            .then(|| hex(key::<role::Emergency>(EMERGENCY).public().as_bytes())),
        "revoked": scene.revoked.iter().map(|entry| hex(&entry.0)).collect::<Vec<_>>(),
        "floors": scene.floors.iter()
            .map(|floor| json!({ "issuer": hex(&floor.issuer.0), "first": floor.first.0 }))
            .collect::<Vec<_>>(),
        "zone": scene.zone.as_ref().map(|(transitions, end)| json!({
            "transitions": transitions.iter()
                .map(|step| json!({ "at": step.at.0, "offset_minutes": step.offset }))
                .collect::<Vec<_>>(),
            "end": end,
        })),
        "accepts_unchallenged": scene.accepts_unchallenged,
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
        "evidence": accepted.evidence().map(|evidence| hex(&evidence.0)).collect::<Vec<_>>(),
        "relock_within": accepted.relock_within().map(|seconds| seconds.0),
        "time": { "lo": accepted.time().lo().0, "hi": accepted.time().hi().map(|hi| hi.0) },
        "after": {
            "uses": counted,
            "counter": changes.lane().map(|lane| lane.counter.0),
            "heard": changes.heard().map(|time| time.0),
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
