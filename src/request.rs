//! The request, its witnesses and its presentation (SPEC.md sections 11 and 12).

use crate::{
    card::CheckedCard,
    caveat::{Channel, Right},
    challenge::Challenge,
    crypto::{self, Genuine, SignatureFault},
    id::{Counter, EvidenceId, Fresh, LockId, Nonce},
    key::{self, PublicKey, role},
    limits::{
        MAX_PARAMETER, MAX_PRESENTATION, MAX_REQUEST, MAX_SEALED, MAX_TIME, MAX_WITNESS,
        MAX_WITNESSES,
    },
    preimage::{Core, Label, Message},
    seal::{self, Context, Opened},
    status::Status,
    time::Time,
    token::{Origin, Token},
    unsigned::Unsigned,
    wire::{DecodeError, EncodeError, Encoded, Kind, Part, Reader, ascends},
};

/// What is asked, and of which lock: one right a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask<'a> {
    /// The lock that is meant; an app takes it from the lock's card, never from a challenge.
    pub lock: LockId,
    /// The right that is exercised.
    pub right: Right,
    /// What the right is exercised on, at most 64 bytes; empty for a plain door.
    pub parameter: &'a [u8],
}

/// How a request is tied to its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// By the lock's nonce.
    Challenged {
        /// The nonce of the link session.
        nonce: Nonce,
        /// The channel that the holder itself observes, never one that the challenge names.
        channel: Channel,
        /// The holder's own random bytes.
        fresh: Fresh,
    },
    /// By the holder's counter and clock, where no message comes back from the lock in time.
    Unchallenged {
        /// Greater than any before: the larger of the last plus 1 and the Unix time.
        counter: Counter,
        /// When the holder made the request, by its clock.
        time: Time,
        /// When the request dies.
        expires: Time,
    },
}

/// A request as its holder makes it and a witness sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    origin: Origin,
    ask: Ask<'a>,
    moment: Moment,
    token: Token<'a>,
}

impl<'a> Request<'a> {
    /// A request in answer to a lock's challenge. `fresh` must be random and new.
    ///
    /// # Errors
    /// [`EncodeError::Mismatch`] when the challenge is not of the lock and epoch that are meant or
    /// the token not of the origin; [`EncodeError::Invalid`] for a parameter over its limit.
    pub fn challenged(
        origin: &Origin,
        token: &Token<'a>,
        ask: Ask<'a>,
        challenge: &Challenge,
        channel: Channel,
        fresh: Fresh,
    ) -> Result<Self, EncodeError> {
        if challenge.lock != ask.lock || challenge.epoch != origin.scope.epoch {
            return Err(EncodeError::Mismatch);
        }
        let moment = Moment::Challenged { nonce: challenge.nonce, channel, fresh };
        Self::new(*origin, *token, ask, moment)
    }

    /// A request without a challenge, for locks whose card admits it; `unlock` only.
    ///
    /// # Errors
    /// [`EncodeError::Mismatch`] when the token is not of the origin; [`EncodeError::Invalid`] for
    /// a parameter over its limit or a time out of range.
    pub fn unchallenged(
        origin: &Origin,
        token: &Token<'a>,
        ask: Ask<'a>,
        counter: Counter,
        time: Time,
        expires: Time,
    ) -> Result<Self, EncodeError> {
        if time.max(expires).0 > MAX_TIME {
            return Err(DecodeError::OutOfRange(Part::Time).into());
        }
        Self::new(*origin, *token, ask, Moment::Unchallenged { counter, time, expires })
    }

    fn new(
        origin: Origin,
        token: Token<'a>,
        ask: Ask<'a>,
        moment: Moment,
    ) -> Result<Self, EncodeError> {
        if ask.parameter.len() > MAX_PARAMETER {
            return Err(DecodeError::OverLimit(Part::Parameter).into());
        }
        let request = Self { origin, ask, moment, token };
        request.core().map_err(|_| EncodeError::Mismatch)?;
        Ok(request)
    }

