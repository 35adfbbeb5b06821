//! The store in a Postgres database: through the kit, and what only such a server can do.

mod servers;

use std::time::Duration;

use keyward_backend::{
    serials::Serials,
    state::{
        Cell, Mark, Millis, Name, Spent, State, StateError, Value, Verdict,
        clock::{Clock, HandClock},
        kit::{self, Harness, START},
        postgres::{Options, Postgres},
    },
};
use servers::skipped;

struct InDatabase {
    clock: HandClock,
    server: servers::Postgres,
    database: u32,
}

impl InDatabase {
    fn start() -> Option<Self> {
        let server = servers::Postgres::start(&[]);
        if server.is_none() {
            skipped("postgresql");
        }
        Some(Self { clock: HandClock::at(START), server: server?, database: 0 })
    }

    fn options(&self) -> Options {
        options(&self.server, &format!("state{}", self.database))
    }
}

fn options(server: &servers::Postgres, database: &str) -> Options {
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(server.port).user("postgres").dbname(database);
    let mut options = Options::new(config);
    options.look_every = Duration::from_millis(20);
    options
}

async fn execute(server: &servers::Postgres, database: &str, statement: &str) {
    let config = options(server, database).config;
    let (client, traffic) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(traffic);
    client.batch_execute(statement).await.unwrap();
}

impl Harness for InDatabase {
    type Store = Postgres;

    async fn fresh(&mut self) -> Result<(), String> {
        self.database += 1;
        let create = format!("CREATE DATABASE state{}", self.database);
        execute(&self.server, "postgres", &create).await;
        self.clock = HandClock::at(START);
        self.node().await.map(drop).map_err(|error| error.to_string())
    }

    async fn node(&mut self) -> Result<Postgres, StateError> {
        Postgres::connect(self.options(), self.clock.clone()).await
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
        let (client, traffic) = self.options().config.connect(tokio_postgres::NoTls).await.ok()?;
        tokio::spawn(traffic);
        let count = async |table| {
            let count = format!("SELECT count(*) FROM keyward.{table}");
            let row = client.query_one(&count, &[]).await.ok()?;
            usize::try_from(row.get::<_, i64>(0)).ok()
        };
        Some((count("nonces").await?, count("cells").await?))
    }
}

fn spend(clock: &HandClock, nonce: u8) -> Mark {
    let now = clock.present().lo();
    let nonce = Some(Spent { name: Name([nonce; 16]), given: now });
    Mark { now, made: now, nonce, cells: Vec::new() }
}

/// A use of a link that became valid at this instant.
fn usage(clock: &HandClock, link: u8, began: Millis, before: u8, after: u8) -> Mark {
    let value = |uses| Value::new(if uses == 0 { vec![] } else { vec![uses] }).unwrap();
    let (name, until) = (Name([link; 16]), Millis::LAST);
    let (before, after) = (value(before), value(after));
    let cells = vec![Cell { name, began, good_until: until, keep_until: until, before, after }];
    Mark { nonce: None, cells, ..spend(clock, 0) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_in_a_database_keeps_the_contract() {
    let Some(mut database) = InDatabase::start() else { return };
    assert_eq!(kit::run(&mut database, 1).await, Ok(()));
}

#[tokio::test]
async fn a_database_that_could_lose_what_it_confirms_is_refused() {
    for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
        let server = servers::Postgres::start(&[&format!("{setting} = off")]);
        let Some(server) = server else { return skipped("postgresql") };
        let refused = Postgres::connect(options(&server, "postgres"), HandClock::at(START)).await;
        let refused = refused.err();
        let Some(StateError::Unfit(why)) = refused else { panic!("{setting}: {refused:?}") };
        assert!(why.contains(setting), "{why}");
    }
}

/// Who waits for floors to rise must see them, also where a role or database has another default.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_default_isolation_hides_no_floor() {
    for level in ["repeatable read", "serializable"] {
        let Some(mut database) = InDatabase::start() else { return };
        database.fresh().await.unwrap();
        let alter = format!("ALTER ROLE postgres SET default_transaction_isolation = '{level}'");
        execute(&database.server, "postgres", &alter).await;
        let store = database.node().await.unwrap();
        database.clock.wait(10);
        let mark = spend(&database.clock, 1);
        let config = database.options().config;
        let (sweeper, traffic) = config.connect(tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(traffic);
        let locked = "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(5417731)";
        sweeper.batch_execute(locked).await.unwrap();
        let waits = {
            let mark = mark.clone();
            tokio::spawn(async move { store.mark(&mark).await })
        };
        let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
        while sweeper.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let raised = format!("UPDATE keyward.state SET nonces = {}; COMMIT", mark.made.get());
        sweeper.batch_execute(&raised).await.unwrap();
        assert_eq!(waits.await.unwrap(), Ok(Verdict::Forgotten), "{level}");
    }
}

/// More is dropped than one sweep takes, however seldom the server is looked at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_over_goes_however_much_it_is() {
    let Some(mut database) = InDatabase::start() else { return };
    database.fresh().await.unwrap();
    let clock = database.clock();
    let look_every = Duration::from_millis(300);
    let options = Options { look_every, ..database.options() };
    let store = Postgres::connect(options, clock.clone()).await.unwrap();
    let many = format!(
        "INSERT INTO keyward.nonces SELECT decode(lpad(to_hex(n), 32, '0'), 'hex'), {} + n \
         FROM generate_series(1, 35000) AS n",
        clock.present().lo().get()
    );
    execute(&database.server, "state1", &many).await;
    clock.wait(3_600_000);
    tokio::time::sleep(look_every * 2).await;
    assert_eq!(store.mark(&spend(&clock, 1)).await, Ok(Verdict::Marked));
    // Within the time of one sweep and no more.
    let begun = std::time::Instant::now();
    while database.held().await.unwrap().0 > 1 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", database.held().await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_ordinary_role_suffices() {
    let Some(database) = InDatabase::start() else { return };
    let create = "CREATE ROLE app LOGIN; GRANT CREATE ON DATABASE postgres TO app";
    execute(&database.server, "postgres", create).await;
    let mut options = options(&database.server, "postgres");
    options.config.user("app");
    let store = Postgres::connect(options, database.clock()).await.unwrap();
    database.clock.wait(1);
    assert_eq!(store.mark(&spend(&database.clock, 1)).await, Ok(Verdict::Marked));
}

