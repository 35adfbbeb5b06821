//! A board with a lock in it, as phones and back ends meet it: through frames alone.

use std::{
    fs,
    path::{Path, PathBuf},
};

use keyward::{
    OpeningKey, SigningKey, Time, Unclaimed,
    id::{ClaimNonce, LockId},
    role,
};

use super::{
    Target,
    machine::{Counts, Cut, Emulator, Machine, Off},
    measured::input,
};

/// The lock's name.
pub const DOOR: LockId = LockId(*b"flat-12a");

/// Bytes of the board's flash.
const FLASH: usize = 24 * 1024;

/// A board, its flash, and what its factory wrote.
pub struct Silicon<'e> {
    emulator: &'e Emulator,
    target: &'e Target,
    image: PathBuf,
    folder: PathBuf,
    /// The key that lies in the lock's box.
    pub claim_key: SigningKey<role::Claim>,
    pub device: SigningKey<role::Device>,
    pub opening: OpeningKey,
}

/// A board that is powered.
pub struct Powered {
    machine: Machine,
    /// How many frames were sent that are measured.
    frames: usize,
}

/// What a lock says when it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Bytes of memory that the lock takes.
    pub size: u32,
    pub found: Found,
    /// Whether the door is due to be secured.
    pub due: bool,
}

/// What a lock found in its flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Nothing,
    Lock,
    /// A decision was cut off, with this number.
    Interrupted(u64),
    /// By the code of a denial.
    Fault(u64),
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The signed receipt.
    Receipt(Vec<u8>),
    /// A statement is held now.
    Taken,
    /// It was acted on, and the store didn't confirm it.
    Unrecorded,
    /// By its code.
    Denied(u16),
    /// By its code.
    Refused(u16),
}

impl<'e> Silicon<'e> {
    /// A new board: its flash is erased.
    ///
    /// # Errors
    /// Where there is no room for its flash.
    pub fn new(
        emulator: &'e Emulator,
        target: &'e Target,
        image: &Path,
        folder: &Path,
    ) -> Result<Self, String> {
        fs::write(folder.join("flash"), [0xff; FLASH]).map_err(|error| error.to_string())?;
        Ok(Self {
            emulator,
            target,
            image: image.to_owned(),
            folder: folder.to_owned(),
            claim_key: SigningKey::from_secret(&[0xc1; 32]),
            device: SigningKey::from_secret(&[0xde; 32]),
            opening: OpeningKey::from_secret(&[0x09; 32]),
        })
    }

    /// What the lock shows while nobody owns it.
    pub fn unclaimed(&self) -> Unclaimed {
        Unclaimed { device: self.device.public(), nonce: ClaimNonce([0x11; 16]) }
    }

    /// Power comes, and fails where it is cut.
    ///
    /// # Errors
    /// Where QEMU doesn't start.
    pub fn power(&self, cut: Option<Cut>) -> Result<Powered, String> {
        let machine = self.emulator.start(self.target, &self.image, &self.folder, cut)?;
        Ok(Powered { machine, frames: 0 })
    }

    /// What the factory wrote.
    fn factory(&self) -> Vec<u8> {
        let nonce = self.unclaimed().nonce.0;
        let claim_key = *self.claim_key.public().as_bytes();
        [
            self.device.expose_secret().as_slice(),
            &nonce,
            &[0x5e; 32],
            &claim_key,
            self.opening.expose_secret(),
        ]
        .concat()
    }
}

impl Powered {
    /// Waits until the lock has read its flash.
    ///
    /// # Errors
    /// [`Off`].
    pub fn hello(&mut self, board: &Silicon<'_>) -> Result<Hello, Off> {
        self.machine.send(b'F', &board.factory())?;
        let (_hello, body) = self.machine.receive()?;
        let (size, body) = body.split_first_chunk().ok_or(Off)?;
        let (&[found], body) = body.split_first_chunk().ok_or(Off)?;
        let (number, due) = body.split_first_chunk().ok_or(Off)?;
        let number = u64::from_le_bytes(*number);
        let found = match found {
            0 => Found::Nothing,
            1 => Found::Lock,
            2 => Found::Interrupted(number),
            _ => Found::Fault(number),
        };
        Ok(Hello { size: u32::from_le_bytes(*size), found, due: due == [1] })
    }

    /// The place of the next frame among what is measured.
    pub const fn next(&self) -> usize {
        self.frames
    }

