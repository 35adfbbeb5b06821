//! Where phones meet nodes: a presentation is brought until somebody says what became of it.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use chacha20::ChaCha20Rng;
use keyward::{
    Challenge,
    id::{LockId, Nonce},
};
use keyward_testkit::world::{Capability, Holder};
use rand_core::Rng;

use crate::{
    book::{Book, Link, count},
    crew::{Crew, Heard},
    estate::{DOORS, Estate, Story},
    node::Orders,
    wire::{Brought, Outcome},
};

/// All that phones share.
pub struct Field {
    /// The domain.
    pub estate: Estate,
    /// The time.
    pub story: Story,
    /// The nodes.
    pub crew: Arc<Crew>,
    /// What is written down.
    pub book: Book,
    /// What was let in last.
    pub recent: Mutex<VecDeque<Recent>>,
    /// How long it took after each kill.
    pub recovery: Recovery,
    acts: Vec<PathBuf>,
}

/// Somebody who was let in.
#[derive(Clone)]
pub struct Recent {
    /// At which door.
    pub door: u32,
    /// With what.
    pub brought: Brought,
    /// By a token that is used up by it.
    pub counted: Option<(Capability, Link, Arc<Holder>)>,
}

/// How nodes are set up.
#[derive(Clone, Copy)]
pub struct Setup {
    /// How many.
    pub nodes: usize,
    /// Seconds between looks at the store's settings.
    pub look_every: u64,
    /// Whether they are broken.
    pub hasty: bool,
}

/// The usual: four nodes that look every 5 seconds.
pub const USUAL: Setup = Setup { nodes: 4, look_every: 5, hasty: false };

impl Field {
    /// Starts nodes on a store. Their files lie in a folder.
    ///
    /// # Errors
    /// What a node says that doesn't start.
    pub async fn new(
        seed: u64,
        url: &str,
        folder: &std::path::Path,
        setup: Setup,
    ) -> Result<Arc<Self>, String> {
        let story = Story::begins();
        let acts: Vec<_> =
            (0..setup.nodes).map(|node| folder.join(format!("acts-{node}"))).collect();
        let orders = |acts: &PathBuf| Orders {
            seed,
            began: story.began(),
            url: url.into(),
            acts: acts.clone(),
            look_every: setup.look_every,
            hasty: setup.hasty,
        };
        let crew = Crew::start(acts.iter().map(orders).collect()).await?;
        Ok(Arc::new(Self {
            estate: Estate::new(seed),
            story,
            crew,
            book: Book::default(),
            recent: Mutex::default(),
            recovery: Recovery::default(),
            acts,
        }))
    }

    /// Any door.
    pub fn door(rng: &mut ChaCha20Rng) -> u32 {
        rng.next_u32() % DOORS
    }

    /// Asks any node for a challenge of a door until one gives it.
    pub async fn challenge(&self, door: u32, rng: &mut ChaCha20Rng) -> (Nonce, Vec<u8>) {
        loop {
            if let Heard::Answer(answer) = self.crew.ask(self.any(rng), door, None).await
                && answer.outcome == Outcome::Challenge
                && let Ok(challenge) = Challenge::decode(&answer.bytes)
            {
                return (challenge.nonce, answer.bytes);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Brings a presentation to a node, and to the next while nobody knows what became of it. Tells
    /// whether that ever was so.
    pub async fn bring(&self, first: usize, door: u32, brought: &Brought) -> (Outcome, bool) {
        let (mut node, mut unsure) = (first, false);
        loop {
            let sent = Instant::now();
            match self.crew.ask(node, door, Some(brought)).await {
                Heard::Answer(answer) if answer.outcome != Outcome::Store => {
                    if answer.outcome == Outcome::Accepted {
                        self.book.accepted(brought.name);
                        self.recovery.success(node, sent);
                    }
                    if unsure {
                        count(&self.book.counts.unknown);
                    }
                    return (answer.outcome, unsure);
                }
                Heard::Down => {}
                Heard::Answer(_) | Heard::Nothing => unsure = true,
            }
            node = (node + 1) % self.crew.len();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The door of a number.
    pub fn lock(&self, door: u32) -> LockId {
        self.estate.doors[usize::try_from(door).expect("a number")]
    }

    /// Any node.
    pub fn any(&self, rng: &mut ChaCha20Rng) -> usize {
        usize::try_from(rng.next_u32()).unwrap_or(0) % self.crew.len()
    }

    /// Takes note of who was let in.
    pub fn remember(&self, recent: Recent) {
        let mut all = self.recent.lock().expect("whole");
        if all.len() == RECENT {
            all.pop_front();
        }
        all.push_back(recent);
    }

    /// The book's judgement.
    ///
    /// # Errors
    /// When the nodes' files can't be read.
    pub fn judge(&self) -> Result<crate::book::Judgement, String> {
        let acts = self.acts.iter().filter(|file| file.exists());
        self.book.judge(acts.map(PathBuf::as_path)).map_err(|error| error.to_string())
    }
}

/// From each kill to the first success after it: at the node that was killed, or at any where the
/// server was.
#[derive(Default)]
pub struct Recovery {
    open: AtomicUsize,
    kills: Mutex<Vec<Kill>>,
}

/// A kill, and what followed.
#[derive(Clone, Copy)]
pub struct Kill {
    /// The node, or the server.
    pub node: Option<usize>,
    at: Instant,
    /// The first success of what was asked after it.
    pub took: Option<Duration>,
}

impl Recovery {
    /// Something is killed now.
    pub fn killed(&self, node: Option<usize>) {
        self.kills.lock().expect("whole").push(Kill { node, at: Instant::now(), took: None });
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    /// A presentation that was sent then was let in by this node.
    fn success(&self, node: usize, sent: Instant) {
        if self.open.load(Ordering::Relaxed) == 0 {
            return;
        }
        for kill in self.kills.lock().expect("whole").iter_mut() {
            let here = kill.node.is_none_or(|killed| killed == node);
            if kill.took.is_none() && here && sent > kill.at {
                kill.took = Some(kill.at.elapsed());
                self.open.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    /// All kills.
    pub fn kills(&self) -> Vec<Kill> {
        self.kills.lock().expect("whole").clone()
    }
}

/// How many are remembered of those who were let in.
const RECENT: usize = 40;
