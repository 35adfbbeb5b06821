//! One job each, counted: the bare signatures, a verifying core, the same with seals.

use std::path::Path;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use keyward::{OpeningKey, seal};
use keyward_testkit::scene::{LOCK, NONCE, Scene};
use rand_core::SeedableRng;

use super::{
    Target,
    machine::{Emulator, Machine},
};

/// What a job took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    /// Instructions, exactly.
    pub instructions: u64,
    /// Bytes of stack, at most.
    pub stack: u64,
}

/// What the jobs took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    /// Raw signatures: one, those of one link, those of three.
    pub floors: [Taken; 3],
    /// Verifying challenged presentations of one and three links.
    pub verified: [Taken; 2],
    /// Opening and verifying a sealed one of one link.
    pub sealed: Taken,
}

/// Runs the images that measure, each job twice: all runs must take the same.
///
/// # Errors
/// Where a job fails, or takes another number of instructions the second time.
pub fn measure(
    emulator: &Emulator,
    target: &Target,
    image: impl Fn(&str) -> std::path::PathBuf,
    folder: &Path,
) -> Result<Measured, String> {
    let (one, three) = scenes();
    let floors = [vec![length(&one)[0]], length(&one), length(&three)].map(|all| signed(&all));
    let verified = [plain(&one), plain(&three)];
    let sealed = [sealed(&one)];
    let run = |name, inputs: &[Vec<u8>]| {
        let first = jobs(emulator, target, &image(name), folder, inputs)?;
        let again = jobs(emulator, target, &image(name), folder, inputs)?;
        let same = first.iter().zip(&again).all(|(first, again)| {
            (first.instructions, first.stack) == (again.instructions, again.stack)
        });
        if same { Ok(first) } else { Err(format!("{name} takes {first:?}, then {again:?}")) }
    };
    let floors = run("floor", &floors)?;
    let verified = run("verify", &verified)?;
    let sealed = run("sealed", &sealed)?;
    let all = |taken: &[Taken]| taken.try_into().map_err(|_| "a job is missing".to_owned());
    Ok(Measured {
        floors: all(&floors)?,
        verified: verified.as_slice().try_into().map_err(|_| "a job is missing".to_owned())?,
        sealed: sealed[0],
    })
}

/// Runs an image on each input.
fn jobs(
    emulator: &Emulator,
    target: &Target,
    image: &Path,
    folder: &Path,
    inputs: &[Vec<u8>],
) -> Result<Vec<Taken>, String> {
    let mut machine = emulator.start(target, image, folder, None)?;
    let stacks: Vec<u64> =
        inputs.iter().map(|input| job(&mut machine, input)).collect::<Result<_, _>>()?;
    let counts = machine.end()?;
    if counts.stretches.len() != inputs.len() {
        return Err(format!("{}: {} stretches counted", image.display(), counts.stretches.len()));
    }
    let taken = counts.stretches.iter().zip(stacks);
    Ok(taken.map(|(&instructions, stack)| Taken { instructions, stack }).collect())
}

fn job(machine: &mut Machine, input: &[u8]) -> Result<u64, String> {
    let off = |_| "the image that measures is dead".to_owned();
    machine.send(b'I', input).map_err(off)?;
    match machine.receive().map_err(off)?.1.as_slice() {
        [1, a, b, c, d] => Ok(u32::from_le_bytes([*a, *b, *c, *d]).into()),
        other => Err(format!("a job doesn't hold: {other:?}")),
    }
}

/// A presentation of one link, and of three.
fn scenes() -> (Scene, Scene) {
    let mut three = Scene::full();
    three.links[0].witness = None;
    three.witnesses.clear();
    three.status = None;
    (Scene::with(|scene| scene.links[0].uses = Some(1)), three)
}

/// The lengths of the messages that a scene's presentation has signatures of: the holder's label
/// and core, then each link's label, context and body.
fn length(scene: &Scene) -> Vec<usize> {
    let mut lengths = vec![16 + 32];
    let token = |count| {
        let mut head = scene.clone();
        head.links.truncate(count);
        head.token().map_or(0, |token| token.len())
    };
    for count in 1..=scene.links.len() {
        let (before, context) = if count == 1 { (14, 80) } else { (token(count - 1), 72) };
        lengths.push(16 + context + token(count) - before - 64);
    }
    lengths
}

/// Key, signature and message of so many bytes, each.
fn signed(lengths: &[usize]) -> Vec<u8> {
    let mut parts = Vec::new();
    for (seed, length) in (3..).zip(lengths) {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let message = vec![5; *length];
        let signature: Signature = key.sign(&message);
        let public: VerifyingKey = key.verifying_key();
        parts.extend([public.to_bytes().to_vec(), signature.to_bytes().to_vec(), message]);
    }
    input(&parts)
}

/// A presentation, and what it is verified by.
fn plain(scene: &Scene) -> Vec<u8> {
    input(&[vec![scene.presentation()], trust(scene)].concat())
}

/// A sealed presentation with the key that opens it, and what it is verified by.
fn sealed(scene: &Scene) -> Vec<u8> {
    let key = OpeningKey::from_secret(&[0x5e; 32]);
    let context = seal::Context::presentation(LOCK, Some(&NONCE));
    let mut rng = chacha20::ChaCha20Rng::seed_from_u64(1);
    let sealed = seal::seal(&key.public(), &context, &scene.presentation(), &mut rng);
    let sealed = sealed.map(|sealed| sealed.as_bytes().to_vec()).unwrap_or_default();
    let front = [key.expose_secret().to_vec(), LOCK.0.to_vec(), NONCE.0.to_vec(), sealed];
    input(&[front.to_vec(), trust(scene), vec![vec![8; 32]]].concat())
}

fn trust(scene: &Scene) -> Vec<Vec<u8>> {
    let (prepared, scope) = (scene.prepare(), Scene::scope());
    let mut parts: Vec<_> = prepared.held().iter().map(|bytes| bytes.to_vec()).collect();
    parts.push(scope.domain.0.to_vec());
    parts.push(scope.epoch.0.to_le_bytes().to_vec());
    parts.push(NONCE.0.to_vec());
    parts.push(scene.lo.to_le_bytes().to_vec());
    parts
}

/// Parts, each behind its length.
pub fn input(parts: &[Vec<u8>]) -> Vec<u8> {
    let length = |part: &Vec<u8>| u16::try_from(part.len()).unwrap_or(u16::MAX).to_le_bytes();
    parts.iter().flat_map(|part| [&length(part), part.as_slice()].concat()).collect()
}
