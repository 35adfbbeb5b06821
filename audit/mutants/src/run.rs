//! Runs tests with one mutant on at a time.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use crate::mutant::Mutant;

/// The signals of a program that ends itself, and of one whose stack is too small.
const ABORTED: i32 = 6;
const OUT_OF_BOUNDS: i32 = 11;

/// What is known of mutants: a line each, appended as it is had.
pub struct Verdicts {
    held: BTreeSet<String>,
    file: Mutex<File>,
}

impl Verdicts {
    /// Those of a file, which is made where there is none.
    pub fn open(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let held = text.lines().filter_map(|line| Some(line.split('\t').nth(1)?.to_owned()));
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { held: held.collect(), file: Mutex::new(file) })
    }

    /// Whether one was there when the file was opened.
    pub fn has(&self, name: &str) -> bool {
        self.held.contains(name)
    }

    /// Writes one down.
    pub fn write(&self, verdict: &str, name: &str, by: &str) -> Result<(), String> {
        let mut file = self.file.lock().map_err(|error| error.to_string())?;
        writeln!(file, "{verdict}\t{name}\t{by}").map_err(|error| error.to_string())
    }
}

/// A program of tests.
struct Test {
    name: String,
    program: PathBuf,
    /// How long it takes with no mutant on.
    takes: Duration,
    /// How many mutants of a file it caught.
    caught: Mutex<BTreeMap<String, usize>>,
}

/// What a program of tests says of a mutant.
pub enum Outcome {
    Passed,
    Failed(String),
    Hung,
}

/// Tries all mutants that are behind a switch, by the quick tests, then what they let through by
/// the others. What no test sees gets no verdict here.
pub fn all(
    tree: &Path,
    mutants: &[Mutant],
    switched: &[usize],
    programs: &BTreeMap<String, PathBuf>,
    quick: &[String],
    verdicts: &Verdicts,
) -> Result<(), String> {
    let is_quick = |name: &String| *name == "lib" || quick.contains(name);
    let mut passed = switched.to_vec();
    for first in [true, false] {
        let programs = programs.iter().filter(|(name, _)| is_quick(name) == first);
        let programs: Vec<_> = programs.collect();
        let tests = on_all_cores(&programs, |(name, program)| Test::of(tree, name, program))?;
        let tests: Vec<Test> = tests.into_iter().flatten().collect();
        println!("{} mutants, {} programs of tests", passed.len(), tests.len());
        let began = Instant::now();
        let left = on_all_cores(&passed, |number| {
            if number % 100 == 0 {
                println!("at {number} after {} s", began.elapsed().as_secs());
            }
            let is_seen = is_seen(tree, *number, &mutants[*number], &tests, verdicts)?;
            Ok((!is_seen).then_some(*number))
        })?;
        passed = left.into_iter().flatten().collect();
    }
    println!("seen by no test here: {}", passed.len());
    Ok(())
}

/// Does something with each of some, on all cores, and begins them in their order.
fn on_all_cores<T: Sync, R: Send>(
    all: &[T],
    work: impl Fn(&T) -> Result<R, String> + Sync,
) -> Result<Vec<R>, String> {
    let next = AtomicUsize::new(0);
    let worker = || -> Result<Vec<R>, String> {
        let mut done = Vec::new();
        while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push(work(one)?);
        }
        Ok(done)
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        let mut done = Vec::new();
        for worker in workers {
            done.extend(worker.join().unwrap_or_else(|_| Err("a worker panicked".into()))?);
        }
        Ok(done)
    })
}

/// Tries one; whether a test saw it.
fn is_seen(
    tree: &Path,
    number: usize,
    mutant: &Mutant,
    tests: &[Test],
    verdicts: &Verdicts,
) -> Result<bool, String> {
    // First what caught most in this file, then what is quick.
    let mut order: Vec<(usize, &Test)> =
        tests.iter().map(|test| (test.caught(&mutant.file), test)).collect();
    order.sort_by_key(|(caught, test)| (usize::MAX - caught, test.takes));
    for (_, test) in order {
        let (verdict, by) = match test.outcome(tree, number)? {
            Outcome::Passed => continue,
            Outcome::Failed(by) => ("caught", by),
            Outcome::Hung => ("timeout", "time".to_owned()),
        };
        test.catch(&mutant.file);
        verdicts.write(verdict, &mutant.name, &format!("{}: {by}", test.name))?;
        return Ok(true);
    }
    println!("passed: {}", mutant.name);
    Ok(false)
}