    /// Sets the board's clock and its random generator.
    ///
    /// # Errors
    /// [`Off`].
    pub fn now(&mut self, time: Time, random: [u8; 16]) -> Result<(), Off> {
        self.send(b'N', &[time.0.to_le_bytes().as_slice(), &random].concat())
    }

    /// What the lock shows while nobody owns it.
    ///
    /// # Errors
    /// [`Off`].
    pub fn show(&mut self) -> Result<Vec<u8>, Off> {
        self.ask(b'S', &[])
    }

    /// Brings claim, epoch, keyset and card.
    ///
    /// # Errors
    /// [`Off`].
    pub fn claim(&mut self, parts: &[Vec<u8>; 4]) -> Result<Told, Off> {
        self.send(b'B', &input(parts))?;
        self.told(&mut || ())
    }

    /// Connects: the lock sends its challenge.
    ///
    /// # Errors
    /// [`Off`].
    pub fn connect(&mut self) -> Result<Vec<u8>, Off> {
        self.ask(b'C', &[])
    }

    /// Brings a message; `moved` is told when the bolt moves.
    ///
    /// # Errors
    /// [`Off`].
    pub fn message(&mut self, message: &[u8], mut moved: impl FnMut()) -> Result<Told, Off> {
        self.send(b'M', message)?;
        self.told(&mut moved)
    }

    /// The door closes.
    ///
    /// # Errors
    /// [`Off`].
    pub fn secure(&mut self) -> Result<(), Off> {
        self.ask(b'X', &[]).map(drop)
    }

    /// The public parts of all entries, as receipts that nobody has signed.
    ///
    /// # Errors
    /// [`Off`].
    pub fn log(&mut self) -> Result<Vec<Vec<u8>>, Off> {
        self.send(b'L', &[])?;
        let mut entries = Vec::new();
        loop {
            match self.machine.receive()? {
                (b'E', entry) => entries.push([entry.as_slice(), &[0; 64]].concat()),
                (b'L', _) => return Ok(entries),
                _ => return Err(Off),
            }
        }
    }

    /// Stops the image; returns the most memory that it took, and what was counted.
    ///
    /// # Errors
    /// Where it doesn't end well.
    pub fn stop(mut self) -> Result<(u32, Counts), String> {
        let body = self.ask(b'Q', &[]).map_err(|_| "the image is dead".to_owned())?;
        let memory = *body.first_chunk().ok_or("the image doesn't tell its memory")?;
        Ok((u32::from_le_bytes(memory), self.machine.end()?))
    }

    /// Why nobody answers.
    pub fn why(self) -> String {
        match self.machine.end() {
            Ok(_counts) => "the image has ended".into(),
            Err(error) => error,
        }
    }

    /// Power fails now.
    pub fn fail(self) {
        self.machine.kill();
    }

    /// Waits until power has failed by itself.
    ///
    /// # Errors
    /// Where the image has ended otherwise.
    pub fn failed(self) -> Result<(), String> {
        self.machine.dead()
    }

    fn send(&mut self, kind: u8, body: &[u8]) -> Result<(), Off> {
        self.frames += 1;
        self.machine.send(kind, body)
    }

    fn ask(&mut self, kind: u8, body: &[u8]) -> Result<Vec<u8>, Off> {
        self.send(kind, body)?;
        match self.machine.receive()? {
            (answer, body) if answer == kind => Ok(body),
            _ => Err(Off),
        }
    }

    fn told(&mut self, moved: &mut impl FnMut()) -> Result<Told, Off> {
        loop {
            let (kind, body) = self.machine.receive()?;
            let code = || body.first_chunk().map(|code| u16::from_le_bytes(*code)).ok_or(Off);
            return Ok(match kind {
                b'A' => {
                    moved();
                    continue;
                }
                b'R' => Told::Receipt(body),
                b'T' | b'W' => Told::Taken,
                b'U' => Told::Unrecorded,
                b'D' => Told::Denied(code()?),
                b'F' => Told::Refused(code()?),
                _ => return Err(Off),
            });
        }
    }
}

/// Whether two receipts say the same, whoever has signed them.
pub fn same(one: &[u8], other: &[u8]) -> bool {
    let unsigned = |bytes: &[u8]| bytes.len().checked_sub(64);
    unsigned(one) == unsigned(other)
        && unsigned(one).is_some_and(|length| one[..length] == other[..length])
}
