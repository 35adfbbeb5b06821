//! Challenges that every node of a fleet knows for its own, without having seen them.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use keyward::{Channel, id::Nonce};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::door::Door;
use crate::state::{Millis, StateError};

/// The secret that a fleet's nonces are made by: 32 random bytes, the same on all nodes; zeroed
/// when dropped, never printed. Whoever has it can make challenges in advance: of no use without a
/// holder's key.
pub struct FleetKey([u8; 32]);

impl FleetKey {
    /// Takes the key; the caller zeroes his own copy.
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }
}

impl Drop for FleetKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for FleetKey {}

impl fmt::Debug for FleetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FleetKey(..)")
    }
}

/// The key that nonces are made by, and the one before it, which still counts while nodes get the
/// new one. A key may be dropped half a minute after no node makes nonces by it.
#[derive(Debug)]
pub struct FleetKeys {
    current: FleetKey,
    before: Option<FleetKey>,
}

impl FleetKeys {
    /// One key.
    pub const fn new(current: FleetKey) -> Self {
        Self { current, before: None }
    }

    /// The same with another that nonces may have been made by.
    #[must_use]
    pub fn with(self, before: FleetKey) -> Self {
        Self { before: Some(before), ..self }
    }

    /// A nonce of a door, given now: 4 bytes of the time, 4 at random, 8 of a tag over both, all of
    /// the time, the door and the channel.
    ///
    /// Half of it is secret: nobody names a nonce before it is given, but by 2^63 tries at a
    /// server. Two that are given to one door in one millisecond are alike once in 2^32 times; the
    /// second answer is then refused.
    pub(super) fn nonce(
        &self,
        door: &Door,
        channel: Channel,
        at: Millis,
    ) -> Result<Nonce, StateError> {
        let mut random = [0; 4];
        getrandom::fill(&mut random)
            .map_err(|error| StateError::Unavailable(format!("no random bytes: {error}")))?;
        Ok(Nonce(join(low(at), random, tag(&self.current, door, channel, at, random))))
    }

    /// When a nonce was given, if the fleet gave it, at this door and for this channel.
    ///
    /// The time's upper bytes are those that bring it next to the present; an older nonce, with the
    /// same lower ones, has another tag.
    pub(super) fn given(
        &self,
        door: &Door,
        channel: Channel,
        nonce: Nonce,
        present: Millis,
    ) -> Option<Millis> {
        let [a, b, c, d, e, f, g, h, ..] = nonce.0;
        let at = nearest(u32::from_be_bytes([a, b, c, d]), present);
        let random = [e, f, g, h];
        let keys = std::iter::once(&self.current).chain(&self.before);
        let mut ours = false;
        for key in keys {
            let tag = mac(key, door, channel, at, random);
            ours |= tag.verify_truncated_left(&nonce.0[8..]).is_ok();
        }
        ours.then_some(at)
    }
}

fn mac(key: &FleetKey, door: &Door, channel: Channel, at: Millis, random: [u8; 4]) -> Hmac<Sha256> {
    // HMAC fills a key up to its hash's block with zeros: a whole block can't be refused.
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(&key.0);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    mac.update(b"keyward gate v1\0");
    mac.update(door.bytes());
    mac.update(&[channel.byte()]);
    mac.update(&at.get().to_le_bytes());
    mac.update(&random);
    mac
}

fn tag(key: &FleetKey, door: &Door, channel: Channel, at: Millis, random: [u8; 4]) -> [u8; 8] {
    let whole = mac(key, door, channel, at, random).finalize().into_bytes();
    let mut tag = [0; 8];
    tag.copy_from_slice(&whole[..8]);
    tag
}

fn join(time: [u8; 4], random: [u8; 4], tag: [u8; 8]) -> [u8; 16] {
    let mut nonce = [0; 16];
    nonce[..4].copy_from_slice(&time);
    nonce[4..8].copy_from_slice(&random);
    nonce[8..].copy_from_slice(&tag);
    nonce
}

/// The lower half of a time: it comes again after 49 days.
fn low(at: Millis) -> [u8; 4] {
    let [.., a, b, c, d] = at.get().to_be_bytes();
    [a, b, c, d]
}

/// The time with this lower half that is nearest to the present.
fn nearest(low: u32, present: Millis) -> Millis {
    const TURN: u64 = 1 << 32;
    let same = (present.get() & !(TURN - 1)) | u64::from(low);
    let around = [same.checked_sub(TURN), Some(same), same.checked_add(TURN)];
    let nearest = around.into_iter().flatten().min_by_key(|at| at.abs_diff(present.get()));
    Millis::new(nearest.unwrap_or(same))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_found_again_next_to_the_present() {
        for present in [1_795_510_800_000_u64, 1 << 32, (1 << 32) - 1, 5, (7 << 32) + 12] {
            for behind in [-1_000_000_i64, -1, 0, 1, 29_999, 1 << 30] {
                let Some(at) = present.checked_add_signed(-behind) else { continue };
                let low = u32::from_be_bytes(low(Millis::new(at)));
                assert_eq!(nearest(low, Millis::new(present)).get(), at);
            }
        }
    }
}
