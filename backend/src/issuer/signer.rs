//! Who signs: a key in memory, or one that lives elsewhere.

use std::{fmt, future::Future, pin::pin, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use keyward::{
    EncodeError, Encoded, PublicKey, Signature, SigningKey, role::Role, unsigned::Unsigned,
};
use rayon::prelude::*;
use tokio::{
    sync::{Semaphore, oneshot},
    time::timeout,
};

use super::IssueError;

/// Completes drafts with signatures: [`Local`] or [`Remote`], and nobody else's code, so that a
/// foreign signature is always checked.
pub trait Signer<R: Role>: Sealed + Send + Sync + 'static {
    /// The key that signs.
    fn public(&self) -> PublicKey<R>;

    /// Signs one draft.
    fn finish<const N: usize>(
        &self,
        draft: Unsigned<R, N>,
    ) -> impl Future<Output = Result<Encoded<N>, IssueError>> + Send;

    /// Drafts, signs and hands on each of many jobs; the answers are in the order of the jobs.
    fn finish_all<const N: usize, J, D, M, O>(
        self: Arc<Self>,
        jobs: Vec<J>,
        draft: D,
        made: M,
    ) -> impl Future<Output = Vec<Result<O, IssueError>>> + Send
    where
        J: Send + Sync + 'static,
        D: Fn(&J) -> Result<Unsigned<R, N>, EncodeError> + Send + Sync + 'static,
        M: Fn(&J, &[u8]) -> O + Send + Sync + 'static,
        O: Send + 'static;
}

mod sealed {
    pub trait Sealed {}
}
use sealed::Sealed;

/// A key in this process's memory.
///
/// Its own signatures are not checked: that would take twice the time that signing takes, and what
/// it would find is a fault of this machine's memory or arithmetic, which could as well lie in the
/// check. One is signed on the caller's own thread, which it keeps for some 20 µs: measured, a
/// thread of its own makes no more in a second. Many are signed by `rayon`'s threads.
pub struct Local<R: Role>(Arc<SigningKey<R>>);

impl<R: Role> Local<R> {
    /// Takes the key.
    pub fn new(key: SigningKey<R>) -> Self {
        Self(Arc::new(key))
    }
}

impl<R: Role> Sealed for Local<R> {}

impl<R: Role + Send + Sync + 'static> Signer<R> for Local<R> {
    fn public(&self) -> PublicKey<R> {
        self.0.public()
    }

    async fn finish<const N: usize>(
        &self,
        draft: Unsigned<R, N>,
    ) -> Result<Encoded<N>, IssueError> {
        Ok(draft.sign(&self.0)?)
    }

    async fn finish_all<const N: usize, J, D, M, O>(
        self: Arc<Self>,
        jobs: Vec<J>,
        draft: D,
        made: M,
    ) -> Vec<Result<O, IssueError>>
    where
        J: Send + Sync + 'static,
        D: Fn(&J) -> Result<Unsigned<R, N>, EncodeError> + Send + Sync + 'static,
        M: Fn(&J, &[u8]) -> O + Send + Sync + 'static,
        O: Send + 'static,
    {
        let (count, (done, signed)) = (jobs.len(), oneshot::channel());
        rayon::spawn(move || {
            let sign = |job: &J| Ok(made(job, draft(job)?.sign(&self.0)?.as_bytes()));
            // Whoever asked may be gone.
            let _told = done.send(jobs.par_iter().map(sign).collect());
        });
        signed.await.unwrap_or_else(|_| stopped(count))
    }
}

/// Signs elsewhere: a KMS, an HSM, another process.
pub trait Kms<R: Role>: Send + Sync + 'static {
    /// The key that signs.
    fn public(&self) -> PublicKey<R>;

    /// Signs these bytes with pure Ed25519 (RFC 8032), no pre-hash. It may take long, fail, or err:
    /// what it returns is checked. A call that is dropped must do no harm.
    fn sign(&self, message: &[u8]) -> impl Future<Output = Result<[u8; 64], KmsError>> + Send;
}

