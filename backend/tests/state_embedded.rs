//! The stores that need no server, through the kit.

use keyward_backend::state::{
    Cell, Mark, Millis, Name, State, StateError, Value, Verdict,
    clock::{Clock, HandClock},
    kit::{self, Harness, START},
    ram::Ram,
    redb::Redb,
};
use tempfile::TempDir;

struct InRam {
    clock: HandClock,
    store: Option<Ram>,
}

impl Harness for InRam {
    type Store = Ram;

    async fn fresh(&mut self) -> Result<(), String> {
        self.clock = HandClock::at(START);
        self.store = Some(Ram::new(self.clock.clone()));
        Ok(())
    }

    async fn node(&mut self) -> Result<Ram, StateError> {
        Ok(self.store.clone().unwrap())
    }

    fn clock(&self) -> HandClock {
        self.clock.clone()
    }

    async fn kill(&mut self) -> bool {
        false
    }

    async fn revive(&mut self) -> Result<(), String> {
        Ok(())
    }

    async fn held(&mut self) -> Option<(usize, usize)> {
        self.store.as_ref().map(Ram::size)
    }
}

struct InFile {
    clock: HandClock,
    folder: TempDir,
    store: Option<Redb>,
}

impl InFile {
    /// Opens the file, once the writer of the last store has let it go.
    async fn open(&mut self) -> Result<(), String> {
        self.store = None;
        loop {
            match Redb::open(self.folder.path().join("state"), self.clock.clone()) {
                Ok(store) => break self.store = Some(store),
                Err(StateError::Unavailable(_)) => {
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                }
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(())
    }
}

impl Harness for InFile {
    type Store = Redb;

    async fn fresh(&mut self) -> Result<(), String> {
        self.store = None;
        (self.clock, self.folder) = (HandClock::at(START), tempfile::tempdir().unwrap());
        self.open().await
    }

    async fn node(&mut self) -> Result<Redb, StateError> {
        Ok(self.store.clone().unwrap())
    }

    fn clock(&self) -> HandClock {
        self.clock.clone()
    }

    async fn kill(&mut self) -> bool {
        self.store = None;
        true
    }

    async fn revive(&mut self) -> Result<(), String> {
        self.open().await
    }

    fn outlived(&self) -> bool {
        false
    }
}

fn in_file() -> InFile {
    let (clock, folder) = (HandClock::at(START), tempfile::tempdir().unwrap());
    InFile { clock, folder, store: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_in_memory_keeps_the_contract() {
    let mut ram = InRam { clock: HandClock::default(), store: None };
    assert_eq!(kit::run(&mut ram, 1).await, Ok(()));
    for seed in 2..20 {
        assert_eq!(kit::one(&mut ram, "history", seed).await, Ok(()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_store_in_a_file_keeps_the_contract() {
    assert_eq!(kit::run(&mut in_file(), 1).await, Ok(()));
}

#[tokio::test]
async fn one_process_holds_the_file() {
    let mut one = in_file();
    one.fresh().await.unwrap();
    let other = Redb::open(one.folder.path().join("state"), one.clock());
    assert!(matches!(other.err(), Some(StateError::Unavailable(_))));
}

#[tokio::test]
async fn another_format_is_refused() {
    let mut one = in_file();
    one.fresh().await.unwrap();
    one.store = None;
    let path = one.folder.path().join("state");
    let table = redb::TableDefinition::<&str, u64>::new("numbers");
    let base = loop {
        match redb::Database::create(&path) {
            Ok(base) => break base,
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
        }
    };
    let transaction = base.begin_write().unwrap();
    transaction.open_table(table).unwrap().insert("format", 2).unwrap();
    transaction.commit().unwrap();
    drop(base);
    let opened = Redb::open(&path, one.clock());
    assert!(matches!(opened.err(), Some(StateError::Corrupt(_))));
}

#[tokio::test]
async fn a_store_that_is_born_late_refuses_what_was_made_before() {
    let clock = HandClock::at(START);
    let store = Ram::new(clock.clone());
    let mark = |made: Millis| Mark {
        now: clock.present().lo(),
        made,
        nonce: None,
        cells: vec![Cell {
            name: Name([1; 16]),
            began: Millis::LAST,
            good_until: Millis::LAST,
            keep_until: Millis::LAST,
            before: Value::default(),
            after: Value::new([1]).unwrap(),
        }],
    };
    assert_eq!(store.mark(&mark(START)).await, Ok(Verdict::Forgotten));
    assert_eq!(store.mark(&mark(START.after(1))).await, Ok(Verdict::Marked));
}
