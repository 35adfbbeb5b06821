//! Runs tests with one mutant on at a time.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write},
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
    /// How many mutants it caught.
    caught: AtomicUsize,
}

/// What a program of tests says of a mutant.
enum Outcome {
    Passed,
    Failed(String),
    Hung,
}

/// Tries all mutants that are behind a switch, by the quick tests, then what they let through by
/// the others. What no test sees gets no verdict here.
pub fn all(
    tree: &Path,
    mutants: &[Mutant],
    switched: &BTreeSet<usize>,
    programs: &BTreeMap<String, PathBuf>,
    quick: &[String],
    verdicts: &Verdicts,
) -> Result<(), String> {
    let is_quick = |name: &String| *name == "lib" || quick.contains(name);
    let mut passed: Vec<usize> = switched.iter().copied().collect();
    for first in [true, false] {
        let programs = programs.iter().filter(|(name, _)| is_quick(name) == first);
        let tests: Vec<Test> =
            programs.filter_map(|(name, program)| Test::of(tree, name, program)).collect();
        println!("{} mutants, {} programs of tests", passed.len(), tests.len());
        passed = each(tree, mutants, &passed, &tests, verdicts)?;
    }
    println!("seen by no test here: {}", passed.len());
    Ok(())
}

/// Tries some on all cores; those that passed.
fn each(
    tree: &Path,
    mutants: &[Mutant],
    todo: &[usize],
    tests: &[Test],
    verdicts: &Verdicts,
) -> Result<Vec<usize>, String> {
    let (next, began) = (AtomicUsize::new(0), Instant::now());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let worker = || -> Result<Vec<usize>, String> {
        let mut passed = Vec::new();
        let mut here = BTreeMap::<(&str, &str), usize>::new();
        while let Some(number) = todo.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Mutant { name, file, .. } = &mutants[*number];
            // First what caught most in this file, then what is quick.
            let mut order: Vec<&Test> = tests.iter().collect();
            order.sort_by_key(|test| {
                let here = here.get(&(file.as_str(), test.name.as_str())).copied().unwrap_or(0);
                (usize::MAX - here, test.takes / (1 + u32::from(here > 0)))
            });
            let verdict = order.into_iter().find_map(|test| match test.outcome(tree, *number) {
                Outcome::Passed => None,
                Outcome::Failed(by) => Some(("caught", test, by)),
                Outcome::Hung => Some(("timeout", test, "time".to_owned())),
            });
            match verdict {
                Some((verdict, test, by)) => {
                    *here.entry((file, &test.name)).or_default() += 1;
                    test.caught.fetch_add(1, Ordering::Relaxed);
                    verdicts.write(verdict, name, &format!("{}: {by}", test.name))?;
                }
                None => {
                    println!("passed: {name}");
                    passed.push(*number);
                }
            }
            if number % 100 == 0 {
                println!("at {number} after {} s", began.elapsed().as_secs());
            }
        }
        Ok(passed)
    };
    let passed: Result<Vec<Vec<usize>>, String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|_| Err("a worker panicked".into()))
        };
        workers.into_iter().map(join).collect()
    });
    Ok(passed?.concat())
}

impl Test {
    /// One that holds where no mutant is on, or none.
    fn of(tree: &Path, name: &str, program: &Path) -> Option<Self> {
        let (name, program) = (name.to_owned(), program.to_owned());
        let test = Self { name, program, takes: Duration::from_secs(60), caught: 0.into() };
        let began = Instant::now();
        match test.outcome(tree, usize::MAX) {
            Outcome::Passed => {
                let takes = began.elapsed();
                println!("{}: {:.1} s", test.name, takes.as_secs_f32());
                Some(Self { takes, ..test })
            }
            Outcome::Failed(by) => {
                println!("{}: left out, {by} fails with the switches alone", test.name);
                None
            }
            Outcome::Hung => {
                println!("{}: left out, it takes too long", test.name);
                None
            }
        }
    }

    /// Runs it with a mutant on, up to its first failure, and for ten times its time at most.
    fn outcome(&self, tree: &Path, mutant: usize) -> Outcome {
        let mut command = Command::new(&self.program);
        command.arg("--test-threads=1").current_dir(tree);
        // Frames of code that isn't optimised are large; few cases of each property suffice here.
        command.envs([("RUST_MIN_STACK", "16777216"), ("PROPTEST_CASES", "16")]);
        command.env("KEYWARD_MUTANT", mutant.to_string());
        command.stdout(Stdio::piped()).stderr(Stdio::null()).stdin(Stdio::null());
        let Ok(mut child) = command.spawn() else { return Outcome::Failed("it starts".into()) };
        let limit = self.takes * 10 + Duration::from_secs(20);
        let outcome = match first_failure(&mut child).recv_timeout(limit) {
            Ok(Some(test)) => Outcome::Failed(test),
            Ok(None) => match child.wait() {
                Ok(status) if status.success() => return Outcome::Passed,
                Ok(status) => Outcome::Failed(status.to_string()),
                Err(error) => Outcome::Failed(error.to_string()),
            },
            Err(_) => Outcome::Hung,
        };
        // It may have ended by itself.
        _ = child.kill();
        _ = child.wait();
        outcome
    }
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
