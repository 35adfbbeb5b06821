//! What a lock takes in and what it refuses, in named cases: bytes, steps, and what each must come
//! to. Tests and vectors are made of them.
//!
//! A case ends in the one rule that it breaks, or tells a story to its end. Beside a broken rule
//! stand the same steps with the rule mended.

mod bench;
mod cards;
mod claims;
mod drafts;
mod epochs;
mod home;
mod keysets;
mod lists;
mod statuses;

use keyward::{Refusal, lock::Identity};

pub use bench::{Bench, Bodies, View, list_hash};
pub use drafts::{CardOf, ClaimOf, Clerk, KeysetOf, StatusOf};
pub use home::{
    ATTEST, CLAIM, DAY, DEVICE, EMERGENCY, ENROL, Home, ISSUE, Keys, LIFE, LOCK, NONCE, OTHER_LIFE,
    OTHER_LOCK, OTHER_NONCE, REVOKE, STRANGER, T, UNTIL, id_of, identity, negation, public,
};

/// What is done to a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of SPEC.md Appendix B")]
pub enum Deed {
    /// It is claimed.
    Claim {
        claim: Vec<u8>,
        epoch: Vec<u8>,
        keyset: Vec<u8>,
        card: Vec<u8>,
        list: Option<Vec<u8>>,
        contact: bool,
    },
    /// It is given epochs, and a keyset of the last.
    Epochs { epochs: Vec<Vec<u8>>, keyset: Vec<u8> },
    /// It is given a keyset.
    Keyset(Vec<u8>),
    /// It is given a card.
    Card(Vec<u8>),
    /// It is given a status, in a session or in none, where its host knows that `lo` has passed.
    Status { bytes: Vec<u8>, nonce: Option<[u8; 16]>, lo: u64 },
    /// It is given up, and is this from now on.
    Release(Identity),
}

/// What a step comes to: what was taken in, by its name in the vectors.
pub type Verdict = Result<&'static str, Refusal>;

/// A deed, and what it must come to.
#[derive(Clone, Debug)]
pub struct Step {
    /// What is done.
    pub deed: Deed,
    /// What it comes to.
    pub verdict: Verdict,
}

/// A lock's life in steps.
#[derive(Clone, Debug)]
pub struct Story {
    /// The lock before its first claim.
    pub identity: Identity,
    /// The steps.
    pub steps: Vec<Step>,
}

/// A named story; where its last step is refused, beside it the same with the rule mended.
#[derive(Clone, Debug)]
pub struct Case {
    /// The rule, or the story.
    pub name: &'static str,
    /// The steps.
    pub story: Story,
    /// The steps that are all taken.
    pub mended: Option<Story>,
}

impl Story {
    /// A lock that nobody has claimed.
    fn unclaimed() -> Self {
        Self { identity: identity(), steps: Vec::new() }
    }

    /// A lock that was claimed for this epoch.
    fn of(home: &Home) -> Self {
        Self::unclaimed().takes("claim", home.claim().deed())
    }

    fn takes(mut self, what: &'static str, deed: Deed) -> Self {
        self.steps.push(Step { deed, verdict: Ok(what) });
        self
    }

    fn refuses(mut self, refusal: Refusal, deed: Deed) -> Self {
        self.steps.push(Step { deed, verdict: Err(refusal) });
        self
    }

    /// The case in which this deed is refused, and the mended one taken.
    fn breaks(
        self,
        name: &'static str,
        (deed, refusal): (Deed, Refusal),
        (mended, what): (Deed, &'static str),
    ) -> Case {
        let mended = self.clone().takes(what, mended);
        self.refuses(refusal, deed).beside(name, mended)
    }

    /// The case in which another story is the mended one.
    fn beside(self, name: &'static str, mended: Self) -> Case {
        Case { name, story: self, mended: Some(mended) }
    }

    /// A story that needs no other beside it: what it refuses it takes in the end.
    fn told(self, name: &'static str) -> Case {
        Case { name, story: self, mended: None }
    }
}

/// All cases.
pub fn cases() -> Vec<Case> {
    [
        claims::cases(),
        epochs::cases(),
        keysets::cases(),
        lists::cases(),
        statuses::cases(),
        cards::cases(),
    ]
    .concat()
}

/// The last byte gone.
fn cut(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.pop();
    bytes
}

/// One byte too many.
fn longer(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.push(0);
    bytes
}

/// One bit of the last signature flipped.
fn flipped(mut bytes: Vec<u8>) -> Vec<u8> {
    let at = bytes.len() - 60;
    bytes[at] ^= 1;
    bytes
}

/// A signature that does not hold.
const fn forged(signer: u8) -> Refusal {
    Refusal::StatementSignature { signer, fault: keyward::SignatureFault::Mismatch }
}
