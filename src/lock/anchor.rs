//! Break-glass when the store is dead (SPEC.md section 18.3).

use crate::{
    caveat::Channel,
    denial::Denial,
    id::{Counter, DomainId, Epoch, KeyName, LinkId, LockId, Nonce},
    key::{PublicKey, public_key, role},
    ledger::{Memory, Outcome, Uses},
    limits::MAX_ANCHOR,
    lock::{Door, Order, Session, seal::unsealed},
    preimage::Scope,
    replay::{CounterFault, Unseen},
    request::Presentation,
    seal::OpeningKeys,
    secret::DeviceSecret,
    time::Now,
    trust::Trust,
    verify::{OpenChallenge, View, verify},
    wire::{DecodeError, EncodeError, Encoded, Reader, VERSION},
};

/// What a host keeps apart from the lock's store: written anew after a claim, an epoch, or a card that
/// changes whether sealed presentations are demanded, and erased before a release: enough to open for the emergency key, and for nobody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The domain and its epoch.
    pub scope: Scope,
    /// The lock.
    pub lock: LockId,
    /// The epoch's emergency key.
    pub emergency: Option<PublicKey<role::Emergency>>,
    /// Whether the card demands sealed presentations.
    pub sealed_only: bool,
}

impl Anchor {
    /// The bytes to keep, which nobody can change who doesn't know the lock's secret.
    ///
    /// # Errors
    /// None: an anchor of any values fits.
    pub fn encode(&self, secret: &DeviceSecret) -> Result<Encoded<MAX_ANCHOR>, EncodeError> {
        let mut out = Encoded::written(&|out| {
            out.raw(&[VERSION]);
            out.raw(&self.scope.domain.0);
            out.integer(self.scope.epoch.0);
            out.raw(&self.lock.0);
            out.optional(self.emergency.as_ref().map(|key| key.as_bytes().as_slice()));
            out.flag(self.sealed_only);
        })?;
        let tag = secret.anchor_tag(out.as_bytes());
        out.raw(&tag)?;
        Ok(out)
    }

    /// Reads an anchor that was kept; `None` where it is damaged, or of another secret.
    pub fn decode(bytes: &[u8], secret: &DeviceSecret) -> Option<Self> {
        let (anchor, tag) = bytes.split_last_chunk()?;
        secret.anchor_holds(anchor, tag).then_some(())?;
        Reader::whole(anchor, Self::read).ok()
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        match reader.u8()? {
            VERSION => {}
            other => return reader.refuse(DecodeError::WrongVersion(other)),
        }
        let domain = DomainId(*reader.array()?);
        let (epoch, lock) = (Epoch(reader.u64()?), LockId(*reader.array()?));
        let emergency = reader.optional(Reader::array)?.map(public_key).transpose();
        let emergency = reader.checked(emergency)?;
        let sealed_only = reader.flag()?;
        Some(Self { scope: Scope { domain, epoch }, lock, emergency, sealed_only })
    }

    /// Opens a link session. With a dead store the nonce rests on the random generator alone. An
    /// anchor knows of no restart: the host drops its sessions when its ticks start anew or stood
    /// still.
    pub fn challenge(&self, nonce: Nonce, channel: Channel, now: Now) -> Session {
        let open = OpenChallenge { nonce, channel, issued: now.uptime };
        Session::new(self.door(), &self.trust(), open)
    }

    /// Opens a sealed presentation that came over a link session, with the keys that the host keeps.
    ///
    /// # Errors
    /// [`Denial::NotOpened`]; [`Denial::Malformed`] for what is in it.
    pub fn unseal<'b>(
        &self,
        keys: &OpeningKeys,
        session: &Session,
        sealed: &'b mut [u8],
    ) -> Result<Presentation<'b>, Denial> {
        unsealed(Some(keys), self.lock, Some(session), sealed)
    }

    /// Verifies an emergency token's presentation and acts on it. There is nothing to commit: such
    /// a token counts nothing; and a duty to relock is in the order alone, for the host to keep. The challenge is spent once all signatures hold.
    ///
    /// # Errors
    /// The first rule that is broken, in the order of SPEC.md section 13.
    pub fn open(
        &self,
        session: &mut Session,
        presentation: &Presentation<'_>,
        now: Now,
        actuator: impl FnOnce(&Order<'_>) -> Outcome,
    ) -> Result<Outcome, Denial> {
        let challenge = session.open(&self.door());
        let (trust, memory) = (self.trust(), &Nothing);
        let verdict =
            verify(presentation, &View { trust: &trust, memory, now, challenge, app: None });
        if verdict.as_ref().map_or_else(Denial::is_evidence, |_accepted| true) {
            session.spend();
        }
        Ok(actuator(&Order::of(&verdict?)).reported())
    }

    fn trust(&self) -> Trust<'static> {
        Trust::anchor(self.scope, self.lock, self.emergency, self.sealed_only)
    }

    const fn door(&self) -> Door {
        Door { scope: self.scope, lock: self.lock, run: None }
    }
}

/// The memory of a lock that has none: nobody's counter is new.
struct Nothing;

impl Memory for Nothing {
    fn uses(&self, _link: &LinkId) -> Uses {
        Uses { spent: u32::MAX, first: None }
    }

    fn counter(&self, _holder: &KeyName, _counter: Counter) -> Result<Unseen, CounterFault> {
        Err(CounterFault::TooOld)
    }
}
