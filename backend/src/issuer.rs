//! Issuing and narrowing of tokens by any signer, one or many at once (SPEC.md section 6).
//!
//! | part | what it does |
//! | --- | --- |
//! | [`Local`], [`Remote`] | sign: a key in memory, or a [`Kms`] whose every signature is checked |
//! | [`Issuer`] | grants tokens, each under a serial of its own |
//! | [`Delegate`] | passes a token on that it holds, narrowed |
//! | [`Attester`], [`Revoker`] | sign statuses and revocation lists |
//!
//! A serial is drawn first and belongs to one draft for good. When its signature fails, comes late
//! or is wrong, the serial is lost with the draft: nothing is tried again here under the same one,
//! so a signature that a KMS makes after all is over contents that nobody else has.

mod delegate;
mod signer;
mod statements;

use std::{fmt, sync::Arc};

use keyward::{
    EncodeError, Grant, Origin, PublicKey, Scope, Token,
    id::Serial,
    limits::MAX_TOKEN,
    role::{self, Grantor},
    unsigned::Unsigned,
};

pub use delegate::{Delegate, Held, HoldError, Pass};
pub use signer::{Kms, KmsError, Limits, Local, Remote, Signer};
pub use statements::{Attester, PublishError, Published, Revoker};

use crate::{
    serials::{Ahead, Reserved, Serials},
    state::StateError,
};

/// Issues tokens in one epoch of a domain. Clones share signer and serials.
pub struct Issuer<G: Grantor, S, T> {
    scope: Scope,
    key: PublicKey<G>,
    signer: Arc<S>,
    serials: Reserved<T>,
}

impl<G: Grantor, S, T> Clone for Issuer<G, S, T> {
    fn clone(&self) -> Self {
        let (signer, serials) = (Arc::clone(&self.signer), self.serials.clone());
        Self { scope: self.scope, key: self.key, signer, serials }
    }
}

/// What is asked of an issuer.
#[derive(Clone, Debug)]
pub struct Order {
    /// To whom.
    pub grantee: PublicKey<role::Holder>,
    /// How often the grantee may pass it on: 0 to 3.
    pub depth: u8,
    /// What is granted.
    pub grant: Grant,
}

/// A token that was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its serial, by which a floor revokes it.
    pub serial: Serial,
    /// The encoded token.
    pub token: Box<[u8]>,
}

impl<G: Grantor + Send + Sync + 'static, S: Signer<G>, T: Serials + 'static> Issuer<G, S, T> {
    /// An issuer by its signer, and the store that counts its serials.
    pub fn new(scope: Scope, signer: S, serials: T, ahead: Ahead) -> Self {
        let key = signer.public();
        let serials = Reserved::new(serials, scope, key.id(), ahead);
        Self { scope, key, signer: Arc::new(signer), serials }
    }

    /// What the tokens start from: whoever passes them on or presents them must be told.
    pub fn origin(&self) -> Origin {
        Origin::new(self.scope, &self.key)
    }

    /// The domain and epoch.
    pub const fn scope(&self) -> Scope {
        self.scope
    }

    /// Issues one token.
    ///
    /// # Errors
    /// Any [`IssueError`]; the serial is lost then.
    pub async fn issue(&self, order: &Order) -> Result<Issued, IssueError> {
        let serial = self.serials.next().await?;
        let signed = self.signer.finish(draft(self.scope, &self.key, serial, order)?).await?;
        Ok(Issued { serial, token: signed.as_bytes().into() })
    }

    /// Issues many tokens: on all cores where the key is in memory, and as many at once as
    /// [`Limits`] allow where it isn't. The answers stand in the order of what was asked, whatever
    /// the order in which signatures come; each is a token or says why there is none.
    ///
    /// # Errors
    /// [`StateError`] when there are no serials; nothing is issued then.
    pub async fn issue_many(
        &self,
        orders: Vec<Order>,
    ) -> Result<Vec<Result<Issued, IssueError>>, StateError> {
        let count = u32::try_from(orders.len()).map_err(|_| StateError::TooMuch)?;
        let serials = self.serials.take(count).await?;
        let (scope, key) = (self.scope, self.key);
        let jobs: Vec<_> = serials.zip(orders).collect();
        let draft = move |(serial, order): &(Serial, Order)| draft(scope, &key, *serial, order);
        let issued = |(serial, _): &(Serial, Order), signed: &[u8]| Issued {
            serial: *serial,
            token: signed.into(),
        };
        Ok(Arc::clone(&self.signer).finish_all(jobs, draft, issued).await)
    }
}

fn draft<G: Grantor>(
    scope: Scope,
    key: &PublicKey<G>,
    serial: Serial,
    order: &Order,
) -> Result<Unsigned<G, MAX_TOKEN>, EncodeError> {
    Token::issue(scope, key, serial, &order.grantee, order.depth, &order.grant)
}

/// Why nothing was signed.
#[derive(Debug)]
#[non_exhaustive]
pub enum IssueError {
    /// The contents break a rule of the format: nobody's signature would help.
    Encode(EncodeError),
    /// There is no serial.
    Serials(StateError),
    /// The KMS refused or failed.
    Kms(KmsError),
    /// The KMS gave no signature in time.
    Late,
    /// As many signatures are awaited already as may wait.
    Busy,
    /// The KMS gave a signature that doesn't hold.
    BadSignature(keyward::key::BadSignature),
    /// What was to sign is gone: the process ends.
    Stopped,
}

impl From<EncodeError> for IssueError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

impl From<StateError> for IssueError {
    fn from(error: StateError) -> Self {
        Self::Serials(error)
    }
}

impl From<keyward::unsigned::SignError> for IssueError {
    fn from(error: keyward::unsigned::SignError) -> Self {
        match error {
            keyward::unsigned::SignError::Bad(bad) => Self::BadSignature(bad),
            keyward::unsigned::SignError::Encode(error) => Self::Encode(error),
        }
    }
}

impl fmt::Display for IssueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encode(error) => error.fmt(f),
            Self::Serials(error) => write!(f, "no serial: {error}"),
            Self::Kms(error) => write!(f, "the signer failed: {error}"),
            Self::Late => f.write_str("the signer gave no signature in time"),
            Self::Busy => f.write_str("too many signatures are awaited already"),
            Self::BadSignature(error) => error.fmt(f),
            Self::Stopped => f.write_str("the signer is gone"),
        }
    }
}

impl std::error::Error for IssueError {}