impl Test {
    /// One that holds where no mutant is on, or none.
    fn of(tree: &Path, name: &str, program: &Path) -> Result<Option<Self>, String> {
        let (name, program) = (name.to_owned(), program.to_owned());
        let caught = Mutex::default();
        let test = Self { name, program, takes: Duration::from_secs(60), caught };
        let began = Instant::now();
        let left_out = match test.outcome(tree, usize::MAX)? {
            Outcome::Passed => {
                let takes = began.elapsed();
                println!("{}: {:.1} s", test.name, takes.as_secs_f32());
                return Ok(Some(Self { takes, ..test }));
            }
            Outcome::Failed(by) => format!("{by} fails with the switches alone"),
            Outcome::Hung => "it takes too long".to_owned(),
        };
        println!("{}: left out, {left_out}", test.name);
        Ok(None)
    }

    fn caught(&self, file: &str) -> usize {
        self.caught.lock().map_or(0, |caught| caught.get(file).copied().unwrap_or(0))
    }

    fn catch(&self, file: &str) {
        if let Ok(mut caught) = self.caught.lock() {
            *caught.entry(file.to_owned()).or_default() += 1;
        }
    }

    /// Runs it with a mutant on, for ten times its time at most.
    fn outcome(&self, tree: &Path, mutant: usize) -> Result<Outcome, String> {
        let limit = self.takes * 10 + Duration::from_secs(20);
        tried(&self.program, tree, Some(mutant), limit)
    }
}

/// Runs a program of tests with a mutant on, or none, up to its first failure.
///
/// # Errors
/// Where it doesn't start, or is ended from outside: that says nothing of the mutant.
pub fn tried(
    program: &Path,
    tree: &Path,
    mutant: Option<usize>,
    limit: Duration,
) -> Result<Outcome, String> {
    let mut command = Command::new(program);
    command.arg("--test-threads=1").current_dir(tree);
    // Frames of code that isn't optimised are large; few cases of each property suffice here.
    command.envs([("RUST_MIN_STACK", "16777216"), ("PROPTEST_CASES", "16")]);
    command.envs(mutant.map(|mutant| ("KEYWARD_MUTANT", mutant.to_string())));
    command.stdout(Stdio::piped()).stderr(Stdio::null()).stdin(Stdio::null());
    let failed = |error: std::io::Error| format!("{}: {error}", program.display());
    let mut child = command.spawn().map_err(failed)?;
    let outcome = match first_failure(&mut child).recv_timeout(limit) {
        Ok(Some(test)) => Outcome::Failed(test),
        Ok(None) => {
            let status = child.wait().map_err(failed)?;
            return match (status.code(), status.signal()) {
                (Some(0), _) => Ok(Outcome::Passed),
                (Some(_), _) | (None, Some(ABORTED | OUT_OF_BOUNDS)) => {
                    Ok(Outcome::Failed(status.to_string()))
                }
                _ => Err(format!("{}: {status}", program.display())),
            };
        }
        Err(_) => Outcome::Hung,
    };
    // It may have ended by itself.
    _ = child.kill();
    _ = child.wait();
    Ok(outcome)
}

/// Tells the first test that fails, or that the output has ended.
fn first_failure(child: &mut Child) -> mpsc::Receiver<Option<String>> {
    let (send, receive) = mpsc::channel();
    let output = child.stdout.take();
    thread::spawn(move || {
        let lines = output.into_iter().flat_map(|output| BufReader::new(output).lines());
        let failed = lines.map_while(Result::ok).find_map(|line| {
            let name = line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?;
            Some(name.to_owned())
        });
        // Who asked may have gone.
        _ = send.send(failed);
    });
    receive
}