    /// The bytes of the request, for a witness (SPEC.md section 11.2).
    ///
    /// # Errors
    /// [`EncodeError::TooLong`].
    pub fn encode(&self) -> Result<Encoded<MAX_REQUEST>, EncodeError> {
        Encoded::object(Kind::Request, &|out| {
            self.origin.write(out);
            out.raw(&self.ask.lock.0);
            match self.moment {
                Moment::Challenged { nonce, channel, fresh } => {
                    out.put(&(0_u8, nonce.0, channel.byte(), fresh.0));
                }
                Moment::Unchallenged { counter, time, expires } => {
                    out.put(&(1_u8, counter.0, time.0, expires.0));
                }
            }
            out.put(&(self.ask.right.bit(), self.ask.parameter));
            out.raw(self.token.body());
        })
    }

    /// Reads a request.
    ///
    /// # Errors
    /// Any [`DecodeError`] of SPEC.md sections 3, 6, 7 and 11.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Reader::object(bytes, Kind::Request, MAX_REQUEST, |reader| {
            let origin = Origin::read(reader)?;
            let lock = LockId(*reader.array()?);
            let moment = if reader.flag()? {
                let (counter, time, expires) = read_unchallenged(reader)?;
                Moment::Unchallenged { counter, time, expires }
            } else {
                Moment::Challenged {
                    nonce: Nonce(*reader.array()?),
                    channel: Channel::read(reader)?,
                    fresh: Fresh(*reader.array()?),
                }
            };
            let right = Right::read(reader)?;
            let parameter = read_parameter(reader)?;
            let token = Token::read(reader)?;
            Some(Self { origin, ask: Ask { lock, right, parameter }, moment, token })
        })
    }

    /// What binds the request: it can't be moved to another lock, moment, token or right.
    ///
    /// # Errors
    /// [`EncodeError::WrongKey`] when the token is not of the origin.
    pub fn core(&self) -> Result<Core, EncodeError> {
        let leaf = self.token.chain(&self.origin)?.leaf();
        let Ask { lock, right, parameter } = &self.ask;
        Ok(Core::new(&self.origin.scope, lock, &self.moment, &leaf, *right, parameter))
    }

    /// Drafts a witness's agreement. The witness has looked at [`ask`](Self::ask),
    /// [`moment`](Self::moment) and [`token`](Self::token), and names its evidence.
    ///
    /// # Errors
    /// [`EncodeError::WrongKey`] when the token is not of the origin.
    pub fn agree(
        &self,
        evidence: EvidenceId,
        witness: &PublicKey<role::Witness>,
    ) -> Result<Unsigned<role::Witness, MAX_WITNESS>, EncodeError> {
        let out =
            Encoded::object(Kind::Witness, &|out| out.put(&(witness.as_bytes(), evidence.0)))?;
        let signed = self.core()?.witnessed(&evidence);
        Ok(Unsigned::new(out, Message::new(Label::WITNESS, &[&signed]), *witness))
    }

    /// Drafts the presentation: what the holder signs for the lock, with the witnesses (at most
    /// 2) and the status that the token demands.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] for too many witnesses or one twice, or a status with its list;
    /// [`EncodeError::TooLong`], [`EncodeError::WrongKey`].
    pub fn present(
        &self,
        witnesses: &[WitnessStatement<'_>],
        status: Option<&Status<'_>>,
    ) -> Result<Unsigned<role::Holder, MAX_PRESENTATION>, EncodeError> {
        let sorted = sorted(witnesses)?;
        if status.is_some_and(|status| status.list.is_some()) {
            return Err(DecodeError::ListInPresentation.into());
        }
        let out = Encoded::object(Kind::Presentation, &|out| {
            match self.moment {
                Moment::Challenged { fresh, .. } => out.put(&(0_u8, fresh.0)),
                Moment::Unchallenged { counter, time, expires } => {
                    out.put(&(1_u8, counter.0, time.0, expires.0));
                }
            }
            out.put(&(self.ask.right.bit(), self.ask.parameter));
            out.put(&witnesses.len());
            sorted.iter().flatten().for_each(|witness| out.raw(witness.body));
            out.optional(status.map(Status::body));
            out.raw(self.token.body());
        })?;
        let message = Message::new(Label::PRESENT, &[self.core()?.as_bytes()]);
        Ok(Unsigned::new(out, message, self.token.unverified_grantee()?))
    }

    /// Seals this request's presentation to the lock that is meant, which its card names and nobody
    /// else. The card is that of the token's domain and epoch.
    ///
    /// # Errors
    /// [`EncodeError::Mismatch`] for the card of another lock, domain or epoch;
    /// [`EncodeError::NoSealingKey`] for a card without a sealing key; [`EncodeError::Invalid`]
    /// with [`DecodeError::WeakKey`] for a sealing key of small order, otherwise for bytes that are
    /// no presentation.
    pub fn seal(
        &self,
        presentation: &[u8],
        card: &CheckedCard<'_>,
        rng: &mut impl rand_core::CryptoRng,
    ) -> Result<Encoded<MAX_SEALED>, EncodeError> {
        if card.lock() != self.ask.lock || card.card_in(&self.origin.scope).is_err() {
            return Err(EncodeError::Mismatch);
        }
        let key = card.sealing().ok_or(EncodeError::NoSealingKey)?;
        let _decodes = Presentation::decode(presentation)?;
        let nonce = match &self.moment {
            Moment::Challenged { nonce, .. } => Some(nonce),
            Moment::Unchallenged { .. } => None,
        };
        seal::seal(&key, &Context::presentation(self.ask.lock, nonce), presentation, rng)
    }

    /// What is asked, and of which lock.
    pub const fn ask(&self) -> &Ask<'a> {
        &self.ask
    }

    /// How the request is tied to its moment.
    pub const fn moment(&self) -> &Moment {
        &self.moment
    }

    /// What the token's chain starts from, as the request claims.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The token that the request stands on.
    pub const fn token(&self) -> &Token<'a> {
        &self.token
    }
}

