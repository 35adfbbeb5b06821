//! What a lock alone knows (SPEC.md section 22.2).

use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{crypto, id::Nonce, preimage::Label};

/// The secret of one life of a lock: 32 random bytes that its host draws at each reset and keeps
/// apart from the store. It authenticates the journal and makes nonces; zeroed when dropped.
///
/// ```compile_fail,E0599
/// # fn f(secret: keyward::secret::DeviceSecret) {
/// let copy = secret.clone(); // not a copy of it
/// # }
/// ```
pub struct DeviceSecret([u8; 32]);

/// Authenticates a record and all before it.
pub(crate) type Tag = [u8; 16];

impl DeviceSecret {
    /// Takes the secret; the caller zeroes his own copy.
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// The challenge of a session. Starts and sessions are counted, so that a weak random generator
    /// repeats nothing; they are secret, so that nobody knows the next.
    pub(crate) fn nonce(&self, starts: u64, session: u64, random: &[u8; 16]) -> Nonce {
        let (starts, session) = (starts.to_le_bytes(), session.to_le_bytes());
        Nonce(crypto::mac(&self.0, &[Label::NONCE.bytes(), &starts, &session, random]))
    }

    /// Salts the private part of an entry: of an opening by its core, of denials by the entry before.
    pub(crate) fn salt(&self, seed: &[u8; 32]) -> [u8; 16] {
        crypto::mac(&self.0, &[Label::SALT.bytes(), seed])
    }

    /// The tag of a record behind one with this tag.
    pub(crate) fn tag(&self, before: &Tag, record: &[u8]) -> Tag {
        crypto::mac(&self.0, &[Label::JOURNAL.bytes(), before, record])
    }

    pub(crate) fn tag_holds(&self, before: &Tag, record: &[u8], tag: &Tag) -> bool {
        crypto::mac_holds(&self.0, &[Label::JOURNAL.bytes(), before, record], tag)
    }

    pub(crate) fn anchor_tag(&self, anchor: &[u8]) -> Tag {
        crypto::mac(&self.0, &[Label::ANCHOR.bytes(), anchor])
    }

    pub(crate) fn anchor_holds(&self, anchor: &[u8], tag: &Tag) -> bool {
        crypto::mac_holds(&self.0, &[Label::ANCHOR.bytes(), anchor], tag)
    }
}

/// In constant time, by way of a tag.
impl PartialEq for DeviceSecret {
    fn eq(&self, other: &Self) -> bool {
        let tag = self.tag(&[0; 16], &[]);
        other.tag_holds(&[0; 16], &[], &tag)
    }
}

impl Eq for DeviceSecret {}

impl Drop for DeviceSecret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for DeviceSecret {}

impl fmt::Debug for DeviceSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceSecret(..)")
    }
}
