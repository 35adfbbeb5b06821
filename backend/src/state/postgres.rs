//! A store in a Postgres database, which many nodes share.
//!
//! One statement checks and marks: inserts that conflict where something was marked before, in a
//! transaction that is on the disk when it is answered. Postgres lets the commits of many
//! connections share one `fsync`.
//!
//! A server without `fsync`, `full_page_writes` or a `synchronous_commit` of `on` or `remote_apply`
//! is refused, at connecting and again every few seconds. The schema `keyward` is made at
//! connecting.
//!
//! A standby that takes over starts a new *timeline*, and so does a recovery to an earlier instant.
//! The data name the timeline that wrote last; who connects to another raises the floors `lost` and
//! `counts`. That a former primary no longer takes anything is the work of whatever promotes
//! standbys, or of `synchronous_standby_names`, by which nothing is lost in the first place. An old
//! copy of the files that is put back without a recovery isn't noticed.

mod pool;

use std::{fmt, ops::Range, sync::Arc, time::Duration};

use keyward::{Scope, id::KeyId};
use tokio_postgres::{
    Client, Config, Error, NoTls, Socket,
    config::SslMode,
    error::SqlState,
    tls::{MakeTlsConnect, TlsConnect},
    types::ToSql,
};

use super::{
    Mark, Millis, Name, State, StateError, Value, Verdict,
    clock::Clock,
    rules::{self, LEAP, MAX_SERIALS},
};
use crate::serials::Serials;
use pool::{Connection, Pool};

/// A store in a database. Clones share its connections.
#[derive(Clone)]
pub struct Postgres(Arc<Pool>);

/// Where the database is, and how long to wait for it.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server, database and user.
    pub config: Config,
    /// Connections at most.
    pub connections: usize,
    /// How long one call may take, a connection included.
    pub patience: Duration,
    /// How often the server's settings are looked at, and what is over is dropped.
    pub look_every: Duration,
}

impl Options {
    /// The usual: 16 connections, 2 seconds of patience, a look every 5.
    pub fn new(config: Config) -> Self {
        let (patience, look_every) = (Duration::from_secs(2), Duration::from_secs(5));
        Self { config, connections: 16, patience, look_every }
    }
}

impl Postgres {
    /// Connects, looks at the server, and makes the schema.
    ///
    /// # Errors
    /// [`StateError::Unavailable`], [`StateError::Unfit`].
    pub async fn connect(options: Options, clock: impl Clock) -> Result<Self, StateError> {
        let postgres = Self::lazy(options, clock);
        postgres.0.with(async |_| Ok(())).await?;
        Ok(postgres)
    }

    /// The same, but connects when it is first asked: for a service that starts before its store.
    pub fn lazy(options: Options, clock: impl Clock) -> Self {
        Self(Arc::new(Pool::new(options, clock, NoTls)))
    }

    /// [`lazy`](Self::lazy) over TLS, by a connector such as `tokio-postgres-rustls` makes. A server
    /// that offers none is not spoken to, whatever `sslmode` the options have.
    pub fn over_tls<T>(mut options: Options, clock: impl Clock, tls: T) -> Self
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        options.config.ssl_mode(SslMode::Require);
        Self(Arc::new(Pool::new(options, clock, tls)))
    }
}

impl State for Postgres {
    async fn read(&self, names: &[Name]) -> Result<Vec<Value>, StateError> {
        self.0.with(async |connection| read(&connection.client, names).await).await
    }

    async fn mark(&self, mark: &Mark) -> Result<Verdict, StateError> {
        rules::check(mark)?;
        // In one order, lest two marks wait for each other.
        let mut places: Vec<_> = (0..mark.cells.len()).collect();
        places.sort_unstable_by_key(|place| mark.cells[*place].name);
        self.0
            .with(async |connection| {
                for _ in 0..TRIES {
                    match once(connection, mark, &places).await {
                        Err(error) if undone(&error) => {}
                        Err(error) if error.code() == Some(&SqlState::from_code(CHANGED)) => {
                            let names: Vec<_> = mark.cells.iter().map(|cell| cell.name).collect();
                            return Ok(Verdict::Changed(read(&connection.client, &names).await?));
                        }
                        verdict => return Ok(verdict?),
                    }
                }
                Err(StateError::Unavailable("undone again and again".into()))
            })
            .await
    }
}

