//! One verifier: a process that admits what it is brought, and writes down what it did.
//!
//! To act is to append the presentation's name to a file of the node's own. What a process has
//! written outlives its SIGKILL, so the file tells what was done even where the answer was lost.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use keyward::{Channel, Trust};
use keyward_backend::{
    chains::KnownChains,
    gate::{FleetKey, FleetKeys, Gate, Visit},
    state::{
        Mark, Millis, Name, State, StateError, Value, Verdict,
        valkey::{Options, Valkey},
    },
};
use tokio::{
    io::{AsyncWriteExt, BufReader},
    net::TcpListener,
    sync::mpsc,
};

use crate::{
    estate::{Estate, Story},
    wire::{self, Answer, Brought, Outcome, Question},
};

/// What a node is told when it is started.
#[derive(Clone, Debug)]
pub struct Orders {
    /// The estate's seed.
    pub seed: u64,
    /// When the story began.
    pub began: Millis,
    /// Where the store is.
    pub url: String,
    /// Where its acts are written down.
    pub acts: PathBuf,
    /// How many seconds pass between two looks at the store's settings.
    pub look_every: u64,
    /// Whether it is broken: acts before it marks.
    pub hasty: bool,
}

impl Orders {
    /// As a process gets them.
    pub fn words(&self) -> Vec<String> {
        let acts = self.acts.to_string_lossy().into_owned();
        let numbers = [self.seed, self.began.get(), self.look_every, self.hasty.into()];
        let mut words: Vec<_> = numbers.iter().map(u64::to_string).collect();
        words.extend([self.url.clone(), acts]);
        words
    }

    fn read(words: &[String]) -> Option<Self> {
        let [seed, began, look_every, hasty, url, acts] = words else { return None };
        let number = |word: &String| word.parse::<u64>().ok();
        Some(Self {
            seed: number(seed)?,
            began: Millis::new(number(began)?),
            url: url.clone(),
            acts: acts.into(),
            look_every: number(look_every)?,
            hasty: number(hasty)? == 1,
        })
    }
}

/// Serves until it is killed. The first line that it prints is its port.
///
/// # Errors
/// What keeps it from serving.
pub fn run(words: &[String]) -> Result<(), String> {
    let orders = Orders::read(words).ok_or("no orders")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let acts = OpenOptions::new().create(true).append(true).open(&orders.acts);
    let acts = acts.map_err(|error| error.to_string())?;
    // What is served lives as long as the process.
    let estate: &'static Estate = Box::leak(Box::new(Estate::new(orders.seed)));
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let story = Story::of(orders.began);
        let mut options = Options::new(&orders.url);
        options.look_every = Duration::from_secs(orders.look_every);
        let store = Valkey::lazy(options, story).map_err(|error| error.to_string())?;
        let state = Store { store, hasty: orders.hasty };
        let gate = Gate::new(FleetKeys::new(FleetKey::new([7; 32])), state, story);
        let chains = KnownChains::within(CHAINS);
        let node = Arc::new(Node { estate, gate, chains, acts: Mutex::new(acts) });
        serve(node).await.map_err(|error| error.to_string())
    })
}

struct Node {
    estate: &'static Estate,
    gate: Gate<Store, Story>,
    chains: KnownChains,
    acts: Mutex<File>,
}

async fn serve(node: Arc<Node>) -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (read, mut write) = stream.into_split();
        let (answers, mut given) = mpsc::unbounded_channel::<Vec<u8>>();
        tokio::spawn(async move {
            while let Some(mut frames) = given.recv().await {
                while let Ok(more) = given.try_recv() {
                    frames.extend(more);
                }
                if write.write_all(&frames).await.is_err() {
                    return;
                }
            }
        });
        let node = Arc::clone(&node);
        tokio::spawn(async move {
            let mut read = BufReader::new(read);
            while let Ok(body) = wire::body(&mut read).await {
                let Some(question) = Question::read(&body) else { break };
                let (node, answers) = (Arc::clone(&node), answers.clone());
                tokio::spawn(async move {
                    let (outcome, bytes) = node.answer(&question).await;
                    let answer = Answer { number: question.number, outcome, bytes };
                    // Who has gone away gets no answer.
                    let _gone = answers.send(answer.frame());
                });
            }
            // The driver is gone: nobody is left to kill this node.
            std::process::exit(0);
        });
    }
}

impl Node {
    async fn answer(&self, question: &Question) -> (Outcome, Vec<u8>) {
        let Some(trust) = self.estate.trust(question.door) else {
            return (Outcome::Strange, Vec::new());
        };
        let Ok(trust) = trust.trust() else {
            return (Outcome::Strange, Vec::new());
        };
        match &question.brought {
            Some(brought) => (self.admit(&trust, brought).await, Vec::new()),
            None => {
                let challenge = self.gate.challenge(&trust, Channel::Remote).ok();
                match challenge.and_then(|challenge| challenge.encode().ok()) {
                    Some(challenge) => (Outcome::Challenge, challenge.as_bytes().to_vec()),
                    None => (Outcome::Strange, Vec::new()),
                }
            }
        }
    }

    async fn admit(&self, trust: &Trust<'_>, brought: &Brought) -> Outcome {
        let visit = Visit {
            trust,
            channel: Channel::Remote,
            nonce: brought.nonce,
            app: None,
            chains: Some(&self.chains),
        };
        match self.gate.admit_bytes(&visit, &brought.bytes).await {
            Err(refusal) => Outcome::of(&refusal),
            Ok(admitted) => match admitted.act() {
                None => Outcome::Late,
                Some(_) => self.act(brought.name),
            },
        }
    }

    fn act(&self, name: u64) -> Outcome {
        let mut acts = self.acts.lock().expect("whole");
        match acts.write_all(&name.to_le_bytes()) {
            Ok(()) => Outcome::Accepted,
            Err(_) => Outcome::Strange,
        }
    }
}

/// The fleet's store, or what a broken node makes of it: it calls a mark made that it is about to
/// make.
struct Store {
    store: Valkey,
    hasty: bool,
}

impl State for Store {
    async fn read(&self, names: &[Name]) -> Result<Vec<Value>, StateError> {
        self.store.read(names).await
    }

    async fn mark(&self, mark: &Mark) -> Result<Verdict, StateError> {
        if !self.hasty {
            return self.store.mark(mark).await;
        }
        let (store, mark) = (self.store.clone(), mark.clone());
        tokio::spawn(async move { store.mark(&mark).await });
        Ok(Verdict::Marked)
    }
}

/// Bytes for chains that are remembered.
const CHAINS: usize = 4 << 20;
