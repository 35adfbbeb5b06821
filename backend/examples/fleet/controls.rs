//! Runs that must show doubles: otherwise the run under fire could not fail.
//!
//! # Power lost with `appendfsync no`
//!
//! A process that is killed loses nothing that it has written: the kernel keeps it, and would write
//! it to the disk in time. What `fsync` is for is power loss, which is simulated: server and all
//! nodes are killed at once, and the server's append-only file is cut to the length up to which it
//! was on the disk for sure.
//!
//! * `always`: the server syncs before each answer, so all that clients were told of is on the disk,
//!   and nothing is cut. This drill must show no double.
//! * `no`: the server syncs no more from the moment at which it is told so, and the file is cut to
//!   the length that it had then. Linux holds such bytes back for some 5 to 30 seconds; the drill
//!   takes one or two.
//!
//! A node refuses a server with `appendfsync no`. In this drill the setting is changed behind its
//! back, after it has looked and long before it looks again. Challenges are safe all the same, by
//! the floor that rises when a server restarts; the doubles are counted uses.
//!
//! # Nodes that act before they mark
//!
//! The store is told of each mark, but not waited for. Doubles are presentations that two nodes
//! admit at the same time.

use std::{fs, path::PathBuf, sync::Arc};

use chacha20::ChaCha20Rng;
use keyward_testkit::world::Capability;
use rand_core::SeedableRng;

use crate::{
    book::Link,
    estate::Courier,
    field::{Field, Setup, USUAL},
    servers::Redis,
    wire::{Brought, Outcome},
};

/// Runs all controls, and prints their doubles.
///
/// # Errors
/// When one shows none that must, or some that must not.
pub async fn run(seed: u64) -> Result<(), String> {
    let always = power_loss(seed, Sync::Always).await?;
    println!("power_loss_doubles: {always}");
    let never = power_loss(seed, Sync::Never).await?;
    println!("control_doubles: {never}");
    let hasty = hasty(seed).await?;
    println!("control_hasty_doubles: {hasty}");
    match (always, never, hasty) {
        (1.., ..) => Err("a mark that was synced is lost".into()),
        (_, 0, _) | (.., 0) => Err("a control shows no double: this run could not fail".into()),
        _ => Ok(()),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sync {
    Always,
    Never,
}

/// Uses single-use tokens, cuts the power, and uses them again.
async fn power_loss(seed: u64, sync: Sync) -> Result<u64, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut server = Redis::start(&[]).ok_or("redis-server or valkey-server is missing")?;
    // They look once, when they connect.
    let setup = Setup { look_every: 3600, ..USUAL };
    let field = Field::new(seed, &server.url(), folder.path(), setup).await?;
    let mut courier = Courier::new(&field.estate, seed, 0);
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    for node in 0..field.crew.len() {
        let own = Token { door: 0, held: courier.held.clone(), link: None };
        use_up(&field, node, &mut courier, &own, &mut rng).await;
    }
    if sync == Sync::Never {
        server.ask(&["CONFIG", "SET", "appendfsync", "no"]);
    }
    let file = log(&server)?;
    let on_disk = fs::metadata(&file).map_err(|error| error.to_string())?.len();
    let tokens: Vec<_> = (0..TOKENS)
        .map(|_| {
            let door = Field::door(&mut rng);
            let held = courier.counted(&field.estate, field.lock(door), 1);
            Token { door, held, link: Some(field.book.link(1)) }
        })
        .collect();
    for (number, token) in tokens.iter().enumerate() {
        let node = number % field.crew.len();
        use_up(&field, node, &mut courier, token, &mut rng).await;
    }

    server.kill();
    (0..field.crew.len()).for_each(|node| field.crew.kill(node));
    if sync == Sync::Never {
        let cut = fs::OpenOptions::new().write(true).open(&file).map(|file| file.set_len(on_disk));
        cut.and_then(|cut| cut).map_err(|error| error.to_string())?;
    }
    let server = tokio::task::spawn_blocking(move || {
        server.restart();
        server
    });
    let _server = server.await.map_err(|error| error.to_string())?;
    for node in 0..field.crew.len() {
        field.crew.restart(node).await?;
    }
    for (number, token) in tokens.iter().enumerate() {
        let node = number % field.crew.len();
        use_up(&field, node, &mut courier, token, &mut rng).await;
    }
    Ok(field.judge()?.accepted_twice)
}

/// A token, the door that it is used at, and the link that counts.
struct Token {
    door: u32,
    held: Capability,
    link: Option<Link>,
}

/// Comes with a token, with new challenges, until it is admitted or used up.
async fn use_up(
    field: &Field,
    node: usize,
    courier: &mut Courier,
    token: &Token,
    rng: &mut ChaCha20Rng,
) {
    loop {
        let brought = answered(field, courier, token, rng).await;
        match field.bring(node, token.door, &brought).await.0 {
            Outcome::TooOld | Outcome::Replayed => {}
            _ => return,
        }
    }
}

async fn answered(
    field: &Field,
    courier: &mut Courier,
    token: &Token,
    rng: &mut ChaCha20Rng,
) -> Brought {
    let (nonce, challenge) = field.challenge(token.door, rng).await;
    let bytes = courier.answer(&token.held, field.lock(token.door), &challenge);
    Brought { name: field.book.presentation(token.link), nonce: Some(nonce), bytes }
}

/// Brings presentations to two nodes at once that act before they mark.
async fn hasty(seed: u64) -> Result<u64, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let server = Redis::start(&[]).ok_or("redis-server or valkey-server is missing")?;
    let setup = Setup { hasty: true, ..USUAL };
    let field: Arc<Field> = Field::new(seed, &server.url(), folder.path(), setup).await?;
    let mut courier = Courier::new(&field.estate, seed, 0);
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let own = Token { door: 0, held: courier.held.clone(), link: None };
    for _ in 0..TOKENS {
        let brought = answered(&field, &mut courier, &own, &mut rng).await;
        let (one, other) = (field.bring(0, 0, &brought), field.bring(1, 0, &brought));
        futures_util::future::join(one, other).await;
    }
    Ok(field.judge()?.accepted_twice)
}

/// The file that the server appends to.
fn log(server: &Redis) -> Result<PathBuf, String> {
    let files = fs::read_dir(server.files()).map_err(|error| error.to_string())?;
    let appended = |path: &PathBuf| path.to_string_lossy().ends_with(".incr.aof");
    let mut files = files.flatten().map(|file| file.path()).filter(appended);
    files.next().ok_or_else(|| "the server appends to no file".into())
}

/// Tokens of a control.
const TOKENS: usize = 200;