/// Why a KMS gave no signature, in its own words, which are logged and never sent to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KmsError(pub String);

impl fmt::Display for KmsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for KmsError {}

/// What is asked of a KMS at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Signatures that it makes at once.
    pub at_once: usize,
    /// Callers that wait for their turn; one more is told [`IssueError::Busy`].
    pub waiting: usize,
    /// How long one signature may take, from its turn on.
    pub within: Duration,
}

impl Default for Limits {
    /// 32 at once, as KMSs throttle; 1024 that wait; 2 s each.
    fn default() -> Self {
        Self { at_once: 32, waiting: 1024, within: Duration::from_secs(2) }
    }
}

/// A key in a [`Kms`]. Every signature is checked before what it completes leaves.
pub struct Remote<K> {
    kms: K,
    limits: Limits,
    turns: Semaphore,
    places: Semaphore,
}

impl<K> Remote<K> {
    /// Takes the way to the KMS.
    pub fn new(kms: K, limits: Limits) -> Self {
        let limits = Limits { at_once: limits.at_once.max(1), ..limits };
        let turns = Semaphore::new(limits.at_once);
        let places = Semaphore::new(limits.at_once.saturating_add(limits.waiting));
        Self { kms, limits, turns, places }
    }

    async fn sign<R: Role, const N: usize>(
        &self,
        draft: Unsigned<R, N>,
    ) -> Result<Encoded<N>, IssueError>
    where
        K: Kms<R>,
    {
        let _turn = self.turns.acquire().await.map_err(|_| IssueError::Stopped)?;
        let asked = timeout(self.limits.within, self.kms.sign(draft.to_sign().as_bytes())).await;
        let signature = asked.map_err(|_| IssueError::Late)?.map_err(IssueError::Kms)?;
        Ok(draft.with_signature(&Signature::from_bytes(signature))?)
    }
}

impl<K> Sealed for Remote<K> {}

impl<R: Role + Send + Sync + 'static, K: Kms<R>> Signer<R> for Remote<K> {
    fn public(&self) -> PublicKey<R> {
        self.kms.public()
    }

    async fn finish<const N: usize>(
        &self,
        draft: Unsigned<R, N>,
    ) -> Result<Encoded<N>, IssueError> {
        let _place = self.places.try_acquire().map_err(|_| IssueError::Busy)?;
        self.sign(draft).await
    }

    /// Holds one place, whatever the number of jobs: they wait here, not at the KMS.
    async fn finish_all<const N: usize, J, D, M, O>(
        self: Arc<Self>,
        jobs: Vec<J>,
        draft: D,
        made: M,
    ) -> Vec<Result<O, IssueError>>
    where
        J: Send + Sync + 'static,
        D: Fn(&J) -> Result<Unsigned<R, N>, EncodeError> + Send + Sync + 'static,
        M: Fn(&J, &[u8]) -> O + Send + Sync + 'static,
        O: Send + 'static,
    {
        let Ok(_place) = self.places.try_acquire() else {
            return jobs.iter().map(|_| Err(IssueError::Busy)).collect();
        };
        let mut answers: Vec<_> = jobs.iter().map(|_| Err(IssueError::Stopped)).collect();
        let (this, draft, made) = (&self, &draft, &made);
        let all = stream::iter(jobs.into_iter().zip(0_usize..)).map(|(job, place)| async move {
            let answer = match draft(&job) {
                Ok(draft) => this.sign(draft).await.map(|signed| made(&job, signed.as_bytes())),
                Err(error) => Err(error.into()),
            };
            (place, answer)
        });
        let mut all = pin!(all.buffer_unordered(self.limits.at_once));
        while let Some((place, answer)) = all.next().await {
            answers[place] = answer;
        }
        answers
    }
}

fn stopped<O>(count: usize) -> Vec<Result<O, IssueError>> {
    (0..count).map(|_| Err(IssueError::Stopped)).collect()
}
