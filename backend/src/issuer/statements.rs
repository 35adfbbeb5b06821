//! Statuses and revocation lists (SPEC.md section 8).

use keyward::{
    PublicKey, Scope, State, Status, Time,
    id::{KeyId, KeysetVersion, ListNumber, Nonce},
    limits::{MAX_STATUS, MAX_STATUS_HEADER},
    role,
    status::{ListOrder, SerialFloor},
};
use tokio::sync::Mutex;

use super::{IssueError, signer::Signer};
use crate::{
    fold::{Denied, FoldError, Folded, Live, fold},
    serials::Serials,
};

/// Attests how current a domain's state is.
pub struct Attester<S> {
    scope: Scope,
    key: PublicKey<role::Issuer>,
    signer: S,
}

impl<S: Signer<role::Issuer>> Attester<S> {
    /// An attester by its signer.
    pub fn new(scope: Scope, signer: S) -> Self {
        Self { scope, key: signer.public(), signer }
    }

    /// Signs a status without a list, over a lock's nonce or over none. Whoever asks for one over a
    /// nonce gets the present told for that challenge alone, so anybody may ask.
    ///
    /// # Errors
    /// Any [`IssueError`] but those of serials.
    pub async fn attest(
        &self,
        state: State,
        nonce: Option<&Nonce>,
    ) -> Result<Box<[u8]>, IssueError> {
        let draft = Status::attest(self.scope, &self.key, state, nonce)?;
        Ok(self.signer.finish::<MAX_STATUS_HEADER>(draft).await?.as_bytes().into())
    }
}

/// Publishes a domain's revocation lists.
///
/// A list is complete, so whoever signs the next one must know all that the last one denies: a
/// domain has one revoker at a time. Its numbers come from a durable counter, so that a restarted
/// one never signs another list under a number that it has used; a number that is lost is a gap,
/// which no lock minds.
pub struct Revoker<S, T> {
    scope: Scope,
    key: PublicKey<role::Issuer>,
    signer: S,
    numbers: T,
    /// The floors that were published, which never fall; and one list is made at a time.
    floors: Mutex<Vec<SerialFloor>>,
}

/// A list that was signed.
#[derive(Clone, Debug)]
pub struct Published {
    /// Its place, which statuses name from now on.
    pub order: ListOrder,
    /// The encoded status with the list.
    pub list: Box<[u8]>,
    /// What it says, and which honest tokens must be issued anew.
    pub folded: Folded,
}

impl<S: Signer<role::Issuer>, T: Serials> Revoker<S, T> {
    /// A revoker by its signer, the store that counts its lists, and the floors of the newest list.
    pub fn new(scope: Scope, signer: S, numbers: T, floors: Vec<SerialFloor>) -> Self {
        Self { scope, key: signer.public(), signer, numbers, floors: Mutex::new(floors) }
    }

    /// Folds all that must be denied into one list and signs it, under the newest keyset. One list
    /// is made after the other; `denied` is asked once it is this one's turn, so that a later list
    /// never knows less.
    ///
    /// # Errors
    /// Any [`PublishError`].
    pub async fn publish(
        &self,
        keyset: KeysetVersion,
        at: Time,
        denied: impl FnOnce() -> (Vec<Denied>, Vec<Live>),
    ) -> Result<Published, PublishError> {
        let mut floors = self.floors.lock().await;
        let number = self.numbers.reserve(&self.scope, self.counter(), 1).await;
        let number = number.map_err(IssueError::Serials)?.start;
        // A list has a number above 0.
        let order = ListOrder { keyset, number: ListNumber(number.saturating_add(1)) };
        let (denied, live) = denied();
        let folded = fold(&denied, &floors, &live).map_err(PublishError::Fold)?;
        let state = State { keyset, list: order, at };
        let (entries, new) = (&folded.entries, &folded.floors);
        let draft = Status::revoke(self.scope, &self.key, state, entries, new, None);
        let draft = draft.map_err(IssueError::Encode)?;
        let list = self.signer.finish::<MAX_STATUS>(draft).await?.as_bytes().into();
        floors.clone_from(&folded.floors);
        Ok(Published { order, list, folded })
    }

    /// Lists are counted apart from tokens, also where one key signs both: by the key's id turned
    /// over, which is no other key's but by the accident that two ids are equal.
    fn counter(&self) -> KeyId {
        KeyId(self.key.id().0.map(|byte| !byte))
    }
}

/// Why no list was signed.
#[derive(Debug)]
#[non_exhaustive]
pub enum PublishError {
    /// What must be denied doesn't fit.
    Fold(FoldError),
    /// There is no number, or no signature.
    Issue(IssueError),
}

impl From<IssueError> for PublishError {
    fn from(error: IssueError) -> Self {
        Self::Issue(error)
    }
}

impl std::fmt::Display for PublishError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fold(error) => error.fmt(f),
            Self::Issue(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PublishError {}
