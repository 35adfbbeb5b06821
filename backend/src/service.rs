//! The back end over HTTP: issue, revoke, tell the state of domains, admit requests, take receipts.
//!
//! | request | who | answer |
//! | --- | --- | --- |
//! | `POST /v1/tokens` | a client | 201, a token by a template |
//! | `POST /v1/revocations` | a client | 200, the number of the list that denies it, and its serial floors |
//! | `GET /v1/status?nonce=` | anybody | 200, a status, over a lock's nonce or over none |
//! | `GET /v1/domains/{domain}/epoch`, `keyset`, `revocations` | anybody | 200, the newest |
//! | `GET …/doors/{lock}/card` | anybody | 200, the newest |
//! | `POST …/doors/{lock}/challenge` | anybody | 200, a challenge |
//! | `POST …/doors/{lock}/requests?nonce=` | anybody | 200, what is granted, once |
//! | `POST …/doors/{lock}/receipts` | anybody | 201, also for a private part that lacked; 200 where it is held already |
//! | `GET /metrics`, `/health` | the operator, by a port of its own | 200 |
//!
//! Objects travel as their own bytes, `application/octet-stream`; what clients ask is JSON with keys
//! and tokens in their text forms. A door is named by the route, so its trust is chosen before a
//! byte of the request is read.
//!
//! # What a revocation costs
//!
//! A list has 64 places. Where more must be denied, an issuer's oldest tokens are given up together
//! ([`fold`](crate::fold)): `floors` in the answer names each such `issuer`, by the 16 hexadecimal
//! digits of his id, and the `first` of his serials that lives. All tokens of his below it are
//! denied, the honest with the guilty. The service keeps no record of what it has issued: whoever
//! asked for tokens looks them up in his own, and asks anew for those that are still wanted.
//!
//! # What goes wrong
//!
//! Every failure is a problem of RFC 9457 with a `code` that never changes: the number of the
//! [`Denial`](keyward::Denial) or [`Refusal`](keyward::Refusal), or a word where no rule of
//! SPEC.md is broken.
//!
//! | status | when | codes |
//! | --- | --- | --- |
//! | 400 | malformed | 100, `malformed` |
//! | 401 | a signature or challenge doesn't hold, or the client isn't known | 190 to 399, 622, `client` |
//! | 403 | a rule denies | 410 to 420, 422 to 449, 452 to 507, `client`, `template` |
//! | 404 | no such route, domain, door or template | `unknown` |
//! | 405 | the route has another method | `method` |
//! | 408 | the body comes too slowly | `slow` |
//! | 409 | used before or made before all that is remembered; another history | 470, `replayed`, `old`, `fork` |
//! | 410 | revoked, expired, or its uses may be lost | 400 to 403, 421, 473, `count` |
//! | 413 | over 8 KiB | `large` |
//! | 428 | the request lacks what only its sender can add: a status, a newer one | 450, 451 |
//! | 429 | too many at once, here or on the same links | `busy` |
//! | 500 | a defect of this service | `defect` |
//! | 503 | the store or the signer is down, or the domain takes no lists by this signer | 502, `store`, `signer` |
//! | 507 | no revocation list has room for it: an epoch ends what is denied | `full` |
//!
//! 429 and 503 say when to come again. Nothing was granted by a request that is answered by any of
//! these; whether its use was spent is unknown after 503.
//!
//! # Who may issue
//!
//! [`Clients`] says who asks and which templates he may fill in. [`ApiKeys`] is the least that
//! serves: a secret of 32 random bytes in the `Authorization` header, of which the service keeps a
//! hash. Whoever has mutual TLS or OAuth in front implements the trait by what his proxy says.
//! TLS itself is the proxy's, or a wrapper's around the listener.

mod clients;
mod doors;
mod issuing;
mod listen;
mod meter;
mod problem;
pub mod records;
mod routes;
mod statements;
mod unread;

use std::{sync::Arc, time::Duration};

use keyward::{Time, id::DomainId, role, seal::OpeningKeys};
use tokio::sync::Semaphore;

