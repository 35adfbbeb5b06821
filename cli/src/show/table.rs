//! The fields of each kind of object in the order of its table (SPEC.md sections 6 to 24).

use keyward::wire::Kind;

use super::walk::{Step, Way};

/// The fields of each kind in the order of its table.
pub(super) fn walk(kind: Kind, way: &mut Way<'_>) -> Step {
    match kind {
        Kind::Token => token(way),
        Kind::Origin => origin(way),
        Kind::Status => status(way),
        Kind::Challenge => {
            way.lock("lock")?;
            way.hex("nonce", 16)?;
            let fields = ["epoch", "keyset", "list_keyset", "list", "card_keyset", "card"];
            fields.iter().try_for_each(|name| way.number(name).map(drop))
        }
        Kind::Request => {
            origin(way)?;
            way.lock("lock")?;
            if way.flag("moment")? {
                unchallenged(way)?;
            } else {
                way.hex("nonce", 16)?;
                way.byte("channel")?;
                way.hex("fresh", 16)?;
            }
            way.right()?;
            way.sized("parameter")?;
            token(way)
        }
        Kind::Witness => witness(way),
        Kind::Presentation => {
            if way.flag("moment")? {
                unchallenged(way)?;
            } else {
                way.hex("fresh", 16)?;
            }
            way.right()?;
            way.sized("parameter")?;
            way.list("witness", witness)?;
            if way.flag("status")? {
                status(way)?;
            }
            token(way)?;
            way.signature()
        }
        Kind::Answer => way.byte("answer").map(drop),
        Kind::Epoch => {
            way.number("number")?;
            way.time("issued_at")?;
            quorum(way, "root")?;
            if way.flag("emergency")? {
                way.key("emergency")?;
            }
            way.hex("next", 32)?;
            quorum(way, "cold")?;
            signatures(way)
        }
        Kind::Keyset => keyset(way),
        Kind::Card => card(way),
        Kind::Unclaimed => life(way),
        Kind::Claim => {
            way.hex("domain", 32)?;
            if way.flag("signed")? { way.signature() } else { Some(()) }
        }
        Kind::Claimed => {
            life(way)?;
            way.signature()
        }
        Kind::Sealed => {
            way.hex("sender", 32)?;
            way.rest("text")
        }
        Kind::Receipt => receipt(way),
        Kind::Entry => {
            receipt(way)?;
            if way.flag("private")? { private(way) } else { Some(()) }
        }
        Kind::Recording => {
            way.key("witness")?;
            way.hex("core", 32)?;
            way.hex("evidence", 16)?;
            way.hex("hash", 32)?;
            way.time("from")?;
            way.time("until")?;
            way.signature()
        }
        _ => Some(()),
    }
}

fn token(way: &mut Way<'_>) -> Step {
    way.hex("issuer", 8)?;
    way.number("serial")?;
    way.list("link", |way| {
        way.key("grantee")?;
        way.byte("depth")?;
        way.caveats()?;
        way.signature()
    })
}

fn origin(way: &mut Way<'_>) -> Step {
    way.hex("domain", 32)?;
    way.number("epoch")?;
    way.key("issuer")
}

fn unchallenged(way: &mut Way<'_>) -> Step {
    way.number("counter")?;
    way.time("time")?;
    way.time("expires")
}

fn witness(way: &mut Way<'_>) -> Step {
    way.key("key")?;
    way.hex("evidence", 16)?;
    way.signature()
}

fn status(way: &mut Way<'_>) -> Step {
    way.hex("issuer", 8)?;
    for name in ["epoch", "keyset", "list_keyset", "list"] {
        way.number(name)?;
    }
    way.time("at")?;
    way.flag("over_nonce")?;
    if way.flag("listed")? {
        way.list("revoked", |way| way.hex("entry", 8))?;
        way.list("floor", |way| {
            way.hex("issuer", 8)?;
            way.number("first").map(drop)
        })?;
    }
    way.signature()
}

fn quorum(way: &mut Way<'_>, name: &str) -> Step {
    way.byte(&format!("{name}_needed"))?;
    way.list(name, |way| way.key("key"))
}

fn signatures(way: &mut Way<'_>) -> Step {
    way.list("signature", |way| {
        way.byte("signer")?;
        way.signature()
    })
}

fn keyset(way: &mut Way<'_>) -> Step {
    way.number("epoch")?;
    way.number("version")?;
    way.time("issued_at")?;
    if way.flag("log_to")? {
        way.hex("log_to", 32)?;
    }
    way.list("issuer", |way| {
        way.key("key")?;
        way.byte("roles")?;
        way.time("from")?;
        way.number("lasts")?;
        way.sized("limits")
    })?;
    way.list("zone", |way| {
        way.byte("id")?;
        way.number("end")?;
        way.list("step", |way| {
            way.number("at")?;
            way.number("offset").map(drop)
        })
    })?;
    signatures(way)
}

fn card(way: &mut Way<'_>) -> Step {
    way.hex("issuer", 8)?;
    for name in ["epoch", "keyset", "version"] {
        way.number(name)?;
    }
    way.time("at")?;
    way.lock("lock")?;
    way.list("group", |way| way.group("name"))?;
    way.key("device")?;
    if way.flag("sealing")? {
        way.hex("sealing", 32)?;
    }
    way.byte("flags")?;
    if way.flag("zone")? {
        way.byte("zone")?;
    }
    way.hex("life", 16)?;
    way.signature()
}

fn life(way: &mut Way<'_>) -> Step {
    way.key("device")?;
    way.hex("life", 16)
}

fn receipt(way: &mut Way<'_>) -> Step {
    way.lock("lock")?;
    way.number("epoch")?;
    way.number("number")?;
    way.hex("before", 32)?;
    way.number("oldest")?;
    way.number("starts")?;
    way.time("not_before")?;
    if way.flag("not_after")? {
        way.time("not_after")?;
    }
    way.byte("quality")?;
    if way.flag("private_hash")? {
        way.hex("private_hash", 32)?;
    }
    match way.byte("event")? {
        0 => {
            way.hex("core", 32)?;
            way.right()?;
            way.byte("outcome")?;
        }
        1 => {
            way.byte("statement")?;
            way.hex("hash", 32)?;
        }
        2 => {
            way.key("old")?;
            way.key("new")?;
            way.signature()?;
            way.signature()?;
        }
        _ => drop(way.number("count")?),
    }
    way.signature()
}

fn private(way: &mut Way<'_>) -> Step {
    way.hex("salt", 16)?;
    match way.byte("private")? {
        0 => {
            way.hex("issuer", 8)?;
            way.hex("holder", 16)?;
            way.list("link", |way| way.hex("id", 16))?;
            way.list("witness", |way| {
                way.hex("name", 16)?;
                way.hex("evidence", 16)
            })
        }
        _ => way.list("row", |way| {
            way.number("code")?;
            if way.flag("holder")? {
                way.hex("holder", 16)?;
            }
            way.number("count")?;
            way.time("first")?;
            way.time("last")
        }),
    }
}
