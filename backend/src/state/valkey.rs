//! A store on a Valkey or Redis server, which many nodes share.
//!
//! One script checks and marks; the server runs it as one step, and its append-only file is on the
//! disk before the answer leaves. All that a node asks goes down one connection, so that many marks
//! share one `fsync`.
//!
//! # What a server must have
//!
//! `appendonly yes`, `appendfsync always`, `no-appendfsync-on-rewrite no` and `maxmemory-policy
//! noeviction`; with replicas, `min-replicas-to-write` of at least half of them and
//! `min-replicas-max-lag` of at most 10. A server without is refused, at connecting and again every
//! few seconds ([`StateError::Unfit`]).
//!
//! # What is noticed
//!
//! Replicas lag: one that is promoted may lack marks that were confirmed. So every mark names the
//! server's *run*, the process and its history that the node believes to speak to, and the data
//! name the one that wrote last; and with it the floor `lost`, which tells a store that was emptied
//! and begun anew. Where they differ, the first node that connects settles it, in one script:
//!
//! | found | floors that rise |
//! | --- | --- |
//! | the same process, never a replica since | none |
//! | the same server, restarted over its own file | `lost`: all challenges are given anew |
//! | a promoted replica, or one whose own file has another count of marks | `lost`, `counts` |
//! | fewer marks than this node saw confirmed, or a store begun anew meanwhile | `lost`, `counts` |
//! | nothing, though this node saw marks, or knows that its fleet is `founded` | `lost`, `counts` |
//! | nothing, as at a fleet's first start | `lost` |
//!
//! Challenges are thus safe in all cases, and counted uses over restarts and fail-overs. By an old
//! copy of the file counted uses are regained, until a node that saw more marks asks: the copy
//! looks as the newest does, and nodes ask nobody but the server. So they are by an emptied server,
//! which looks as a first one does, unless all nodes say that they are
//! [`founded`](Options::founded).
//!
//! After a fail-over nothing is accepted that was made in its first ten seconds: as long as the
//! former server, cut off, may go on by itself.

mod fit;
mod link;

use std::{
    fmt,
    ops::Range,
    sync::{Arc, OnceLock},
    time::Duration,
};

use keyward::{Scope, id::KeyId};
use redis::{RedisError, Script, ScriptInvocation, Value as Reply};

use super::{
    Mark, Millis, Name, State, StateError, Value, Verdict,
    clock::Clock,
    rules::{self, DROPPED_AT_ONCE, LEAP, MAX_SERIALS},
};
use crate::serials::Serials;
use link::{Link, Links};

/// A store on a server. Clones share one connection.
#[derive(Clone)]
pub struct Valkey(Arc<Links>);

/// Where the server is, and how long to wait for it.
#[derive(Clone)]
pub struct Options {
    /// `redis://`, with user, password and database as the `redis` crate has them.
    pub url: String,
    /// In front of each key; in braces, so that a cluster keeps all in one place.
    pub prefix: String,
    /// How long one call may take, a connection included.
    pub patience: Duration,
    /// How often the server's settings are looked at.
    pub look_every: Duration,
    /// Whether the fleet has marked before: an empty store has then lost what was counted, whoever
    /// finds it. `false` is for a fleet's first start, which nothing else tells from a loss; all
    /// nodes must say the same from then on.
    pub founded: bool,
}

