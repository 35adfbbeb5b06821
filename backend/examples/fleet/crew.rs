//! The driver's side of the nodes: their processes, and one connection to each.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    sync::{mpsc, oneshot},
};

use crate::{
    node::Orders,
    wire::{self, Answer, Brought, Question},
};

/// All nodes of a fleet.
pub struct Crew {
    seats: Vec<Seat>,
    next: AtomicU64,
}

struct Seat {
    orders: Orders,
    process: Mutex<Option<Child>>,
    line: Mutex<Option<Arc<Line>>>,
}

/// An open connection.
struct Line {
    frames: mpsc::UnboundedSender<Vec<u8>>,
    /// Who waits for which answer; none when the connection has ended.
    waiting: Mutex<Option<HashMap<u64, oneshot::Sender<Answer>>>>,
}

/// What comes of a question.
pub enum Heard {
    /// The answer.
    Answer(Answer),
    /// The node is down: nothing was sent.
    Down,
    /// The connection broke, or no answer came in time: nobody knows.
    Nothing,
}

impl Crew {
    /// Starts the nodes.
    pub async fn start(orders: Vec<Orders>) -> Result<Arc<Self>, String> {
        let seat = |orders| Seat { orders, process: Mutex::default(), line: Mutex::default() };
        let seats: Vec<_> = orders.into_iter().map(seat).collect();
        let crew = Arc::new(Self { seats, next: AtomicU64::new(0) });
        for node in 0..crew.seats.len() {
            crew.restart(node).await?;
        }
        Ok(crew)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.seats.len()
    }

    /// Asks a node.
    pub async fn ask(&self, node: usize, door: u32, brought: Option<&Brought>) -> Heard {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let line = self.seats[node].line.lock().expect("whole").clone();
        let Some(line) = line else { return Heard::Down };
        let (answer, heard) = oneshot::channel();
        match &mut *line.waiting.lock().expect("whole") {
            Some(waiting) => drop(waiting.insert(number, answer)),
            None => return Heard::Down,
        }
        let question = Question { number, door, brought: brought.cloned() };
        let _gone = line.frames.send(question.frame());
        match tokio::time::timeout(PATIENCE, heard).await {
            Ok(Ok(answer)) => Heard::Answer(answer),
            _ => Heard::Nothing,
        }
    }

    /// Kills a node: SIGKILL.
    pub fn kill(&self, node: usize) {
        let seat = &self.seats[node];
        if let Some(mut process) = seat.process.lock().expect("whole").take() {
            process.kill().expect("a process of one's own");
            process.wait().expect("a process of one's own");
        }
        *seat.line.lock().expect("whole") = None;
    }

    /// Starts a node, and connects.
    pub async fn restart(&self, node: usize) -> Result<(), String> {
        let seat = &self.seats[node];
        let words = seat.orders.words();
        let started = tokio::task::spawn_blocking(move || start(&words)).await;
        let (process, port) = started.map_err(|error| error.to_string())??;
        *seat.process.lock().expect("whole") = Some(process);
        let stream = TcpStream::connect(("127.0.0.1", port)).await;
        let stream = stream.map_err(|error| format!("node {node}: {error}"))?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        *seat.line.lock().expect("whole") = Some(connected(stream));
        Ok(())
    }

    /// The nodes that have ended without being killed.
    pub fn ended(&self) -> Vec<usize> {
        let ended = |seat: &Seat| match &mut *seat.process.lock().expect("whole") {
            Some(process) => !matches!(process.try_wait(), Ok(None)),
            None => false,
        };
        (0..self.seats.len()).filter(|node| ended(&self.seats[*node])).collect()
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        (0..self.seats.len()).for_each(|node| self.kill(node));
    }
}

fn start(words: &[String]) -> Result<(Child, u16), String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.arg("node").args(words).stdout(Stdio::piped());
    let mut process = command.spawn().map_err(|error| error.to_string())?;
    let mut line = String::new();
    let said = process.stdout.take().ok_or("no output")?;
    BufReader::new(said).read_line(&mut line).map_err(|error| error.to_string())?;
    let port = line.trim().parse().map_err(|_| format!("a node says {line:?}"))?;
    Ok((process, port))
}

fn connected(stream: TcpStream) -> Arc<Line> {
    let (read, mut write) = stream.into_split();
    let (frames, mut given) = mpsc::unbounded_channel::<Vec<u8>>();
    tokio::spawn(async move {
        while let Some(mut bytes) = given.recv().await {
            while let Ok(more) = given.try_recv() {
                bytes.extend(more);
            }
            if write.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
    let line = Arc::new(Line { frames, waiting: Mutex::new(Some(HashMap::new())) });
    let reads = Arc::clone(&line);
    tokio::spawn(async move {
        let mut read = tokio::io::BufReader::new(read);
        while let Ok(body) = wire::body(&mut read).await {
            let Some(answer) = Answer::read(&body) else { break };
            let waiting = match &mut *reads.waiting.lock().expect("whole") {
                Some(waiting) => waiting.remove(&answer.number),
                None => None,
            };
            if let Some(waits) = waiting {
                // Who has lost patience hears nothing.
                let _gone = waits.send(answer);
            }
        }
        // Whoever waits learns that nothing will come.
        *reads.waiting.lock().expect("whole") = None;
    });
    line
}

/// How long an answer is waited for: longer than a node waits for its store.
const PATIENCE: Duration = Duration::from_secs(5);
