//! Sealed objects, made byte by byte from SPEC.md section 23: what opens, and one rule broken in
//! each of the others.

use std::convert::Infallible;

use keyward::{
    DecodeError, OpeningKey, OpeningKeys, SealingKey,
    id::{LockId, Nonce},
    seal::{Context, SealFault, open},
    seam,
    wire::Part,
};
use rand_core::{TryCryptoRng, TryRng};

use crate::scene::{LOCK, Mode, NONCE, OTHER_LOCK, Scene};

/// Gives the 32 bytes from which RFC 9180 derives a sender's one-time key, once.
#[derive(Debug)]
pub struct Once(Option<[u8; 32]>);

impl Once {
    /// These bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(Some(bytes))
    }
}

impl TryRng for Once {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        unreachable!("a key is drawn from bytes")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        unreachable!("a key is drawn from bytes")
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.copy_from_slice(&self.0.take().expect("one key"));
        Ok(())
    }
}

impl TryCryptoRng for Once {}

/// What something is sealed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of SPEC.md section 23.2")]
pub enum Place {
    Presentation { lock: LockId, nonce: Option<Nonce> },
    Entry { lock: LockId },
}

impl Place {
    /// The crate's word for it.
    pub fn context(&self) -> Context {
        match self {
            Self::Presentation { lock, nonce } => Context::presentation(*lock, nonce.as_ref()),
            Self::Entry { lock } => Context::entry(*lock),
        }
    }

    /// What is bound behind the label, laid out once more.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = match self {
            Self::Presentation { lock, nonce } => {
                let nonce = nonce.map_or([0; 16], |nonce| nonce.0);
                [&[0x07][..], &lock.0, &nonce].concat()
            }
            Self::Entry { lock } => [&[0x11][..], &lock.0].concat(),
        };
        bytes.resize(25, 0);
        bytes
    }
}

/// One sealed object and what becomes of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The rule that is broken, or kept.
    pub name: String,
    /// The recipient's secrets: the current key's, perhaps that of the one before.
    pub secrets: Vec<[u8; 32]>,
    /// Where it is opened.
    pub place: Place,
    /// The bytes that the sender's one-time key is derived from.
    pub ikm: [u8; 32],
    /// The secret of the key that it is sealed to.
    pub to: [u8; 32],
    /// The text that was sealed.
    pub text: Vec<u8>,
    /// The sealed object.
    pub sealed: Vec<u8>,
    /// The object within, or the fault.
    pub verdict: Result<Vec<u8>, SealFault>,
}

impl Case {
    /// The same opened elsewhere, by others, or changed on the way; it is refused.
    fn but(&self, name: &str, fault: SealFault, change: impl FnOnce(&mut Self)) -> Self {
        let mut case = Self { verdict: Err(fault), ..self.clone() };
        change(&mut case);
        let (folder, _) = self.name.split_once('/').unwrap();
        Self { name: format!("{folder}/{name}"), ..case }
    }

    /// What becomes of it.
    pub fn opened(&self) -> Result<Vec<u8>, SealFault> {
        let mut sealed = self.sealed.clone();
        let opened = open(&keys(&self.secrets), &self.place.context(), &mut sealed);
        opened.map(|opened| opened.bytes().to_vec())
    }
}

/// The keys of these secrets.
pub fn keys(secrets: &[[u8; 32]]) -> OpeningKeys {
    let keys = OpeningKeys::new(OpeningKey::from_secret(&secrets[0]));
    match secrets.get(1) {
        Some(before) => keys.with_before(OpeningKey::from_secret(before)),
        None => keys,
    }
}

/// An object, its mark and zeros.
pub fn padded(object: &[u8], mark: u8, size: usize) -> Vec<u8> {
    let mut text = [object, &[mark]].concat();
    text.resize(size, 0);
    text
}

/// Any text, sealed in a place to a key: more than the crate would seal.
pub fn crafted(to: &SealingKey, place: &Place, ikm: [u8; 32], text: &[u8]) -> Vec<u8> {
    let (info, mut text) = (*b"keyward-1/seal\0\0", text.to_vec());
    let mut rng = Once::new(ikm);
    let (enc, tag) = seam::hpke_seal(to, &info, &place.bytes(), &mut text, &mut rng).unwrap();
    [&[1, 15][..], &enc, &text, &tag].concat()
}

