//! Names and numbers: one type for each, so that none passes for another (SPEC.md section 2).

use core::fmt;

macro_rules! bytes_id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// The bytes, as they stand on the wire.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "("))?;
                fmt::Display::fmt(self, f)?;
                f.write_str(")")
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    };
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl $name {
            /// The number as it stands in what is signed: 8 bytes, little-endian.
            pub const fn to_le_bytes(self) -> [u8; 8] {
                self.0.to_le_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

bytes_id! {
    /// Names a trust domain: the hash of its epoch 0, 32 bytes. Never on the wire of a token,
    /// always in what is signed.
    DomainId, 32
}
bytes_id! {
    /// Names a lock within its domain, 8 bytes; given by its card and never twice.
    LockId, 8
}
bytes_id! {
    /// Names a group of locks within its domain, 8 bytes; given by cards.
    GroupId, 8
}
bytes_id! {
    /// Looks up an issuer in a keyset: the first 8 bytes of its key. It binds nothing.
    KeyId, 8
}
bytes_id! {
    /// Names a key: the first 16 bytes of its hash.
    KeyName, 16
}
bytes_id! {
    /// Names a link: the first 16 bytes of its chain hash.
    LinkId, 16
}
bytes_id! {
    /// The first half of a `LinkId` or `KeyName`, 8 bytes: what tables and revocation lists tell
    /// links and keys apart by. Two that are equal are counted, or denied, as one.
    Prefix, 8
}
bytes_id! {
    /// The lock's challenge, 16 bytes, never given twice.
    Nonce, 16
}
bytes_id! {
    /// Names one life of a lock, from its reset to its release: 16 bytes, drawn at the reset.
    ClaimNonce, 16
}
bytes_id! {
    /// The holder's own 16 fresh random bytes in a challenged request, so that a replayed
    /// challenge never makes it sign one request twice.
    Fresh, 16
}
bytes_id! {
    /// What a witness names as its evidence, 16 bytes of its choice: a recording, a log entry.
    EvidenceId, 16
}

number! {
    /// The number of a domain's epoch.
    Epoch
}
number! {
    /// The version of a keyset within its epoch.
    KeysetVersion
}
number! {
    /// The number of a revocation list within its epoch and keyset version, see
    /// [`ListOrder`](crate::status::ListOrder).
    ListNumber
}
number! {
    /// The version of a card within its epoch and keyset version.
    CardVersion
}
number! {
    /// The serial number that an issuer gives a token.
    Serial
}
number! {
    /// The counter of an unchallenged request.
    Counter
}
number! {
    /// The number of an entry in one of a lock's audit logs.
    Sequence
}

impl From<LinkId> for Prefix {
    fn from(link: LinkId) -> Self {
        Self(crate::crypto::truncated(&link.0))
    }
}

impl From<KeyName> for Prefix {
    fn from(key: KeyName) -> Self {
        Self(crate::crypto::truncated(&key.0))
    }
}
