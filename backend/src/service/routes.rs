//! Which request is whose, and what surrounds each: turns, times, the log, the meter.

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest, MatchedPath, Request, State},
    http::header,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::{sync::OwnedSemaphorePermit, time::timeout};
use tracing::{Instrument, info_span};

use super::{MAX_BODY, Parts, Problem, Running, doors, issuing, meter::While, statements};

pub(super) type Shared<P> = State<Arc<Running<P>>>;

/// What the world may ask.
pub(super) fn public<P: Parts>(running: Arc<Running<P>>) -> Router {
    let door = "/v1/domains/{domain}/doors/{lock}";
    let clients = Router::new()
        .route("/v1/tokens", post(issuing::issue::<P>))
        .route("/v1/revocations", post(issuing::revoke::<P>))
        .layer(from_fn_with_state(Arc::clone(&running), client_turn::<P>));
    let anybody = Router::new()
        .route("/v1/status", get(statements::status::<P>))
        .route("/v1/domains/{domain}/epoch", get(statements::epoch::<P>))
        .route("/v1/domains/{domain}/keyset", get(statements::keyset::<P>))
        .route("/v1/domains/{domain}/revocations", get(statements::list::<P>))
        .route(&format!("{door}/card"), get(statements::card::<P>))
        .route(&format!("{door}/challenge"), post(doors::challenge::<P>))
        .route(&format!("{door}/requests"), post(doors::admit::<P>))
        .route(&format!("{door}/receipts"), post(doors::receipt::<P>))
        .layer(from_fn_with_state(Arc::clone(&running), public_turn::<P>));
    clients
        .merge(anybody)
        .fallback(async || Problem::unknown("route"))
        .layer(from_fn_with_state(Arc::clone(&running), watched::<P>))
        .with_state(running)
}

/// What the operator may ask.
pub(super) fn operators<P: Parts>(running: Arc<Running<P>>) -> Router {
    Router::new()
        .route("/health", get(async || "up\n"))
        .route("/metrics", get(metrics::<P>))
        .with_state(running)
}

async fn metrics<P: Parts>(State(running): Shared<P>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], running.meter.text())
}

async fn client_turn<P: Parts>(
    State(running): Shared<P>,
    request: Request,
    next: Next,
) -> Response {
    // Who isn't known takes no client's turn.
    let Some(client) = running.service.clients.client(request.headers()) else {
        return issuing::stranger().into_response();
    };
    let Ok(permit) = Arc::clone(&running.clients).try_acquire_owned() else {
        return Problem::busy().into_response();
    };
    let turn = Turn { _permit: Arc::new(permit) };
    let mut request = request;
    request.extensions_mut().insert(client);
    request.extensions_mut().insert(turn.clone());
    let response = next.run(request).await;
    drop(turn);
    response
}

/// A client's turn, which ends when nobody holds it any more: what goes on after its client has
/// hung up holds it, too.
#[derive(Clone)]
pub(super) struct Turn {
    _permit: Arc<OwnedSemaphorePermit>,
}

async fn public_turn<P: Parts>(
    State(running): Shared<P>,
    request: Request,
    next: Next,
) -> Response {
    match running.public.try_acquire() {
        Ok(_turn) => next.run(request).await,
        Err(_) => Problem::busy().into_response(),
    }
}

/// Logs and counts a request: method, pattern of the route, status, code and time. Neither path nor
/// query nor header nor body is logged, so neither a token nor a name.
async fn watched<P: Parts>(State(running): Shared<P>, request: Request, next: Next) -> Response {
    let (start, _at_work) = (Instant::now(), While::new(&running.meter.at_work));
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("none", MatchedPath::as_str).to_owned();
    let span = info_span!("request", method = %request.method(), route);
    async {
        let response = next.run(request).await;
        // What the router or an extractor has refused by itself is told in the same form.
        let response = match response.extensions().get::<Problem>() {
            None if response.status().is_client_error() || response.status().is_server_error() => {
                Problem::of(response.status()).into_response()
            }
            _ => response,
        };
        let (status, took) = (response.status().as_u16(), start.elapsed());
        let code = response.extensions().get().map_or_else(String::new, Problem::code);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        tracing::info!(status, code, micros, "answered");
        running.meter.answered(&route, status, code, took);
        response
    }
    .instrument(span)
    .await
}

/// A body of at most 8 KiB that came in time.
pub(super) struct Whole(pub(super) Bytes);

impl<P: Parts> FromRequest<Arc<Running<P>>> for Whole {
    type Rejection = Problem;

    async fn from_request(
        request: Request<Body>,
        running: &Arc<Running<P>>,
    ) -> Result<Self, Problem> {
        let told = request.headers().get(header::CONTENT_LENGTH);
        let told = told.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if told.is_some_and(|length| length > MAX_BODY as u64) {
            return Err(Problem::large());
        }
        let whole = to_bytes(request.into_body(), MAX_BODY);
        match timeout(running.service.limits.body_within, whole).await {
            Ok(Ok(bytes)) => Ok(Self(bytes)),
            Ok(Err(error)) if is_large(&error) => Err(Problem::large()),
            Ok(Err(error)) => Err(Problem::malformed(error)),
            Err(_) => Err(Problem::slow()),
        }
    }
}

fn is_large(error: &axum::Error) -> bool {
    // The limit's own error lies within axum's.
    std::error::Error::source(error).is_some_and(|source| source.to_string().contains("limit"))
}
