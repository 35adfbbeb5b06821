//! Random epochs, keysets, cards and claims.

use super::Draw;
use crate::oracle::{
    encode,
    statements::{Card, Claim, Claimed, Epoch, Issuer, Keys, Keyset, Signatures, Unclaimed, Zone},
};

impl Draw<'_> {
    /// An epoch.
    pub fn epoch(&mut self) -> Epoch {
        Epoch {
            number: self.number(),
            issued_at: self.time(),
            roots: self.keys(),
            emergency: self.dice.once_in(2).then(|| self.key()),
            next: self.bytes(),
            cold: self.keys(),
            signatures: self.signatures(),
        }
    }

    fn keys(&mut self) -> Keys {
        let keys = self.set(1, 4, Self::key);
        let most = u8::try_from(keys.len().max(1)).unwrap();
        let threshold = if self.strays() { self.below(6) } else { 1 + self.below(most) };
        Keys { threshold, keys }
    }

    fn signatures(&mut self) -> Signatures {
        let most = if self.strays() { 6 } else { 4 };
        let signers = self.set(0, 4, |draw| draw.below(most));
        signers.into_iter().map(|signer| (signer, self.signature())).collect()
    }

    /// A keyset.
    pub fn keyset(&mut self) -> Keyset {
        // All lists at their longest are over the limit together: then again.
        loop {
            let keyset = self.any_keyset();
            if self.stray || encode(&keyset).len() <= 1024 {
                return keyset;
            }
        }
    }

    fn any_keyset(&mut self) -> Keyset {
        Keyset {
            epoch: self.number(),
            version: self.number(),
            issued_at: self.time(),
            log_to: self.dice.once_in(2).then(|| self.bytes()),
            issuers: {
                let keys = self.set(0, 8, Self::key);
                keys.into_iter().map(|key| self.issuer(key)).collect()
            },
            zones: {
                let ids = self.set(0, 4, |draw| draw.below(255));
                ids.into_iter().map(|id| self.zone(id)).collect()
            },
            signatures: self.signatures(),
        }
    }

    fn issuer(&mut self, key: [u8; 32]) -> Issuer {
        let any = self.dice.pick(&[0, 15, 16, 255]);
        let roles = if self.strays() { any } else { 1 + self.below(15) };
        // Limits that decode, others, and mostly none.
        let limits = match self.below(12) {
            0 => postcard::to_allocvec(&self.caveats(false, 4)).unwrap(),
            1 => self.data(456),
            2 => self.data(20),
            _ => Vec::new(),
        };
        Issuer { key, roles, from: self.time(), lasts: self.at_least_1(), limits }
    }

    fn zone(&mut self, id: u8) -> Zone {
        let minutes = self.set(1, 16, Self::small);
        let transitions = minutes.into_iter().map(|at| (at, self.offset()));
        Zone { id, transitions: transitions.collect(), end: self.small() }
    }

    fn offset(&mut self) -> i16 {
        let beyond = self.dice.pick(&[1439, 1440, -1439, -1440, i16::MAX, i16::MIN]);
        let offset = i16::try_from(self.dice.below(2 * 1439 + 1)).unwrap() - 1439;
        if self.strays() { beyond } else { offset }
    }

    /// A card.
    pub fn card(&mut self) -> Card {
        let sealing = self.dice.once_in(2).then(|| self.bytes());
        let sealed_only = u8::from(sealing.is_some() && self.dice.once_in(2));
        let flags = sealed_only + 2 * self.below(2);
        Card {
            issuer: self.bytes(),
            epoch: self.number(),
            keyset: self.number(),
            version: self.floor(),
            at: self.time(),
            lock: self.bytes(),
            groups: self.set(0, 8, Self::bytes),
            device: self.key(),
            sealing,
            flags: if self.strays() { self.below(6) } else { flags },
            zone: self.dice.once_in(2).then(|| self.below(255)),
            nonce: self.bytes(),
            signature: self.signature(),
        }
    }

    /// What an unclaimed lock shows.
    pub fn unclaimed(&mut self) -> Unclaimed {
        Unclaimed { device: self.key(), nonce: self.bytes() }
    }

    /// A claim, signed half of the time.
    pub fn claim(&mut self) -> Claim {
        let signed = self.dice.once_in(2);
        Claim { domain: self.bytes(), signature: signed.then(|| self.signature()) }
    }

    /// A lock's answer to its claim.
    pub fn claimed(&mut self) -> Claimed {
        Claimed { device: self.key(), nonce: self.bytes(), signature: self.signature() }
    }
}
