//! A server of its own for each test, its clock, and what is marked on it.

use std::time::{Duration, Instant};

use keyward_backend::state::{
    Cell, Mark, Millis, Name, Spent, State, StateError, Value,
    clock::{Clock, HandClock},
    kit::{Harness, START},
    valkey::{Options, Valkey},
};

use crate::servers::{Redis, skipped};

pub struct OnServer {
    pub clock: HandClock,
    pub server: Redis,
}

impl OnServer {
    pub fn start() -> Option<Self> {
        let server = Redis::start(&[]);
        if server.is_none() {
            skipped("redis-server");
        }
        Some(Self { clock: HandClock::at(START), server: server? })
    }
}

pub async fn node(server: &Redis, clock: &HandClock) -> Result<Valkey, StateError> {
    Valkey::connect(options(server), clock.clone()).await
}

/// A node that was told that its fleet has marked before.
pub async fn founded(server: &Redis, clock: &HandClock) -> Valkey {
    let options = Options { founded: true, ..options(server) };
    Valkey::connect(options, clock.clone()).await.unwrap()
}

fn options(server: &Redis) -> Options {
    Options { look_every: Duration::from_millis(50), ..Options::new(server.url()) }
}

impl Harness for OnServer {
    type Store = Valkey;

    async fn fresh(&mut self) -> Result<(), String> {
        self.server.ask(&["FLUSHALL"]);
        self.clock = HandClock::at(START);
        // The first node's connection is the store's birth.
        node(&self.server, &self.clock).await.map(drop).map_err(|error| error.to_string())
    }

    async fn node(&mut self) -> Result<Valkey, StateError> {
        node(&self.server, &self.clock).await
    }

    fn clock(&self) -> HandClock {
        self.clock.clone()
    }

    async fn kill(&mut self) -> bool {
        self.server.kill();
        true
    }

    async fn revive(&mut self) -> Result<(), String> {
        self.server.restart();
        Ok(())
    }

    async fn held(&mut self) -> Option<(usize, usize)> {
        let number = |text: String| text.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok();
        // Whatever lies there, listed for its end or not.
        let count = "local n = 0 for _, key in ipairs(redis.call('KEYS', ARGV[1])) do n = n + \
                     redis.call('SCARD', key) end return n";
        let nonces = number(self.server.ask(&["EVAL", count, "0", "{keyward}nonces:*"]))?;
        Some((nonces, number(self.server.ask(&["HLEN", "{keyward}cells"]))?))
    }
}

pub fn spend(clock: &HandClock, nonce: u8) -> Mark {
    let now = clock.present().lo();
    let nonce = Some(Spent { name: Name([nonce; 16]), given: now });
    Mark { now, made: now, nonce, cells: Vec::new() }
}

/// A use of a link that became valid at this instant.
pub fn usage(clock: &HandClock, link: u8, began: Millis, before: u8, after: u8) -> Mark {
    let value = |uses| Value::new(if uses == 0 { vec![] } else { vec![uses] }).unwrap();
    let (name, until) = (Name([link; 16]), Millis::LAST);
    let (before, after) = (value(before), value(after));
    let cells = vec![Cell { name, began, good_until: until, keep_until: until, before, after }];
    Mark { nonce: None, cells, ..spend(clock, 0) }
}

/// Waits for a server; none takes this long.
pub fn until(there: impl Fn() -> bool) {
    let since = Instant::now();
    while !there() {
        assert!(since.elapsed() < PATIENCE, "it doesn't come to that");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until a node finds its server again.
pub async fn answers(store: &Valkey) {
    let since = Instant::now();
    while store.read(&[Name([7; 16])]).await.is_err() {
        assert!(since.elapsed() < PATIENCE, "the server isn't found again");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub fn scope() -> keyward::Scope {
    let (domain, epoch) = (keyward::id::DomainId([7; 32]), keyward::id::Epoch(1));
    keyward::Scope { domain, epoch }
}

pub const ISSUER: keyward::id::KeyId = keyward::id::KeyId([9; 8]);
/// How far serials leap where some may have been lost.
pub const LEAP: u64 = 1 << 24;
pub const PATIENCE: Duration = Duration::from_secs(20);