/// A witness's agreement to one request, read and nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WitnessStatement<'a> {
    pub(crate) key: &'a [u8; 32],
    pub(crate) evidence: EvidenceId,
    signature: &'a [u8; 64],
    /// The bytes behind version and kind.
    body: &'a [u8],
}

impl<'a> WitnessStatement<'a> {
    /// Reads a witness's agreement.
    ///
    /// # Errors
    /// Any [`DecodeError`] of a frame or a key.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Reader::object(bytes, Kind::Witness, MAX_WITNESS, Self::read)
    }

    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let ((key, evidence, signature), body) = reader.span(|reader| {
            Some((key::read_key(reader)?, EvidenceId(*reader.array()?), reader.array()?))
        })?;
        Some(Self { key, evidence, signature, body })
    }

    /// Checks that this witness agreed to this very request.
    #[inline(never)]
    pub(crate) fn verify(&self, core: &Core) -> Result<Genuine, SignatureFault> {
        let message = [Label::WITNESS.bytes(), &core.witnessed(&self.evidence)];
        crypto::verify(self.key, &message, self.signature)
    }
}

/// What a holder presents to one lock, read and nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presentation<'a> {
    pub(crate) mode: Mode,
    pub(crate) right: Right,
    pub(crate) parameter: &'a [u8],
    pub(crate) witnesses: [Option<WitnessStatement<'a>>; MAX_WITNESSES],
    pub(crate) status: Option<Status<'a>>,
    pub(crate) token: Token<'a>,
    /// Whether it came sealed: nobody but the lock has read it on the way.
    pub(crate) sealed: bool,
    signature: &'a [u8; 64],
}

/// What a presentation carries of its moment; nonce and channel are the link session's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// By the lock's nonce.
    Challenged {
        /// The holder's own random bytes.
        fresh: Fresh,
    },
    /// By the holder's counter and clock.
    Unchallenged {
        /// Greater than any before.
        counter: Counter,
        /// When the holder made the request, by its clock.
        time: Time,
        /// When the request dies.
        expires: Time,
    },
}

