//! The lock's host on a board: what comes over the pipe, and what goes back.
//!
//! | frame to the board | body | answers |
//! | --- | --- | --- |
//! | `F` | of the factory: seed of the device key, life, secret, claim key, opening key | `H` |
//! | `N` | what the board's clock and its random generator say: seconds, 16 bytes | none |
//! | `S` | nothing | `S`: what an unclaimed lock shows |
//! | `B` | claim, epoch, keyset and card, each behind its length | `T` or `F` |
//! | `C` | nothing | `C`: the challenge of a new session, or `D` |
//! | `M` | what the phone brings | `A` when the bolt moves, `R`, `U`, `T`, `W`, `D` or `F` |
//! | `X` | nothing | `X`: the door is secured |
//! | `L` | nothing | `E`: an entry's public part, each; then `L` |
//! | `Q` | nothing | `Q`: the bytes of the deepest stack and of all statics |
//!
//! `H` tells the bytes of a lock, what was found in the flash (0 nothing, 1 a lock, 2 one with a
//! decision cut off, its number behind; 3 a fault), and whether the door is due to be secured. `R`
//! is a receipt, `T` a statement that was taken in, `W` an epoch that was walked to, `D` a denial
//! and `F` a refusal, by its number.

use board::{
    pipe::{Broken, Pipe},
    stack::{Painted, statics},
};
use keyward::{
    Channel, Now, OpeningKey, OpeningKeys, PublicKey, Refusal, SigningKey, Taken, Time,
    id::{ClaimNonce, Sequence},
    limits::MAX_SEALED,
    lock::{Bundle, Handled, Identity, Lock, Recorded, Rejected, Restored, Session},
    receipt::Draft,
    role,
    secret::DeviceSecret,
    tables::Tables,
    time::{Seconds, Uptime},
};

/// What a lock for a home remembers.
pub type Home = Tables<64, 16>;

/// The longest frame: a sealed presentation.
pub type Buffer = [u8; MAX_SEALED];

/// What the board is beside its lock.
pub struct Board {
    pub pipe: Pipe,
    pub now: Now,
    pub random: [u8; 16],
    device: SigningKey<role::Device>,
}

/// What the factory wrote into a place that no thief of the flash can read.
pub struct Factory {
    device: SigningKey<role::Device>,
    pub identity: Identity,
    pub secret: DeviceSecret,
    pub opening: OpeningKeys,
}

impl Factory {
    fn read(body: &[u8]) -> Option<Self> {
        let (seed, body) = body.split_first_chunk()?;
        let (nonce, body) = body.split_first_chunk()?;
        let (secret, body) = body.split_first_chunk()?;
        let (claim_key, opening) = body.split_first_chunk()?;
        let device = SigningKey::from_secret(seed);
        let claim_key = Some(PublicKey::from_bytes(claim_key).ok()?);
        let identity = Identity { device: device.public(), nonce: ClaimNonce(*nonce), claim_key };
        let opening = OpeningKeys::new(OpeningKey::from_secret(opening.try_into().ok()?));
        Some(Self { device, identity, secret: DeviceSecret::new(*secret), opening })
    }
}

