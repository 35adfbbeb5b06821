//! A company, or anybody, that passes on what it was granted.

use std::{fmt, sync::Arc};

use keyward::{
    EncodeError, Narrowing, Origin, PublicKey, Token,
    limits::MAX_TOKEN,
    role,
    token::{TokenError, UnsignedToken},
    wire::DecodeError,
};

use super::{IssueError, signer::Signer};

/// Passes tokens on that its key was granted.
pub struct Delegate<S> {
    key: PublicKey<role::Holder>,
    signer: Arc<S>,
}

/// A token that a [`Delegate`] holds: genuine, and granted to its key. Clones share the bytes.
#[derive(Clone, Debug)]
pub struct Held {
    origin: Origin,
    token: Arc<[u8]>,
}

/// What is asked of a delegate.
#[derive(Clone, Debug)]
pub struct Pass {
    /// To whom.
    pub grantee: PublicKey<role::Holder>,
    /// How often the grantee may pass it on: less than the delegate may.
    pub depth: u8,
    /// The further conditions.
    pub caveats: Narrowing,
}

impl<S: Signer<role::Holder>> Delegate<S> {
    /// A delegate by its signer.
    pub fn new(signer: S) -> Self {
        Self { key: signer.public(), signer: Arc::new(signer) }
    }

    /// The key that tokens are granted to.
    pub const fn public(&self) -> PublicKey<role::Holder> {
        self.key
    }

    /// Takes a token in, and checks all its signatures: once, however often it is passed on.
    ///
    /// # Errors
    /// Any [`HoldError`].
    pub fn hold(&self, origin: Origin, token: &[u8]) -> Result<Held, HoldError> {
        let read = Token::decode(token).map_err(HoldError::Malformed)?;
        let checked = read.check(&origin).map_err(HoldError::NotGenuine)?;
        let leaf = checked.links().last().map(|link| link.grantee());
        match leaf {
            Some(Ok(grantee)) if grantee == self.key => Ok(Held { origin, token: token.into() }),
            _ => Err(HoldError::OthersToken),
        }
    }

    /// Passes a token on.
    ///
    /// # Errors
    /// Any [`IssueError`] but those of serials.
    pub async fn pass(&self, held: &Held, pass: &Pass) -> Result<Box<[u8]>, IssueError> {
        Ok(self.signer.finish(held.draft(pass)?).await?.as_bytes().into())
    }

    /// Passes a token on to many, as [`Issuer::issue_many`](super::Issuer::issue_many) issues.
    pub async fn pass_many(
        &self,
        held: &Held,
        passes: Vec<Pass>,
    ) -> Vec<Result<Box<[u8]>, IssueError>> {
        let held = held.clone();
        let draft = move |pass: &Pass| held.draft(pass);
        let made = |_: &Pass, signed: &[u8]| signed.into();
        Arc::clone(&self.signer).finish_all::<MAX_TOKEN, _, _, _, _>(passes, draft, made).await
    }
}

impl Held {
    /// What the token starts from: each further holder must be told.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The encoded token.
    pub fn token(&self) -> &[u8] {
        &self.token
    }

    fn draft(&self, pass: &Pass) -> Result<UnsignedToken<role::Holder>, EncodeError> {
        let token = Token::decode(&self.token)?;
        token.attenuate(&self.origin, &pass.grantee, pass.depth, &pass.caveats)
    }
}

/// Why a token isn't held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HoldError {
    /// The bytes are no token.
    Malformed(DecodeError),
    /// A signature doesn't hold, or the token is of another origin.
    NotGenuine(TokenError),
    /// The token is granted to another key.
    OthersToken,
}

impl fmt::Display for HoldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => write!(f, "no token: {error:?}"),
            Self::NotGenuine(error) => error.fmt(f),
            Self::OthersToken => f.write_str("the token is granted to another key"),
        }
    }
}

impl std::error::Error for HoldError {}
