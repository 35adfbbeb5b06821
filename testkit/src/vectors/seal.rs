//! The vectors of sealed objects.

use serde_json::{Value, json};

use crate::{
    seal::{Case, Place, cases, keys},
    vectors::hex,
};

/// The vectors of sealed objects, as the file `tests/vectors/seal.json` holds them.
pub fn seal() -> Value {
    json!({
        "about": "SPEC.md section 23: a sealed object, who opens it and where, and what becomes of \
                  it. Bytes are hexadecimal.",
        "format_version": 1,
        "vectors": cases().iter().map(vector).collect::<Vec<_>>(),
    })
}

fn vector(case: &Case) -> Value {
    assert_eq!(case.opened(), case.verdict, "{}", case.name);
    let context = match &case.place {
        Place::Presentation { lock, nonce } => json!({
            "kind": 0x07,
            "lock": hex(&lock.0),
            "nonce": nonce.map(|nonce| hex(&nonce.0)),
        }),
        Place::Entry { lock } => json!({ "kind": 0x11, "lock": hex(&lock.0) }),
    };
    json!({
        "name": case.name,
        "secrets": case.secrets.iter().map(|secret| hex(secret)).collect::<Vec<_>>(),
        "context": context,
        "key": hex(keys(&[case.to]).public().as_bytes()),
        "ikm": hex(&case.ikm),
        "text": hex(&case.text),
        "sealed": hex(&case.sealed),
        "object": case.verdict.as_ref().ok().map(|object| hex(object)),
        "fault": case.verdict.as_ref().err().map(|fault| fault.name()),
    })
}
