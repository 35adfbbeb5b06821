//! Connections, each of which was looked at when it was made.

use std::{
    future::Future,
    ops::AsyncFnOnce,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use tokio::sync::Semaphore;
use tokio_postgres::{
    Client, Config, Error, Socket, Statement,
    tls::{MakeTlsConnect, TlsConnect},
};

use super::{Options, signed};
use crate::state::{
    StateError,
    clock::{Clock, Present},
    rules,
};

/// A connection to a server that is fit.
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) mark: Statement,
    pub(super) reserve: Statement,
    pub(super) first_serial: u64,
    server: String,
    looked: Instant,
}

/// The connections that nobody uses, and how new ones are made.
pub(super) struct Pool {
    options: Options,
    clock: Box<dyn Clock>,
    connect: Connect,
    idle: Mutex<Vec<Connection>>,
    turns: Semaphore,
    /// When what is over was last dropped.
    swept: Mutex<Option<Instant>>,
}

/// Connects, whatever the connection is over.
type Connect = Box<dyn Fn(Config) -> Connecting + Send + Sync>;
type Connecting = Pin<Box<dyn Future<Output = Result<Client, Error>> + Send>>;

impl Pool {
    pub(super) fn new<T>(options: Options, clock: impl Clock, tls: T) -> Self
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let connect = move |config: Config| -> Connecting {
            let tls = tls.clone();
            Box::pin(async move {
                let (client, traffic) = config.connect(tls).await?;
                // It ends when the client is dropped, or the server is gone.
                tokio::spawn(async move { drop(traffic.await) });
                Ok(client)
            })
        };
        let turns = Semaphore::new(options.connections.max(1));
        let (idle, swept) = (Mutex::default(), Mutex::default());
        Self { options, clock: Box::new(clock), connect: Box::new(connect), idle, turns, swept }
    }

    pub(super) fn present(&self) -> Present {
        self.clock.present()
    }

    /// Does something on a connection of its own, in time. One on which anything failed is closed.
    pub(super) async fn with<T>(
        self: &Arc<Self>,
        work: impl AsyncFnOnce(&Connection) -> Result<T, StateError>,
    ) -> Result<T, StateError> {
        let late = |_| StateError::Unavailable("no answer in time".into());
        let timed = async {
            let closed = |_| StateError::Unavailable("closed".into());
            let _turn = self.turns.acquire().await.map_err(closed)?;
            let connection = self.connection().await?;
            let done = work(&connection).await?;
            lock(&self.idle).push(connection);
            Ok(done)
        };
        tokio::time::timeout(self.options.patience, timed).await.map_err(late)?
    }

    async fn connection(self: &Arc<Self>) -> Result<Connection, StateError> {
        loop {
            let idle = lock(&self.idle).pop();
            match idle {
                Some(connection) if connection.client.is_closed() => {}
                Some(mut connection) if connection.looked.elapsed() > self.options.look_every => {
                    if look(&connection.client).await? == connection.server {
                        connection.looked = Instant::now();
                        self.sweep();
                        return Ok(connection);
                    }
                }
                Some(connection) => return Ok(connection),
                None => return self.connect().await,
            }
        }
    }

    async fn connect(&self) -> Result<Connection, StateError> {
        let client = (self.connect)(self.options.config.clone()).await?;
        let server = look(&client).await?;
        // Who waited for a floor to rise must see it, whatever a role or database has for a default.
        client.batch_execute(ISOLATION).await?;
        let floor = self.present().after_all_shown();
        make_schema(&client).await?;
        let row = client
            .query_one("SELECT keyward.adopt($1, $2)", &[&server, &signed(floor.get())])
            .await?;
        if row.get::<_, i32>(0) != FORMAT {
            return Err(StateError::Corrupt("the schema is of another format".into()));
        }
        let mark = "SELECT keyward.mark($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let mark = client.prepare(mark).await?;
        let reserve = client.prepare("SELECT keyward.reserve($1, $2, $3, $4, $5)").await?;
        let first_serial = rules::first_serial(&self.present());
        Ok(Connection { client, mark, reserve, first_serial, server, looked: Instant::now() })
    }

    /// Drops what is over, now and then, beside the calls; whoever is first does it for all.
    fn sweep(self: &Arc<Self>) {
        let due = {
            let mut swept = lock(&self.swept);
            let due = swept.is_none_or(|swept| swept.elapsed() > self.options.look_every);
            if due {
                *swept = Some(Instant::now());
            }
            due
        };
        if due {
            let pool = Arc::clone(self);
            tokio::spawn(async move {
                // Where as much went as may go at once there is more: to drop must be quicker than
                // to mark.
                let swept =
                    async || pool.with(async |connection| pool.swept(connection).await).await;
                while swept().await.is_ok_and(|dropped| dropped >= SWEPT_AT_ONCE.into()) {}
            });
        }
    }

    /// Drops some; how many.
    async fn swept(&self, connection: &Connection) -> Result<i64, StateError> {
        let now = self.present().lo();
        let (now, over) = (signed(now.get()), signed(rules::nonces_over(now).get()));
        let sweep = "SELECT keyward.sweep($1, $2, $3)";
        let row = connection.client.query_one(sweep, &[&now, &over, &SWEPT_AT_ONCE]).await?;
        Ok(row.get(0))
    }
}

/// Looks whether a server keeps what it confirms; returns its name: system and timeline.
async fn look(client: &Client) -> Result<String, StateError> {
    let row = client
        .query_one(
            "SELECT current_setting('fsync'), current_setting('full_page_writes'), \
             current_setting('synchronous_commit'), pg_is_in_recovery()",
            &[],
        )
        .await?;
    for (place, name) in ["fsync", "full_page_writes"].into_iter().enumerate() {
        let is: &str = row.get(place);
        if is != "on" {
            return Err(StateError::Unfit(format!("{name} is {is:?}, and must be \"on\"")));
        }
    }
    let commit: &str = row.get(2);
    if !matches!(commit, "on" | "remote_apply") {
        return Err(StateError::Unfit(format!(
            "synchronous_commit is {commit:?}, and must be \"on\" or \"remote_apply\""
        )));
    }
    if row.get(3) {
        return Err(StateError::Unavailable("a standby".into()));
    }
    // What the log is written to names the timeline at once, before any checkpoint does.
    let row = client
        .query_one(
            "SELECT system_identifier::text || '/' || \
             left(pg_walfile_name(pg_current_wal_lsn()), 8) FROM pg_control_system()",
            &[],
        )
        .await?;
    Ok(row.get(0))
}

/// Makes what isn't there yet, or not as it must be; one after the other, for two who make the same
/// are refused.
async fn make_schema(client: &Client) -> Result<(), StateError> {
    let made = "SELECT to_regprocedure('keyward.mark(bigint, bytea, bigint, bytea[], bigint[], \
                bigint[], bigint[], bytea[], bytea[])') IS NOT NULL";
    let made = client.query_one(made, &[]).await?;
    if made.get(0) {
        return Ok(());
    }
    let schema = include_str!("schema.sql");
    let lock = "SELECT pg_advisory_xact_lock(5417730)";
    client.batch_execute(&format!("BEGIN; {lock}; {schema}; COMMIT")).await?;
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind these locks is whole at any moment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Each statement sees what was committed before it.
const ISOLATION: &str = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED";

/// The format of the schema.
const FORMAT: i32 = 1;

/// Rows of each kind that are dropped at once, some more if they are of one millisecond.
const SWEPT_AT_ONCE: i32 = 10_000;
