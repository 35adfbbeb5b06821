//! What comes to a door: challenges, requests, and what its lock has told.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use keyward::{
    Channel, Entry,
    seal::{self, Context},
    verify::Chains,
    wire::Kind,
};
use serde_json::json;

use super::{
    Parts, Problem, Running,
    records::Kept,
    routes::{Shared, Whole},
    statements::{NonceQuery, domain_id, lock_id, object, to_hex},
};
use crate::{
    directory::{Door, DoorTrust},
    gate::Visit,
};

/// `POST /v1/domains/{domain}/doors/{lock}/challenge`.
pub(super) async fn challenge<P: Parts>(
    State(running): Shared<P>,
    Path(path): Path<(String, String)>,
) -> Result<Response, Problem> {
    let (_, found) = running.door(&path)?;
    let challenge = running.service.gate.challenge(&found.trust()?, CHANNEL)?;
    let encoded = challenge.encode().map_err(crate::issuer::IssueError::from)?;
    Ok(object(encoded.as_bytes()))
}

/// `POST /v1/domains/{domain}/doors/{lock}/requests`.
pub(super) async fn admit<P: Parts>(
    State(running): Shared<P>,
    Path(path): Path<(String, String)>,
    Query(query): Query<NonceQuery>,
    Whole(body): Whole,
) -> Result<Response, Problem> {
    let (_, found) = running.door(&path)?;
    let (trust, nonce) = (found.trust()?, query.nonce()?);
    let chains = running.service.chains.as_ref().map(|chains| -> &(dyn Chains + Sync) { chains });
    let visit = Visit { trust: &trust, channel: CHANNEL, nonce, app: None, chains };
    let admitted = running.service.gate.admit_bytes(&visit, &body).await?;
    let accepted = admitted.act().ok_or_else(|| Problem::from(keyward::Denial::TooLate))?;
    let body = json!({
        "right": accepted.right().bit(),
        "parameter": to_hex(accepted.parameter()),
        "relock_within": accepted.relock_within().map(|seconds| seconds.0),
        "core": to_hex(accepted.core().as_bytes()),
    });
    Ok(Json(body).into_response())
}

/// `POST /v1/domains/{domain}/doors/{lock}/receipts`: an entry of the lock's log, in the clear or
/// sealed to the keyset's key. It is kept if the lock has signed it and it hangs together with what
/// is held before and behind; whatever is missing between is told by the auditor. One that was held
/// without its private part is replaced by the same with it.
pub(super) async fn receipt<P: Parts>(
    State(running): Shared<P>,
    Path(path): Path<(String, String)>,
    Whole(body): Whole,
) -> Result<Response, Problem> {
    let (door, found) = running.door(&path)?;
    let mut body = body.to_vec();
    let opened;
    let bytes = match (body.get(1), &running.service.log) {
        (Some(kind), Some(keys)) if *kind == Kind::Sealed.byte() => {
            opened = seal::open(keys, &Context::entry(door.lock), &mut body)
                .map_err(|fault| Problem::from(keyward::Denial::NotOpened(fault)))?;
            opened.bytes()
        }
        _ => body.as_slice(),
    };
    let entry = Entry::decode(bytes)?;
    let card = keyward::Card::decode(found.card())?;
    let device = card.unverified_device()?;
    let public = *entry.receipt.unverified();
    if public.lock != door.lock {
        return Err(Problem::malformed("the entry is of another lock"));
    }
    entry.disclosed().map_err(|_| Problem::malformed("the private part is another entry's"))?;
    let (sequence, kept) = (public.sequence.0, running.service.records.keep(door, device, bytes));
    let (status, held) = match kept.await? {
        Kept::New => (StatusCode::CREATED, false),
        Kept::Already => (StatusCode::OK, true),
        Kept::Fork => return Err(Problem::fork()),
        Kept::Unsigned(fault) => {
            let title = "ReceiptSignature";
            return Err(Problem::new(StatusCode::UNAUTHORIZED, 622, title, format!("{fault:?}")));
        }
    };
    let hash = to_hex(entry.receipt.hash().as_bytes());
    let body = json!({ "sequence": sequence, "hash": hash, "held_already": held });
    Ok((status, Json(body)).into_response())
}

impl<P: Parts> Running<P> {
    /// The door that the route names, and what it trusts.
    fn door(&self, (domain, lock): &(String, String)) -> Result<(Door, DoorTrust), Problem> {
        let door = Door { domain: domain_id(domain)?, lock: lock_id(lock)? };
        let found = self.service.directory.trust(&door);
        Ok((door, found.ok_or_else(|| Problem::unknown("door"))?))
    }
}

/// What comes over HTTP may come from anywhere.
const CHANNEL: Channel = Channel::Remote;