impl Serials for Postgres {
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
        let (leap, last) = (signed(LEAP), signed(rules::last_serial(&self.0.present())));
        let start: Option<i64> = self
            .0
            .with(async |connection| {
                let least = signed(connection.first_serial);
                let (of, count) = (&name.0[..], i64::from(count));
                let asked = [&of as Asked<'_>, &least, &count, &leap, &last];
                Ok(connection.client.query_one(&connection.reserve, &asked).await?.get(0))
            })
            .await?;
        let start = start.ok_or(StateError::TooMuch)?;
        let start = u64::try_from(start).map_err(|_| StateError::Corrupt("a serial".into()))?;
        Ok(start..start.saturating_add(count.into()))
    }
}

/// What a statement is asked with.
type Asked<'a> = &'a (dyn ToSql + Sync);

/// Tries a mark once; what fails was undone, or nobody knows.
async fn once(connection: &Connection, mark: &Mark, places: &[usize]) -> Result<Verdict, Error> {
    let cells = || places.iter().map(|place| &mark.cells[*place]);
    let nonce = mark.nonce.as_ref().map(|nonce| &nonce.name.0[..]);
    let given = mark.nonce.map(|nonce| millis(nonce.given));
    let names: Vec<_> = cells().map(|cell| &cell.name.0[..]).collect();
    let began: Vec<_> = cells().map(|cell| millis(cell.began)).collect();
    let good: Vec<_> = cells().map(|cell| millis(cell.good_until)).collect();
    let keep: Vec<_> = cells().map(|cell| millis(cell.keep_until)).collect();
    let before: Vec<_> = cells().map(|cell| cell.before.as_bytes()).collect();
    let after: Vec<_> = cells().map(|cell| cell.after.as_bytes()).collect();
    let made = millis(mark.made);
    let asked: [Asked<'_>; 9] =
        [&made, &nonce, &given, &names, &began, &good, &keep, &before, &after];
    let row = connection.client.query_one(&connection.mark, &asked).await?;
    Ok(match row.get::<_, i32>(0) {
        0 => Verdict::Marked,
        -1 => Verdict::Spent,
        -2 => Verdict::Forgotten,
        place => {
            let place = usize::try_from(place - 1).ok().and_then(|place| places.get(place));
            Verdict::CellForgotten(place.copied().unwrap_or_default())
        }
    })
}

async fn read(client: &Client, names: &[Name]) -> Result<Vec<Value>, StateError> {
    let keys: Vec<_> = names.iter().map(|name| &name.0[..]).collect();
    let rows = client
        .query("SELECT name, value FROM keyward.cells WHERE name = ANY($1)", &[&keys])
        .await?;
    let mut values = vec![Value::default(); names.len()];
    for row in rows {
        let (name, bytes): (&[u8], &[u8]) = (row.get(0), row.get(1));
        let value = Value::new(bytes).ok_or_else(|| StateError::Corrupt("a cell".into()))?;
        let place = names.iter().position(|wanted| wanted.0 == name);
        if let Some(slot) = place.and_then(|place| values.get_mut(place)) {
            *slot = value;
        }
    }
    Ok(values)
}

/// Whether the server has undone a statement because of another, so that it may be tried again.
fn undone(error: &Error) -> bool {
    let code = error.code();
    code == Some(&SqlState::T_R_DEADLOCK_DETECTED)
        || code == Some(&SqlState::T_R_SERIALIZATION_FAILURE)
}

fn millis(millis: Millis) -> i64 {
    signed(millis.get())
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl From<Error> for StateError {
    fn from(error: Error) -> Self {
        let detail = error.as_db_error().map(|error| error.message().to_owned());
        Self::Unavailable(detail.unwrap_or_else(|| error.to_string()))
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The settings may hold a password.
        f.write_str("Postgres(..)")
    }
}

/// What the schema raises where a cell isn't as it was found.
const CHANGED: &str = "KW001";

/// Tries of one mark, where others are in its way.
const TRIES: usize = 4;