/// What came over the pipe.
pub enum Asked<'b> {
    Nothing,
    Show,
    Claim(Bundle<'b>),
    Connect,
    Message(&'b mut [u8]),
    Secure,
    Log,
    Quit,
}

impl Board {
    /// Waits for what the factory wrote, which comes first.
    ///
    /// # Errors
    /// [`Broken`].
    #[inline(never)]
    pub fn start(
        buffer: &mut Buffer,
    ) -> Result<(Self, Identity, DeviceSecret, OpeningKeys), Broken> {
        let mut pipe = Pipe::open()?;
        let (_factory, body) = pipe.receive(buffer)?;
        let Factory { device, identity, secret, opening } = Factory::read(body).ok_or(Broken)?;
        let now = Now::ticks(Uptime(0), 0);
        let board = Self { pipe, now, random: [0; 16], device };
        Ok((board, identity, secret, opening))
    }

    /// Tells what was found in the flash, and the size of a lock.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn hello(
        &mut self,
        size: usize,
        found: Result<Restored, keyward::Denial>,
        due: Option<Seconds>,
    ) -> Result<(), Broken> {
        let (found, number) = match found {
            Ok(Restored::Unclaimed) => (0_u8, 0),
            Ok(Restored::Claimed { interrupted: None }) => (1, 0),
            Ok(Restored::Claimed { interrupted: Some(Sequence(number)) }) => (2, number),
            Err(denial) => (3, u64::from(denial.code())),
        };
        let due = u8::from(due == Some(Seconds(0)));
        let size = u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes();
        self.pipe.send(b'H', &[&size, &[found], &number.to_le_bytes(), &[due]])
    }

    /// Waits for a frame.
    ///
    /// # Errors
    /// [`Broken`].
    #[inline(never)]
    pub fn asked<'b>(&mut self, buffer: &'b mut Buffer) -> Result<Asked<'b>, Broken> {
        let (kind, body) = self.pipe.receive(buffer)?;
        Ok(match kind {
            b'N' => {
                let (seconds, random) = body.split_first_chunk().ok_or(Broken)?;
                self.now = Now::exactly(Time(u64::from_le_bytes(*seconds)));
                self.random = (&*random).try_into().map_err(|_| Broken)?;
                Asked::Nothing
            }
            b'S' => Asked::Show,
            b'B' => Asked::Claim(bundle(body).ok_or(Broken)?),
            b'C' => Asked::Connect,
            b'M' => Asked::Message(body),
            b'X' => Asked::Secure,
            b'L' => Asked::Log,
            _ => Asked::Quit,
        })
    }

    /// Shows what the lock is while nobody owns it.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn show<S>(&mut self, lock: &Lock<'_, S, Home>) -> Result<(), Broken> {
        let shown = lock.unclaimed().encode().map_err(|_| Broken)?;
        self.pipe.send(b'S', &[shown.as_bytes()])
    }

    /// Opens a session, and sends its challenge.
    ///
    /// # Errors
    /// [`Broken`].
    #[inline(never)]
    pub fn connect<S>(
        &mut self,
        lock: &mut Lock<'_, S, Home>,
        place: &mut Option<Session>,
    ) -> Result<(), Broken> {
        match lock.challenge(self.random, Channel::Radio, self.now) {
            Ok(session) => {
                let challenge = session.challenge().encode().map_err(|_| Broken)?;
                *place = Some(session);
                self.pipe.send(b'C', &[challenge.as_bytes()])
            }
            Err(denial) => self.denied(denial.code()),
        }
    }

    /// Tells what became of a message.
    ///
    /// # Errors
    /// [`Broken`].
    #[inline(never)]
    pub fn handled(&mut self, handled: Result<Handled, Rejected>) -> Result<(), Broken> {
        match handled {
            Ok(Handled::Recorded(recorded)) => self.receipt(&recorded),
            Ok(Handled::Taken(taken)) => self.taken(Ok(taken)),
            Ok(Handled::Walked) => self.pipe.send(b'W', &[]),
            Ok(_) => self.pipe.send(b'U', &[]),
            Err(Rejected::Denial(denial)) => self.denied(denial.code()),
            Err(Rejected::Refusal(refusal)) => self.taken(Err(refusal)),
        }
    }

    /// Tells what became of a statement.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn taken(&mut self, taken: Result<Taken, Refusal>) -> Result<(), Broken> {
        match taken {
            Ok(_taken) => self.pipe.send(b'T', &[]),
            Err(refusal) => self.pipe.send(b'F', &[&refusal.code().to_le_bytes()]),
        }
    }

    /// Tells the public part of an entry, without a signature.
    ///
    /// # Errors
    /// [`Broken`].
    #[inline(never)]
    pub fn entry(&mut self, entry: &Draft) -> Result<(), Broken> {
        let receipt = entry.receipt().map_err(|_| Broken)?;
        self.pipe.send(b'E', &[receipt.unsigned_bytes()])
    }

    /// Tells that something was denied.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn denied(&mut self, code: u16) -> Result<(), Broken> {
        self.pipe.send(b'D', &[&code.to_le_bytes()])
    }

    /// Tells how much memory was in use.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn quit(&mut self, stack: &Painted) -> Result<(), Broken> {
        let memory = u32::try_from(stack.peak().saturating_add(statics())).unwrap_or(u32::MAX);
        self.pipe.send(b'Q', &[&memory.to_le_bytes()])
    }

    /// Signs the receipt that the phone gets.
    #[inline(never)]
    fn receipt(&mut self, recorded: &Recorded) -> Result<(), Broken> {
        let draft = recorded.receipt().map_err(|_| Broken)?;
        let receipt = draft.sign(&self.device).map_err(|_| Broken)?;
        self.pipe.send(b'R', &[receipt.as_bytes()])
    }
}

/// Claim, epoch, keyset and card, each behind its length.
fn bundle(mut body: &[u8]) -> Option<Bundle<'_>> {
    let mut part = || {
        let (length, rest) = body.split_first_chunk()?;
        let (part, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        body = rest;
        Some(part)
    };
    Some(Bundle { claim: part()?, epoch: part()?, keyset: part()?, card: part()?, list: None })
}
