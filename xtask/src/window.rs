//! The replay window against a set of all counters, at length; and what a mark costs beside a
//! window of one 64-bit word.

use std::{collections::BTreeSet, hint::black_box, time::Instant};

use chacha20::ChaCha20Rng;
use keyward::{id::Counter, replay::Window};
use keyward_testkit::{random::Dice, window::Pair};
use rand_core::SeedableRng;

/// Steps from one start, after which the next begins.
const EPISODE: u64 = 5_000;
/// Marks that are timed at once, and how often.
const MARKS: u64 = 4_096;
const ROUNDS: usize = 301;
/// The jumps that are timed for a window so many counters wide; the last lies beyond it.
fn jumps(width: u64) -> BTreeSet<u64> {
    [1, 63, 64, 65, width / 2, width - 1, width, 2 * width + 1].into()
}

/// Compares ten million steps, or as many as are asked for; then measures.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let steps: u64 = match arguments {
        [] => 10_000_000,
        [flag, number] if flag == "--steps" => {
            number.parse().map_err(|_| format!("{number}: not a number"))?
        }
        _ => return Err("usage: cargo xtask window [--steps N]".into()),
    };
    println!("Random steps near the edges of windows of 64, 128, 1024 and 8192 counters, each by");
    println!("the window and by a set of all counters.");
    let each = steps.div_ceil(4);
    let mut walked = Walked::default();
    walked.walk::<1>(each);
    walked.walk::<2>(each);
    walked.walk::<16>(each);
    walked.walk::<128>(each);
    println!("steps: {}", walked.steps);
    println!("accepted: {}", walked.accepted);
    println!("whole_windows_compared: {}", walked.whole);
    println!("disagreements: {}", walked.disagreements);
    cost();
    if walked.disagreements == 0 { Ok(()) } else { Err("the accepted sets differ".into()) }
}

/// What the comparison saw.
#[derive(Default)]
struct Walked {
    steps: u64,
    accepted: u64,
    whole: u64,
    disagreements: u64,
}

impl Walked {
    /// So many steps of one width: each checks a counter and marks another.
    fn walk<const N: usize>(&mut self, steps: u64) {
        let mut rng = ChaCha20Rng::seed_from_u64(Pair::<N>::WIDTH);
        let mut dice = Dice(&mut rng);
        let end = self.steps + steps;
        while self.steps < end {
            let Some(mut pair) = self.start::<N>(&mut dice) else { continue };
            let mut recent = [pair.naive.highest(); 64];
            for step in 0..EPISODE.min(end - self.steps) {
                self.steps += 1;
                let probe = counter::<N>(&mut dice, &pair, &recent);
                self.note(pair.check(probe));
                let marked = counter::<N>(&mut dice, &pair, &recent);
                let new = self.note(pair.mark(marked)).unwrap_or_default();
                self.accepted += u64::from(new);
                recent[(step % 64) as usize] = marked;
                if dice.once_in(16 * Pair::<N>::WIDTH) {
                    self.whole += 1;
                    self.note(pair.compare_all());
                }
            }
        }
    }

    /// A window that starts or is restored at an edge, near one or anywhere.
    fn start<const N: usize>(&mut self, dice: &mut Dice<'_>) -> Option<Pair<N>> {
        let width = Pair::<N>::WIDTH;
        let near = dice.pick(&[0, width, 1 << 31, 1 << 32, 1 << 38, u64::MAX]);
        let delta = dice.below(2 * width);
        let first = match dice.below(3) {
            0 => near.saturating_add(delta),
            1 => near.saturating_sub(delta),
            _ => dice.below(u64::MAX),
        };
        if dice.once_in(4) {
            return Some(Pair::restored(first));
        }
        self.note(Pair::starting(first)).flatten()
    }

    /// Counts what differs, and says the first few.
    fn note<T>(&mut self, compared: Result<T, String>) -> Option<T> {
        compared
            .inspect_err(|difference| {
                self.disagreements += 1;
                if self.disagreements <= 5 {
                    eprintln!("{difference}");
                }
            })
            .ok()
    }
}