const HERE: Place = Place::Presentation { lock: LOCK, nonce: Some(NONCE) };
const ENTRY: Place = Place::Entry { lock: LOCK };
const SECRET: [u8; 32] = [0x31; 32];
const NEXT: [u8; 32] = [0x32; 32];

/// An object that opens.
fn sound(name: &str, place: Place, object: &[u8], size: usize) -> Case {
    let text = padded(object, 0x80, size);
    Case { verdict: Ok(object.to_vec()), ..sealed(name, place, text) }
}

/// Text that is sealed; nothing is said of it yet.
fn sealed(name: &str, place: Place, text: Vec<u8>) -> Case {
    let (ikm, verdict) = ([0x5e; 32], Err(SealFault::NotOpened));
    let sealed = crafted(&OpeningKey::from_secret(&SECRET).public(), &place, ikm, &text);
    let (secrets, to) = (vec![SECRET], SECRET);
    Case { name: name.into(), secrets, place, ikm, to, text, sealed, verdict }
}

/// All cases. A refused one is the next opened one above with its rule broken.
pub fn cases() -> Vec<Case> {
    let mut cases = presentations();
    cases.extend(fills());
    cases.extend(keys_in_turn());
    cases.extend(entries());
    cases
}

fn presentations() -> Vec<Case> {
    use SealFault as F;
    let object = Scene::default().presentation();
    let one = sound("presentation/one_link", HERE, &object, 512);
    let malformed = |error| F::Malformed(error);
    let at = |at: usize| move |case: &mut Case| case.sealed[at] ^= 0x80;
    let cut = |length: usize| move |case: &mut Case| case.sealed.truncate(length);
    let to = |place: Place| move |case: &mut Case| case.place = place;
    let enc = |enc: [u8; 32]| move |case: &mut Case| case.sealed[2..34].copy_from_slice(&enc);
    let elsewhere = Place::Presentation { lock: OTHER_LOCK, nonce: Some(NONCE) };
    let later = Place::Presentation { lock: LOCK, nonce: Some(Nonce([9; 16])) };
    let never = Place::Presentation { lock: LOCK, nonce: None };
    let mut small = [0; 32];
    small[0] = 1;
    let over = |case: &mut Case| case.sealed.resize(1588, 0);
    let refused = [
        one.but("at_another_lock", F::NotOpened, to(elsewhere)),
        one.but("in_another_session", F::NotOpened, to(later)),
        one.but("without_a_session", F::NotOpened, to(never)),
        one.but("as_an_entry", F::Size, to(ENTRY)),
        one.but("by_another_key", F::NotOpened, |case| case.secrets = vec![NEXT]),
        one.but("by_two_other_keys", F::NotOpened, |case| case.secrets = vec![NEXT, [3; 32]]),
        one.but("wrong_version", malformed(DecodeError::WrongVersion(0x81)), at(0)),
        one.but("wrong_kind", malformed(DecodeError::WrongKind(0x8f)), at(1)),
        one.but("first_byte_of_the_key", F::NotOpened, at(2)),
        one.but("bit_255_of_the_key", F::NotOpened, at(33)),
        one.but("key_of_zeros", F::NotOpened, enc([0; 32])),
        one.but("key_of_small_order", F::NotOpened, enc(small)),
        one.but("first_byte_of_the_text", F::NotOpened, at(34)),
        one.but("last_byte_of_the_text", F::NotOpened, at(34 + 511)),
        one.but("first_byte_of_the_tag", F::NotOpened, at(34 + 512)),
        one.but("last_byte_of_the_tag", F::NotOpened, at(34 + 527)),
        one.but("nothing", malformed(DecodeError::Truncated), cut(0)),
        one.but("cut_in_the_key", malformed(DecodeError::Truncated), cut(33)),
        one.but("cut_in_a_tag", malformed(DecodeError::Truncated), cut(49)),
        one.but("a_tag_alone", F::Size, cut(50)),
        one.but("a_byte_less", F::Size, cut(34 + 527)),
        one.but("a_byte_more", F::Size, |case| case.sealed.push(0)),
        one.but("over_its_limit", malformed(DecodeError::OverLimit(Part::Object)), over),
    ];
    [one].into_iter().chain(refused).collect()
}

