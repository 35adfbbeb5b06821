//! What anybody may carry: epochs, keysets, lists, cards, statuses.

use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use keyward::{
    Keyset, Status,
    id::{DomainId, LockId, Nonce},
    status::{ListOrder, State as DomainState},
};
use serde::Deserialize;

use super::{Parts, Problem, Running, routes::Shared};
use crate::directory::Statements;

/// `GET /v1/status`.
pub(super) async fn status<P: Parts>(
    State(running): Shared<P>,
    Query(query): Query<NonceQuery>,
) -> Result<Response, Problem> {
    let nonce = query.nonce()?;
    let state = running.state()?;
    Ok(object(running.service.attester.attest(state, nonce.as_ref()).await?.to_vec()))
}

/// `GET /v1/domains/{domain}/epoch`.
pub(super) async fn epoch<P: Parts>(
    State(running): Shared<P>,
    Path(domain): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Ok(unless_known(&headers, running.statements(&domain)?.epoch()))
}

/// `GET /v1/domains/{domain}/keyset`.
pub(super) async fn keyset<P: Parts>(
    State(running): Shared<P>,
    Path(domain): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Ok(unless_known(&headers, running.statements(&domain)?.keyset()))
}

/// `GET /v1/domains/{domain}/revocations`.
pub(super) async fn list<P: Parts>(
    State(running): Shared<P>,
    Path(domain): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let statements = running.statements(&domain)?;
    let list = statements.list().ok_or_else(|| Problem::unknown("list"))?;
    Ok(unless_known(&headers, list))
}

/// `GET /v1/domains/{domain}/doors/{lock}/card`.
pub(super) async fn card<P: Parts>(
    State(running): Shared<P>,
    Path((domain, lock)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let statements = running.statements(&domain)?;
    let card = statements.card(lock_id(&lock)?).ok_or_else(|| Problem::unknown("door"))?;
    Ok(unless_known(&headers, &card))
}

impl<P: Parts> Running<P> {
    pub(super) fn statements(&self, domain: &str) -> Result<Statements, Problem> {
        let statements = self.service.directory.statements(&domain_id(domain)?);
        statements.ok_or_else(|| Problem::unknown("domain"))
    }

    /// What the service's own domain has published.
    pub(super) fn state(&self) -> Result<DomainState, Problem> {
        let statements = self.service.directory.statements(&self.service.domain);
        let statements = statements.ok_or_else(|| Problem::unknown("domain"))?;
        let keyset = Keyset::decode(statements.keyset())?.unverified_version();
        let list = match statements.list() {
            Some(list) => Status::decode(list)?.unverified_state().list,
            None => ListOrder::NONE,
        };
        Ok(DomainState { keyset, list, at: self.now() })
    }
}

#[derive(Deserialize)]
pub(super) struct NonceQuery {
    nonce: Option<String>,
}

impl NonceQuery {
    pub(super) fn nonce(&self) -> Result<Option<Nonce>, Problem> {
        self.nonce.as_deref().map(hex).transpose().map(|nonce| nonce.map(Nonce))
    }
}

/// An object's bytes.
pub(super) fn object(bytes: impl Into<Vec<u8>>) -> Response {
    ([(header::CONTENT_TYPE, "application/octet-stream")], bytes.into()).into_response()
}

/// An object, unless the caller has it: its tag is its bytes' end, a signature.
fn unless_known(headers: &HeaderMap, bytes: &[u8]) -> Response {
    let end = bytes.last_chunk::<16>().copied().unwrap_or_default();
    let tag = format!("\"{}\"", to_hex(&end));
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag.as_str());
    let tag = [(header::ETAG, tag)];
    match known {
        true => (StatusCode::NOT_MODIFIED, tag).into_response(),
        false => (tag, object(bytes)).into_response(),
    }
}

pub(super) fn domain_id(text: &str) -> Result<DomainId, Problem> {
    hex(text).map(DomainId)
}

pub(super) fn lock_id(text: &str) -> Result<LockId, Problem> {
    hex(text).map(LockId)
}

/// Lower-case hexadecimal digits, as identifiers are displayed.
pub(super) fn hex<const N: usize>(text: &str) -> Result<[u8; N], Problem> {
    let wrong = || Problem::malformed(format!("not {N} bytes in lower-case hexadecimal digits"));
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return Err(wrong());
    }
    let mut out = [0; N];
    for (to, [high, low]) in out.iter_mut().zip(pairs) {
        *to = digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low).ok_or_else(wrong)?;
    }
    Ok(out)
}

pub(super) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