/// The former `mark` had one argument less, and took a request to be good as long as its cell.
#[tokio::test]
async fn a_former_schema_is_brought_up_to_date() {
    let Some(mut database) = InDatabase::start() else { return };
    database.fresh().await.unwrap();
    let former = "DROP FUNCTION keyward.mark; CREATE FUNCTION keyward.mark(bigint, bytea, bigint, \
                  bytea[], bigint[], bigint[], bytea[], bytea[]) RETURNS integer \
                  LANGUAGE sql AS 'SELECT 0'";
    execute(&database.server, "state1", former).await;
    let store = database.node().await.unwrap();
    let clock = database.clock();
    clock.wait(1);
    let mark = usage(&clock, 7, clock.present().lo(), 0, 1);
    assert_eq!(store.mark(&mark).await, Ok(Verdict::Marked));
    // It was the only one of that name.
    execute(&database.server, "state1", "DROP FUNCTION keyward.mark").await;
}

#[tokio::test]
async fn another_format_is_refused() {
    let Some(mut database) = InDatabase::start() else { return };
    database.fresh().await.unwrap();
    execute(&database.server, "state1", "UPDATE keyward.state SET format = 2").await;
    let refused = database.node().await.err();
    assert!(matches!(refused, Some(StateError::Corrupt(_))), "{refused:?}");
}

#[tokio::test]
async fn a_standby_that_takes_over_counts_all_before_it_as_seen() {
    let Some(mut database) = InDatabase::start() else { return };
    database.fresh().await.unwrap();
    let clock = database.clock();
    let store = database.node().await.unwrap();
    clock.wait(10);
    let began = clock.present().lo();
    assert_eq!(store.mark(&usage(&clock, 7, began, 0, 1)).await, Ok(Verdict::Marked));
    let reserved = store.reserve(&scope(), ISSUER, 10).await.unwrap();
    let standby = database.server.standby();
    let refused = Postgres::connect(options(&standby, "state1"), clock.clone()).await.err();
    assert!(matches!(refused, Some(StateError::Unavailable(_))), "{refused:?}");
    database.server.kill();
    standby.promote();

    let store = Postgres::connect(options(&standby, "state1"), clock.clone()).await.unwrap();
    assert_eq!(store.mark(&spend(&clock, 3)).await, Ok(Verdict::Forgotten));
    clock.wait(1);
    let old = usage(&clock, 7, began, 1, 2);
    assert_eq!(store.mark(&old).await, Ok(Verdict::CellForgotten(0)));
    let new = usage(&clock, 8, clock.present().lo(), 0, 1);
    assert_eq!(store.mark(&new).await, Ok(Verdict::Marked));
    assert_eq!(store.mark(&spend(&clock, 4)).await, Ok(Verdict::Marked));
    assert_eq!(store.mark(&spend(&clock, 4)).await, Ok(Verdict::Spent));
    let next = store.reserve(&scope(), ISSUER, 10).await.unwrap();
    assert_eq!(next.start, reserved.end + (1 << 24));
}

fn scope() -> keyward::Scope {
    let (domain, epoch) = (keyward::id::DomainId([7; 32]), keyward::id::Epoch(1));
    keyward::Scope { domain, epoch }
}

const ISSUER: keyward::id::KeyId = keyward::id::KeyId([9; 8]);