pub use clients::{ApiKeys, Client, Clients};
use issuing::Lists;
pub use listen::serve;
use meter::Meter;
pub use problem::Problem;
use records::Records;

use crate::{
    chains::KnownChains,
    directory::Directory,
    gate::Gate,
    issuer::{Attester, Issuer, Revoker, Signer},
    serials::Serials,
    state::{State, clock::Clock},
    template::Template,
};

/// What a service is made of.
pub trait Parts: Send + Sync + 'static {
    /// Signs tokens, statuses and lists.
    type Signer: Signer<role::Issuer>;
    /// Remembers what was used, and counts serials.
    type State: State + Serials + Send + Sync + 'static;
    /// Tells the time.
    type Clock: Clock + Clone;
}

/// A service, before it is served.
pub struct Service<P: Parts> {
    /// The domain that it issues for; it may admit requests for more.
    pub domain: DomainId,
    /// Issues tokens.
    pub issuer: Issuer<role::Issuer, P::Signer, P::State>,
    /// Signs statuses.
    pub attester: Attester<P::Signer>,
    /// Signs revocation lists.
    pub revoker: Revoker<P::Signer, P::State>,
    /// What doors trust.
    pub directory: Arc<Directory>,
    /// Admits requests.
    pub gate: Gate<P::State, P::Clock>,
    /// Chains that were verified before, if they are to be remembered.
    pub chains: Option<KnownChains>,
    /// Tells the time.
    pub clock: P::Clock,
    /// What may be granted.
    pub templates: Vec<Template>,
    /// Who may ask for it.
    pub clients: Box<dyn Clients>,
    /// What was revoked in the epoch that the service issues in, and what locks have told.
    pub records: Records,
    /// Opens the entries of logs that come sealed.
    pub log: Option<OpeningKeys>,
    /// How much is borne.
    pub limits: Limits,
}

/// How much a service bears; what is over it is refused, not queued.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at a time, of clients and strangers together; further ones wait to be accepted.
    /// So whoever holds all of them keeps clients out, too: that nobody does is the proxy's to see
    /// to.
    pub connections: usize,
    /// Requests of clients at a time; a revocation whose client hangs up is one until it ends.
    pub clients: usize,
    /// Requests of anybody else at a time: so strangers take no client's turn.
    pub public: usize,
    /// How long the head of a request may take, and how long a connection may lie idle.
    pub head_within: Duration,
    /// How long a body may take.
    pub body_within: Duration,
    /// How long an answer may lie unread before its connection is cut.
    pub answer_within: Duration,
    /// How long until a list is signed again that couldn't be.
    pub retry: Duration,
    /// How long the requests that are under way get at the end.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            clients: 256,
            public: 1024,
            head_within: Duration::from_secs(5),
            body_within: Duration::from_secs(5),
            answer_within: Duration::from_secs(5),
            retry: Duration::from_secs(5),
            grace: Duration::from_secs(10),
        }
    }
}

/// Bytes of a body at most: three times the longest object in its text form.
pub const MAX_BODY: usize = 8 * 1024;

/// A service that is being served.
struct Running<P: Parts> {
    service: Service<P>,
    meter: Meter,
    clients: Arc<Semaphore>,
    public: Semaphore,
    lists: tokio::sync::Mutex<Lists>,
}

impl<P: Parts> Running<P> {
    fn new(service: Service<P>) -> Arc<Self> {
        let limits = service.limits;
        let clients = Arc::new(Semaphore::new(limits.clients));
        let (meter, public) = (Meter::new(), Semaphore::new(limits.public));
        let lists = tokio::sync::Mutex::new(Lists::new(&service.records.denied()));
        Arc::new(Self { service, meter, clients, public, lists })
    }

    fn now(&self) -> Time {
        self.service.clock.present().at.second()
    }

    /// An instant that has passed by every node's clock, for all that it may be off: what is valid
    /// from here on is too early for none of them.
    fn passed(&self) -> Time {
        let present = self.service.clock.present();
        present.at.before(present.off.saturating_mul(3)).second()
    }
}