impl<'a> Presentation<'a> {
    /// Reads a presentation: limits, order and ranges, but no signature.
    ///
    /// # Errors
    /// Any [`DecodeError`] of SPEC.md sections 3, 6, 7, 8 and 12.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Reader::object(bytes, Kind::Presentation, MAX_PRESENTATION, |reader| {
            let mode = if reader.flag()? {
                let (counter, time, expires) = read_unchallenged(reader)?;
                Mode::Unchallenged { counter, time, expires }
            } else {
                Mode::Challenged { fresh: Fresh(*reader.array()?) }
            };
            let right = Right::read(reader)?;
            let parameter = read_parameter(reader)?;
            let mut witnesses = [None; MAX_WITNESSES];
            let count = reader.count(Part::Witnesses, MAX_WITNESSES)?;
            let mut before = None;
            for slot in witnesses.iter_mut().take(count) {
                let witness = WitnessStatement::read(reader)?;
                if let Some(before) = before.replace(witness.key) {
                    reader.ascends(Part::Witnesses, &before, &witness.key)?;
                }
                *slot = Some(witness);
            }
            let status = reader.optional(Status::read_header)?;
            let token = Token::read(reader)?;
            let signature = reader.array()?;
            let sealed = false;
            Some(Self { mode, right, parameter, witnesses, status, token, sealed, signature })
        })
    }

    /// Reads a presentation that came sealed and was opened.
    ///
    /// # Errors
    /// Those of [`decode`](Self::decode).
    pub fn unsealed(opened: &Opened<'a>) -> Result<Self, DecodeError> {
        Ok(Self { sealed: true, ..Self::decode(opened.bytes())? })
    }

    /// What a holder could present, without a signature: no lock takes it (300), but
    /// [`foretell`](crate::inspect::foretell) looks ahead by it. It counts as sealed, since an app
    /// seals wherever the lock's card demands it.
    ///
    /// # Errors
    /// [`EncodeError::Invalid`] for a parameter or witnesses over their limit, a witness twice, a
    /// time out of range, or a status with its list.
    pub fn supposed(
        token: &Token<'a>,
        right: Right,
        parameter: &'a [u8],
        mode: Mode,
        witnesses: &[WitnessStatement<'a>],
        status: Option<Status<'a>>,
    ) -> Result<Self, EncodeError> {
        if parameter.len() > MAX_PARAMETER {
            return Err(DecodeError::OverLimit(Part::Parameter).into());
        }
        if let Mode::Unchallenged { time, expires, .. } = mode
            && time.max(expires).0 > MAX_TIME
        {
            return Err(DecodeError::OutOfRange(Part::Time).into());
        }
        if status.is_some_and(|status| status.list.is_some()) {
            return Err(DecodeError::ListInPresentation.into());
        }
        let (witnesses, sealed, signature) = (sorted(witnesses)?, true, &[0; 64]);
        Ok(Self { mode, right, parameter, witnesses, status, token: *token, sealed, signature })
    }

    /// Checks that the last grantee of the token signed this core.
    #[inline(never)]
    pub(crate) fn verify_holder(&self, core: &Core) -> Result<Genuine, SignatureFault> {
        let message = [Label::PRESENT.bytes(), core.as_bytes()];
        let leaf = self.token.leaf().map_err(|_| SignatureFault::Mismatch)?;
        crypto::verify(leaf.grantee, &message, self.signature)
    }

    pub(crate) fn witnesses(&self) -> impl Iterator<Item = &WitnessStatement<'a>> {
        self.witnesses.iter().flatten()
    }
}

/// Witnesses in their order, each once.
fn sorted<'a>(
    witnesses: &[WitnessStatement<'a>],
) -> Result<[Option<WitnessStatement<'a>>; MAX_WITNESSES], EncodeError> {
    let mut sorted = [None; MAX_WITNESSES];
    let room = sorted
        .get_mut(..witnesses.len())
        .ok_or(EncodeError::Invalid(DecodeError::OverLimit(Part::Witnesses)))?;
    room.iter_mut().zip(witnesses).for_each(|(to, from)| *to = Some(*from));
    room.sort_unstable_by_key(|witness| witness.map(|witness| *witness.key));
    let mut before = None;
    for witness in room.iter().flatten() {
        if let Some(before) = before.replace(witness.key) {
            ascends(Part::Witnesses, &before, &witness.key)?;
        }
    }
    Ok(sorted)
}

fn read_unchallenged(reader: &mut Reader<'_>) -> Option<(Counter, Time, Time)> {
    Some((Counter(reader.u64()?), Time::read(reader)?, Time::read(reader)?))
}

fn read_parameter<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let length = reader.count(Part::Parameter, MAX_PARAMETER)?;
    reader.take(length)
}