impl Options {
    /// The usual: 2 seconds of patience, a look every 5. An empty store is a first one.
    pub fn new(url: impl Into<String>) -> Self {
        let (patience, look_every) = (Duration::from_secs(2), Duration::from_secs(5));
        let prefix = "{keyward}".into();
        Self { url: url.into(), prefix, patience, look_every, founded: false }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.debug_struct("Options").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Valkey {
    /// Connects, and looks at the server.
    ///
    /// # Errors
    /// [`StateError::Unavailable`], [`StateError::Unfit`].
    pub async fn connect(options: Options, clock: impl Clock) -> Result<Self, StateError> {
        let valkey = Self::lazy(options, clock)?;
        valkey.0.patient(valkey.0.link()).await?;
        Ok(valkey)
    }

    /// The same, but connects when it is first asked: for a service that starts before its store.
    ///
    /// # Errors
    /// [`StateError::Unavailable`] for an address that is none.
    pub fn lazy(options: Options, clock: impl Clock) -> Result<Self, StateError> {
        Ok(Self(Arc::new(Links::new(options, clock)?)))
    }

    /// Runs a script, named by the run that it was meant for. A run that has ended is settled
    /// first.
    async fn run(&self, script: &Call<'_>) -> Result<Answer, StateError> {
        self.0
            .patient(async {
                for _ in 0..TRIES {
                    let link = self.0.link().await?;
                    let answer = self.on(&link, script).await?;
                    if answer.word != "run" {
                        return Ok(answer);
                    }
                    self.0.leave(&link);
                }
                Err(StateError::Unavailable("the server changes again and again".into()))
            })
            .await
    }

    async fn on(&self, link: &Arc<Link>, script: &Call<'_>) -> Result<Answer, StateError> {
        let mut connection = link.connection();
        let reply: Result<Reply, RedisError> = script(link).invoke_async(&mut connection).await;
        match reply {
            Ok(reply) => {
                let answer = Answer::of(reply)?;
                if answer.word == "marked" {
                    self.0.confirmed(link, answer.number()?)?;
                }
                Ok(answer)
            }
            Err(error) => {
                self.0.leave(link);
                Err(error.into())
            }
        }
    }

    fn key(&self, what: &str) -> String {
        format!("{}{what}", self.0.options().prefix)
    }
}

/// Makes a script's call for a link.
type Call<'c> = dyn Fn(&Link) -> ScriptInvocation<'static> + Send + Sync + 'c;

impl State for Valkey {
    async fn read(&self, names: &[Name]) -> Result<Vec<Value>, StateError> {
        let read = async {
            let link = self.0.link().await?;
            let mut ask = redis::cmd("HMGET");
            ask.arg(self.key("cells"));
            for name in names {
                ask.arg(&name.0);
            }
            let held: Result<Vec<Option<Vec<u8>>>, _> =
                ask.query_async(&mut link.connection()).await;
            held.map_err(|error| {
                self.0.leave(&link);
                StateError::from(error)
            })
        };
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let held = self.0.patient(read).await?;
        held.into_iter().map(|held| value(held.unwrap_or_default())).collect()
    }

    async fn mark(&self, mark: &Mark) -> Result<Verdict, StateError> {
        rules::check(mark)?;
        let given = mark.nonce.map_or(mark.made, |nonce| nonce.given);
        let number = given.get() / BUCKET;
        let bucket_end = (number + 1) * BUCKET - 1;
        let call = |link: &Link| {
            let mut call = scripts().mark.key(self.key("state"));
            call.key(self.key(&format!("nonces:{number}"))).key(self.key("buckets"));
            call.key(self.key("cells")).key(self.key("ends"));
            call.arg(link.run()).arg(link.lost()).arg(mark.now.get()).arg(mark.made.get());
            call.arg(rules::nonces_over(mark.now).get()).arg(bucket_end).arg(DROPPED_AT_ONCE);
            call.arg(given.get()).arg(mark.nonce.as_ref().map_or(&[][..], |nonce| &nonce.name.0));
            for cell in &mark.cells {
                call.arg(&cell.name.0).arg(cell.began.get()).arg(cell.good_until.get());
                call.arg(cell.keep_until.get()).arg(cell.before.as_bytes());
                call.arg(cell.after.as_bytes());
            }
            call
        };
        let answer = self.run(&call).await?;
        match answer.word.as_str() {
            "marked" => Ok(Verdict::Marked),
            "spent" => Ok(Verdict::Spent),
            "forgotten" => Ok(Verdict::Forgotten),
            "cell" => {
                let place = usize::try_from(answer.number()?).unwrap_or(usize::MAX);
                Ok(Verdict::CellForgotten(place))
            }
            "changed" => {
                let values = answer.rest.into_iter().map(|held| value(bytes(held)?));
                Ok(Verdict::Changed(values.collect::<Result<_, _>>()?))
            }
            _ => Err(strange()),
        }
    }
}

impl Serials for Valkey {
    async fn reserve(
        &self,
        scope: &Scope,
        issuer: KeyId,
        count: u32,
    ) -> Result<Range<u64>, StateError> {
        if count > MAX_SERIALS {
            return Err(StateError::TooMuch);
        }
        let name = rules::serials(scope, issuer);
        let call = |link: &Link| {
            let mut call = scripts().reserve.key(self.key("state"));
            call.key(self.key("serials"));
            call.arg(link.run()).arg(link.lost()).arg(&name.0).arg(link.first_serial()).arg(count);
            call.arg(LEAP).arg(rules::last_serial(&self.0.present()));
            call
        };
        let answer = self.run(&call).await?;
        match answer.word.as_str() {
            "reserved" => {
                let start = answer.number()?;
                Ok(start..start.saturating_add(count.into()))
            }
            "last" => Err(StateError::TooMuch),
            _ => Err(strange()),
        }
    }
}

/// A script's answer: a word, and what belongs to it.
struct Answer {
    word: String,
    rest: Vec<Reply>,
}

impl Answer {
    fn of(reply: Reply) -> Result<Self, StateError> {
        let Reply::Array(mut rest) = reply else {
            return Err(strange());
        };
        if rest.is_empty() {
            return Err(strange());
        }
        let word = String::from_utf8(bytes(rest.remove(0))?).map_err(|_| strange())?;
        Ok(Self { word, rest })
    }

    fn number(&self) -> Result<u64, StateError> {
        match self.rest.first() {
            Some(Reply::Int(number)) => u64::try_from(*number).map_err(|_| strange()),
            Some(Reply::BulkString(text)) => std::str::from_utf8(text)
                .ok()
                .and_then(|text| text.parse().ok())
                .ok_or_else(strange),
            _ => Err(strange()),
        }
    }
}

fn bytes(reply: Reply) -> Result<Vec<u8>, StateError> {
    match reply {
        Reply::BulkString(bytes) => Ok(bytes),
        Reply::SimpleString(text) => Ok(text.into_bytes()),
        _ => Err(strange()),
    }
}

fn value(bytes: Vec<u8>) -> Result<Value, StateError> {
    Value::new(bytes).ok_or_else(|| StateError::Corrupt("a cell's value".into()))
}

fn strange() -> StateError {
    StateError::Corrupt("an answer that no script gives".into())
}

struct Scripts {
    mark: Script,
    adopt: Script,
    reserve: Script,
}

fn scripts() -> &'static Scripts {
    static SCRIPTS: OnceLock<Scripts> = OnceLock::new();
    SCRIPTS.get_or_init(|| Scripts {
        mark: Script::new(include_str!("valkey/mark.lua")),
        adopt: Script::new(include_str!("valkey/adopt.lua")),
        reserve: Script::new(include_str!("valkey/reserve.lua")),
    })
}

impl From<RedisError> for StateError {
    fn from(error: RedisError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl fmt::Debug for Valkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.write_str("Valkey(..)")
    }
}

/// Milliseconds whose nonces lie in one set, and are dropped at once.
const BUCKET: u64 = 8000;

/// Servers that are met in one call, at most: the one that left, the one that came, and one more.
const TRIES: usize = 3;

const _: () = assert!(Millis::LAST.get() < 1 << 53);
