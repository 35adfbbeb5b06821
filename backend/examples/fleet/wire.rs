//! What driver and nodes say to each other: frames, each behind its length in 4 bytes.
//!
//! | frame | bytes |
//! | --- | --- |
//! | a challenge, please | number 8, door 4 |
//! | a presentation | number 8, door 4, presentation's name 8, 0 or 1 and a nonce of 16, bytes |
//! | an answer | number 8, [`Outcome`] 3, and of a challenge its bytes |

use keyward::id::Nonce;
use keyward_backend::gate::Refusal;
use tokio::io::{self, AsyncRead, AsyncReadExt};

/// What a node is asked.
pub struct Question {
    /// Names the answer.
    pub number: u64,
    /// At which door.
    pub door: u32,
    /// What is brought; a challenge is asked for where nothing is.
    pub brought: Option<Brought>,
}

/// A presentation on its way.
#[derive(Clone)]
pub struct Brought {
    /// What the driver's book calls it. The node writes it down when it acts.
    pub name: u64,
    /// The nonce of the challenge that it answers.
    pub nonce: Option<Nonce>,
    /// The presentation.
    pub bytes: Vec<u8>,
}

/// What a node says, by one letter, with the code of a denial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Admitted, and acted.
    Accepted,
    /// A challenge follows.
    Challenge,
    /// [`Refusal::Denied`].
    Denied(u16),
    /// [`Refusal::Replayed`].
    Replayed,
    /// [`Refusal::TooOld`].
    TooOld,
    /// [`Refusal::CountLost`].
    CountLost,
    /// [`Refusal::Contended`].
    Contended,
    /// [`Refusal::Store`]: the mark may have been made.
    Store,
    /// Marked, and too late to act.
    Late,
    /// Anything else.
    Strange,
}

impl Outcome {
    /// What became of a presentation that wasn't admitted.
    pub fn of(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Denied(denial) => Self::Denied(denial.code()),
            Refusal::Replayed => Self::Replayed,
            Refusal::TooOld => Self::TooOld,
            Refusal::CountLost(_) => Self::CountLost,
            Refusal::Contended => Self::Contended,
            Refusal::Store(_) => Self::Store,
            _ => Self::Strange,
        }
    }

    fn bytes(self) -> [u8; 3] {
        let (letter, code) = match self {
            Self::Accepted => (b'a', 0),
            Self::Challenge => (b'c', 0),
            Self::Denied(code) => (b'd', code),
            Self::Replayed => (b'r', 0),
            Self::TooOld => (b'o', 0),
            Self::CountLost => (b'l', 0),
            Self::Contended => (b'e', 0),
            Self::Store => (b's', 0),
            Self::Late => (b't', 0),
            Self::Strange => (b'?', 0),
        };
        let [low, high] = code.to_le_bytes();
        [letter, low, high]
    }

    fn read([letter, low, high]: [u8; 3]) -> Self {
        match letter {
            b'a' => Self::Accepted,
            b'c' => Self::Challenge,
            b'd' => Self::Denied(u16::from_le_bytes([low, high])),
            b'r' => Self::Replayed,
            b'o' => Self::TooOld,
            b'l' => Self::CountLost,
            b'e' => Self::Contended,
            b's' => Self::Store,
            b't' => Self::Late,
            _ => Self::Strange,
        }
    }
}

/// A node's answer.
pub struct Answer {
    /// To which question.
    pub number: u64,
    /// What it says.
    pub outcome: Outcome,
    /// A challenge's bytes.
    pub bytes: Vec<u8>,
}

impl Question {
    /// The frame.
    pub fn frame(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(64);
        body.extend(self.number.to_le_bytes());
        body.extend(self.door.to_le_bytes());
        if let Some(brought) = &self.brought {
            body.extend(brought.name.to_le_bytes());
            body.push(brought.nonce.is_some().into());
            body.extend(brought.nonce.unwrap_or(Nonce([0; 16])).0);
            body.extend(&brought.bytes);
        }
        framed(&body)
    }

    /// Reads one; none where the frame is none.
    pub fn read(body: &[u8]) -> Option<Self> {
        let (number, rest) = body.split_first_chunk()?;
        let (door, rest) = rest.split_first_chunk()?;
        let (number, door) = (u64::from_le_bytes(*number), u32::from_le_bytes(*door));
        if rest.is_empty() {
            return Some(Self { number, door, brought: None });
        }
        let (name, rest) = rest.split_first_chunk()?;
        let (has, rest) = rest.split_first()?;
        let (nonce, bytes) = rest.split_first_chunk()?;
        let nonce = (*has == 1).then_some(Nonce(*nonce));
        let brought = Brought { name: u64::from_le_bytes(*name), nonce, bytes: bytes.to_vec() };
        Some(Self { number, door, brought: Some(brought) })
    }
}

impl Answer {
    /// The frame.
    pub fn frame(&self) -> Vec<u8> {
        let number = self.number.to_le_bytes();
        framed(&[&number[..], &self.outcome.bytes(), &self.bytes].concat())
    }

    /// Reads one; none where the frame is none.
    pub fn read(body: &[u8]) -> Option<Self> {
        let (number, rest) = body.split_first_chunk()?;
        let (outcome, bytes) = rest.split_first_chunk()?;
        let (number, outcome) = (u64::from_le_bytes(*number), Outcome::read(*outcome));
        Some(Self { number, outcome, bytes: bytes.to_vec() })
    }
}

/// Reads a frame's body.
///
/// # Errors
/// When the other side is gone, or sends a frame that is too long.
pub async fn body(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let length = from.read_u32_le().await?;
    if length > LONGEST {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; usize::try_from(length).unwrap_or(0)];
    from.read_exact(&mut body).await?;
    Ok(body)
}

fn framed(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes();
    [&length[..], body].concat()
}

/// Bytes of a frame, at most: more than the longest presentation.
const LONGEST: u32 = 4096;