/// The next step's counter: often one up, at times around the width, far, seen, old or at the top.
fn counter<const N: usize>(dice: &mut Dice<'_>, pair: &Pair<N>, recent: &[u64]) -> u64 {
    let (width, highest) = (Pair::<N>::WIDTH, pair.naive.highest());
    let around = width - 3 + dice.below(7);
    match dice.below(1000) {
        0..200 => highest.saturating_add(1),
        200..300 => highest.saturating_add(dice.below(70)),
        300..350 => highest.saturating_add(64 * dice.below(4) + 62 + dice.below(4)),
        350..450 => highest.saturating_add(dice.below(width)),
        450..500 => highest.saturating_add(around),
        500..520 => highest.saturating_add(around * dice.below(6)),
        520..525 => highest.saturating_add(1 << dice.below(44)),
        525..526 => dice.pick(&[u64::MAX, u64::MAX - 1, u64::MAX - around]),
        526..650 => dice.pick(recent),
        650..750 => highest.saturating_sub(dice.below(70)),
        750..850 => highest.saturating_sub(around),
        850..990 => highest.saturating_sub(dice.below(width + 64)),
        _ => highest.saturating_sub(1 << dice.below(64)),
    }
}

/// The window of one word that everybody writes: the floor that the others are measured against.
struct Word {
    highest: u64,
    seen: u64,
}

/// What both kinds are timed by.
trait Marked {
    fn mark(&mut self, counter: u64) -> bool;
}

impl Marked for Word {
    #[inline]
    fn mark(&mut self, counter: u64) -> bool {
        if counter == u64::MAX {
            return false;
        }
        if counter > self.highest {
            let jump = counter - self.highest;
            self.seen = if jump < 64 { self.seen << jump | 1 } else { 1 };
            self.highest = counter;
            return true;
        }
        let behind = self.highest - counter;
        if behind >= 64 || self.seen >> behind & 1 == 1 {
            return false;
        }
        self.seen |= 1 << behind;
        true
    }
}

impl<const N: usize> Marked for Window<N> {
    #[inline]
    fn mark(&mut self, counter: u64) -> bool {
        Window::mark(self, Counter(counter)).is_ok()
    }
}

/// Nanoseconds for each of many marks, one jump apart. The window lies in memory, as a lane does:
/// nothing of it is kept in registers from one mark to the next.
#[inline(never)]
fn time<M: Marked>(mut window: M, first: u64, jump: u64) -> f64 {
    let (mut counter, mut taken) = (first, 0);
    let start = Instant::now();
    for _ in 0..MARKS {
        counter += jump;
        taken += u64::from(black_box(&mut window).mark(black_box(counter)));
    }
    let elapsed = start.elapsed();
    assert_eq!(taken, MARKS, "each counter is new");
    elapsed.as_secs_f64() * 1e9 / MARKS as f64
}

/// Prints the cost of a mark for each width and jump, and the worst of the ratios.
fn cost() {
    println!("\nns a mark, medians of {ROUNDS} interleaved rounds of {MARKS} marks: the window, a");
    println!("window of one 64-bit word at the same jump, and the ratio; W wide, by jump");
    println!("{:>6} {:>8} {:>8} {:>8} {:>6}", "W", "jump", "window", "word", "ratio");
    let worst = [rows::<1>(), rows::<2>(), rows::<16>(), rows::<128>()];
    println!("ratio_to_u64: {:.2}", worst.into_iter().fold(0.0, f64::max));
}

/// The rows of one width; gives the worst ratio of the jumps within it.
fn rows<const N: usize>() -> f64 {
    let (width, first) = (Pair::<N>::WIDTH, 1 << 40);
    let mut worst: f64 = 0.0;
    for jump in jumps(width) {
        let mut times = [const { Vec::new() }; 2];
        for _ in 0..ROUNDS {
            let window = Window::<N>::starting(Counter(first)).expect("a counter");
            times[0].push(time(window, first, jump));
            times[1].push(time(Word { highest: first, seen: 1 }, first, jump));
        }
        let [window, word] = times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[ROUNDS / 2]
        });
        let ratio = window / word;
        let beyond = if jump > width { " (beyond W)" } else { "" };
        println!("{width:>6} {jump:>8} {window:>8.2} {word:>8.2} {ratio:>6.2}{beyond}");
        if jump <= width {
            worst = worst.max(ratio);
        }
    }
    worst
}
