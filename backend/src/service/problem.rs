//! What goes wrong, in the words of HTTP (RFC 9457).

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use keyward::{DecodeError, Denial};
use serde_json::{Value, json};

use crate::{
    fold::FoldError,
    gate,
    issuer::{IssueError, PublishError},
    state::StateError,
    template::TemplateError,
};

/// A failure: its status, its code that never changes, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: Value,
    title: &'static str,
    detail: String,
}

impl Problem {
    pub(super) fn new(
        status: StatusCode,
        code: impl Into<Value>,
        title: &'static str,
        detail: impl ToString,
    ) -> Self {
        Self { status, code: code.into(), title, detail: detail.to_string() }
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The code as logs and metrics have it.
    pub fn code(&self) -> String {
        self.code.as_str().map_or_else(|| self.code.to_string(), str::to_owned)
    }

    pub(super) fn malformed(detail: impl ToString) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", "Malformed", detail)
    }

    pub(super) fn unknown(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "unknown", "Unknown", format!("no such {what}"))
    }

    /// By the status alone.
    pub(super) fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::METHOD_NOT_ALLOWED => {
                Self::new(status, "method", "Method", "the route has another method")
            }
            status if status.is_server_error() => Self::defect(&status),
            _ => Self::malformed("the path or query"),
        }
    }

    pub(super) fn busy() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "busy", "Busy", "too many requests at once")
    }

    pub(super) fn large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "large", "TooLarge", "a body is at most 8 KiB")
    }

    pub(super) fn slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "slow", "Slow", "the body came too slowly")
    }

    pub(super) fn fork() -> Self {
        let detail = "another entry is held in its place, or beside it";
        Self::new(StatusCode::CONFLICT, "fork", "Fork", detail)
    }

    /// No list has room for more of the kind.
    pub(super) fn full(error: FoldError) -> Self {
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "full", "ListFull", error)
    }

    /// Nothing is signed, or not so that anybody takes it: the details are logged, not told.
    pub(super) fn signer(error: &dyn std::fmt::Display) -> Self {
        tracing::warn!(%error, "the signer");
        let detail = "nothing was signed that counts";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "signer", "SignerDown", detail)
    }

    /// What no caller can mend: the details are logged, not told.
    pub(super) fn defect(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a defect");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "defect", "Defect", "see the log")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, code, title, detail } = &self;
        let kind = format!("urn:keyward:problem:{}", self.code());
        let body = json!({
            "type": kind, "title": title, "status": status.as_u16(), "code": code, "detail": detail,
        });
        let mut response = (*status, Json(body)).into_response();
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, json);
        match *status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            StatusCode::UNAUTHORIZED => {
                let scheme = HeaderValue::from_static("Bearer");
                headers.insert(header::WWW_AUTHENTICATE, scheme);
            }
            _ => {}
        }
        // For the log and the meter.
        response.extensions_mut().insert(self);
        response
    }
}

/// The status of a rule's code.
const fn status_of(denial: u16) -> StatusCode {
    match denial {
        100 => StatusCode::BAD_REQUEST,
        190..=399 => StatusCode::UNAUTHORIZED,
        400..=403 | 421 | 473 => StatusCode::GONE,
        450 | 451 => StatusCode::PRECONDITION_REQUIRED,
        470 => StatusCode::CONFLICT,
        502 => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::FORBIDDEN,
    }
}

impl From<Denial> for Problem {
    fn from(denial: Denial) -> Self {
        let code = denial.code();
        // What a rule compared is in the receipt and the log; the phone needs to know which it was.
        Self::new(status_of(code), code, denial.name(), "denied by a rule of SPEC.md section 15")
    }
}

impl From<DecodeError> for Problem {
    fn from(error: DecodeError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 100, "Malformed", error)
    }
}

impl From<gate::Refusal> for Problem {
    fn from(refusal: gate::Refusal) -> Self {
        match refusal {
            gate::Refusal::Malformed(error) => error.into(),
            gate::Refusal::Denied(denial) => denial.into(),
            gate::Refusal::Replayed => {
                Self::new(StatusCode::CONFLICT, "replayed", "Replayed", "it was used before")
            }
            gate::Refusal::TooOld => {
                let detail = "older than what is remembered: ask for a new challenge";
                Self::new(StatusCode::CONFLICT, "old", "TooOld", detail)
            }
            gate::Refusal::CountLost(_) => {
                let detail = "its uses may have been lost: it must be issued anew";
                Self::new(StatusCode::GONE, "count", "CountLost", detail)
            }
            gate::Refusal::Contended => Self::busy(),
            gate::Refusal::Store(error) => error.into(),
        }
    }
}

impl From<StateError> for Problem {
    fn from(error: StateError) -> Self {
        // Addresses and settings of the store are the operator's to read.
        tracing::warn!(%error, "the store");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "store", "StoreDown", "nothing was granted")
    }
}

impl From<IssueError> for Problem {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Serials(error) => error.into(),
            IssueError::Encode(error) => {
                Self::new(StatusCode::FORBIDDEN, "template", "NotGranted", error)
            }
            IssueError::Busy => Self::busy(),
            error => Self::signer(&error),
        }
    }
}

impl From<TemplateError> for Problem {
    fn from(error: TemplateError) -> Self {
        Self::new(StatusCode::FORBIDDEN, "template", "NotGranted", error)
    }
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Issue(error) => error.into(),
            PublishError::Fold(error) => Self::full(error),
        }
    }
}
