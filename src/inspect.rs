//! What an object claims, verified or not: for inspectors and command lines, never for a lock.
//!
//! Each claim is named `unverified_*` and has a plain type: none opens a door, and none passes for
//! what was verified. [`foretell`] says which of a token's conditions would hold at a lock.

mod foretell;

use crate::{
    card::Card,
    caveat::{CaveatSet, Right},
    claim::{Claim, Claimed},
    epoch::{Commitment, Epoch},
    id::{ClaimNonce, DomainId, Epoch as Number, EvidenceId, GroupId, KeyId},
    key::{PublicKey, public_key, role},
    keyset::Keyset,
    recording::Recording,
    request::{Mode, Presentation, WitnessStatement},
    seal::SealingKey,
    status::{RevocationList, Revoked, SerialFloor, Status},
    time::Time,
    token::Token,
    wire::DecodeError,
    zone::{Zone, ZoneId},
};

pub use foretell::{Forecast, Subject, foretell};

/// A link as its token claims it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link<'a> {
    /// To whom it grants.
    pub grantee: PublicKey<role::Holder>,
    /// How many links may follow.
    pub depth: u8,
    /// Its conditions.
    pub caveats: CaveatSet<'a>,
}

/// The claims of one type, each by what it is, its name and type, and where it lies; behind `@keys`
/// the keys, by class.
macro_rules! claims {
    (
        $type:ident $section:literal $this:ident;
        $($(#[$doc:meta])* $name:ident: $out:ty = $claim:expr;)*
        $(@keys $($(#[$key_doc:meta])* $key:ident: $role:ident = $bytes:expr;)*)?
    ) => {
        impl<'a> $type<'a> {
            $($(#[$doc])*
            #[doc = concat!("\nUnverified (SPEC.md section ", $section, ").")]
            pub fn $name(&self) -> $out {
                let $this = self;
                $claim
            })*
            $($($(#[$key_doc])*
            #[doc = concat!("\nUnverified (SPEC.md section ", $section, ").")]
            ///
            /// # Errors
            /// None that an object that was read could give.
            pub fn $key(&self) -> Result<PublicKey<role::$role>, DecodeError> {
                let $this = self;
                public_key($bytes)
            })*)?
        }
    };
}

claims! { Token "6.1" token;
    /// The links from the issuer's on. An `Err`, which reading has ruled out, is no link.
    unverified_links: impl Iterator<Item = Result<Link<'a>, DecodeError>> =
        token.links().map(|link| {
            let (grantee, depth, caveats) = (public_key(link.grantee)?, link.depth, link.caveats);
            Ok(Link { grantee, depth, caveats })
        });
}

claims! { Presentation "12.2" presentation;
    /// What it carries of its moment.
    unverified_mode: Mode = presentation.mode;
    /// The right that is exercised.
    unverified_right: Right = presentation.right;
    /// What the right is exercised on.
    unverified_parameter: &'a [u8] = presentation.parameter;
    /// The witnesses, ascending by key.
    unverified_witnesses: impl Iterator<Item = &WitnessStatement<'a>> = presentation.witnesses();
    /// The status that the holder brings.
    unverified_status: Option<&Status<'a>> = presentation.status.as_ref();
    /// The token that it stands on.
    unverified_token: &Token<'a> = &presentation.token;
}

claims! { WitnessStatement "12.1" witness;
    /// What the witness names as evidence.
    unverified_evidence: EvidenceId = witness.evidence;
    @keys
    /// Who agreed.
    unverified_key: Witness = witness.key;
}

claims! { Status "8.1" status;
    /// Who signed it.
    unverified_issuer: KeyId = status.issuer;
    /// The epoch that it is of.
    unverified_epoch: Number = status.epoch;
    /// Whether the signature is over a lock's nonce too.
    unverified_over_nonce: bool = status.over_nonce;
    /// The revocation list that it carries.
    unverified_list: Option<&RevocationList<'a>> = status.list.as_ref();
}

claims! { RevocationList "8.1" list;
    /// What is revoked, ascending.
    unverified_entries: impl Iterator<Item = Revoked> =
        list.entries.iter().copied().map(Revoked);
    /// The serial floors, ascending by issuer.
    unverified_floors: impl Iterator<Item = SerialFloor> = list.floors.read(SerialFloor::read);
}

claims! { Epoch "16.1" epoch;
    /// When it was drafted.
    unverified_issued_at: Time = epoch.issued_at;
    /// How many of the roots must sign a keyset.
    unverified_roots_needed: u8 = epoch.roots.needed;
    /// Who signs keysets, ascending.
    unverified_roots: impl Iterator<Item = Result<PublicKey<role::Root>, DecodeError>> =
        epoch.roots.keys.iter().map(public_key);
    /// The key of break-glass tokens. An `Err`, which reading has ruled out, is no key.
    unverified_emergency: Option<Result<PublicKey<role::Emergency>, DecodeError>> =
        epoch.emergency.map(public_key);
    /// The commitment to the next epoch's cold keys.
    unverified_commitment: Commitment = epoch.next;
    /// How many of the cold keys must sign this epoch.
    unverified_cold_needed: u8 = epoch.cold.needed;
    /// Who signs this epoch, ascending.
    unverified_cold: impl Iterator<Item = Result<PublicKey<role::Cold>, DecodeError>> =
        epoch.cold.keys.iter().map(public_key);
    /// Whose signatures it carries, by their places among the cold keys.
    unverified_signers: impl Iterator<Item = u8> = epoch.signatures.signers();
}

claims! { Keyset "16.2" keyset;
    /// The epoch that it is of.
    unverified_epoch: Number = keyset.epoch;
    /// When it was drafted.
    unverified_issued_at: Time = keyset.issued_at;
    /// The domain's zones, ascending by id.
    unverified_zones: impl Iterator<Item = Zone<'a>> = keyset.zones.read(Zone::read);
    /// Whose signatures it carries, by their places among the epoch's roots.
    unverified_signers: impl Iterator<Item = u8> = keyset.signatures.signers();
}

claims! { Card "16.3" card;
    /// Who signed it.
    unverified_issuer: KeyId = card.issuer;
    /// The epoch that it is of.
    unverified_epoch: Number = card.epoch;
    /// When it was drafted.
    unverified_at: Time = card.at;
    /// The groups that the lock is in, ascending.
    unverified_groups: impl Iterator<Item = GroupId> = card.groups.iter().copied().map(GroupId);
    /// The key that presentations are sealed to.
    unverified_sealing: Option<SealingKey> = card.sealing();
    /// Whether the lock takes sealed presentations only.
    unverified_sealed_only: bool = card.sealed_only();
    /// Whether the lock takes unchallenged requests.
    unverified_unchallenged: bool = card.unchallenged();
    /// The lock's zone.
    unverified_zone: Option<ZoneId> = card.zone;
    /// Which life of the lock it is of.
    unverified_nonce: ClaimNonce = card.nonce;
    @keys
    /// The lock's own key.
    unverified_device: Device = card.device;
}

claims! { Claim "18.1" claim;
    /// The domain that is to have the lock.
    unverified_domain: DomainId = claim.domain;
    /// Whether it carries a signature, by the key from the lock's box; otherwise it needs contact.
    unverified_signed: bool = claim.signature.is_some();
}

claims! { Claimed "18.1" claimed;
    /// Which life of the lock was claimed.
    unverified_nonce: ClaimNonce = claimed.nonce;
    @keys
    /// The lock's own key.
    unverified_device: Device = claimed.device;
}

claims! { Recording "24.7" recording;
    @keys
    /// Whose recording it is.
    unverified_key: Witness = recording.key;
}