/// How an object is filled up, and what it is.
fn fills() -> Vec<Case> {
    use SealFault as F;
    let object = Scene::default().presentation();
    let text = |name: &str, text: Vec<u8>, fault| {
        let name = format!("fill/{name}");
        Case { verdict: Err(fault), ..sealed(&name, HERE, text) }
    };
    let within = |name: &str, object: &[u8]| text(name, padded(object, 0x80, 512), F::OtherKind);
    let inner = crafted(&OpeningKey::from_secret(&SECRET).public(), &HERE, [7; 32], &[0; 512]);
    let mut cases = vec![
        sound("fill/short", HERE, &object, 512),
        text("to_511", padded(&object, 0x80, 511), F::Size),
        text("to_513", padded(&object, 0x80, 513), F::Size),
        text("to_the_size_of_an_entry", padded(&object, 0x80, 448), F::Size),
        text("to_the_size_after_the_least", padded(&object, 0x80, 1024), F::Padding),
        text("to_the_greatest_size", padded(&object, 0x80, 1537), F::Padding),
        text("another_mark", padded(&object, 0x81, 512), F::Padding),
        text("a_mark_of_1", padded(&object, 1, 512), F::Padding),
        text("zeros_alone", vec![0; 512], F::Padding),
        within("no_object", &[]),
        within("a_version_alone", &[1]),
        within("another_version", &[2, 7]),
        within("another_kind", &[1, 6]),
        text("a_sealed_object", padded(&inner, 0x80, 1024), F::OtherKind),
    ];
    // What is within is the decoder's matter.
    for (length, size) in
        [(2, 512), (511, 512), (512, 1024), (1023, 1024), (1024, 1537), (1536, 1537)]
    {
        let mut object = vec![0xff; length];
        object[..2].copy_from_slice(&[1, 7]);
        cases.push(sound(&format!("fill/{length}_bytes"), HERE, &object, size));
    }
    cases.push(sound("fill/three_links_witness_status", HERE, &Scene::full().presentation(), 1024));
    let marks = [&object[..], &[0x80, 0]].concat();
    cases.push(sound("fill/a_mark_within", HERE, &marks, 512));
    cases
}

fn keys_in_turn() -> Vec<Case> {
    let object = Scene::default().presentation();
    let one = sound("key/current", HERE, &object, 512);
    let both = Case { name: "key/before".into(), secrets: vec![NEXT, SECRET], ..one.clone() };
    let over = both.but("after_the_overlap", SealFault::NotOpened, |case| case.secrets.truncate(1));
    let unchallenged = Scene::with(|scene| {
        scene.mode = Mode::Unchallenged { counter: 5, time: scene.lo, expires: scene.lo + 100 };
    });
    let nobody = Place::Presentation { lock: LOCK, nonce: None };
    let alone = sound("key/unchallenged", nobody, &unchallenged.presentation(), 512);
    let session = alone.but("unchallenged_in_a_session", SealFault::NotOpened, |case| {
        case.place = HERE;
    });
    let zeros = Case {
        name: "key/unchallenged_is_a_nonce_of_zeros".into(),
        place: Place::Presentation { lock: LOCK, nonce: Some(Nonce([0; 16])) },
        ..alone.clone()
    };
    vec![one, both, over, alone, session, zeros]
}

fn entries() -> Vec<Case> {
    use SealFault as F;
    let one = sound("entry/short", ENTRY, &[1, 0x11, 1, 2, 3], 448);
    let object = [1, 7, 1, 2, 3];
    let longest = [&[1, 0x11][..], &[0xff; 445]].concat();
    let other = sealed("entry/a_presentation", ENTRY, padded(&object, 0x80, 448));
    let unchallenged = Place::Presentation { lock: LOCK, nonce: None };
    vec![
        one.clone(),
        one.but("of_another_lock", F::NotOpened, |case| {
            case.place = Place::Entry { lock: OTHER_LOCK };
        }),
        one.but("as_a_presentation", F::Size, move |case| case.place = unchallenged),
        Case { verdict: Err(F::OtherKind), ..other },
        Case {
            verdict: Err(F::Size),
            ..sealed("entry/of_512_bytes", ENTRY, padded(&[1, 0x11, 1, 2, 3], 0x80, 512))
        },
        sound("entry/longest", ENTRY, &longest, 448),
    ]
}
