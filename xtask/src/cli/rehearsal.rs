//! How long the commands take that are killed later.

use super::{
    desk::Desk,
    life::Life,
    process::{RUNS, Ran, Span, run},
    uses::Way,
};

/// Medians of commands that are left alone.
pub struct Spans {
    pub new: Span,
    pub claim: Span,
    pub sync: Span,
    pub release: Span,
    /// Each way of opening.
    pub ways: Vec<(Way, Span)>,
}

/// Locks that are drawn for it, one for each run.
const LOCKS: u64 = RUNS as u64;

impl Spans {
    /// Runs each command some times.
    pub fn of(desk: &Desk) -> Result<Self, String> {
        // Their numbers are not those of the lives that follow.
        let lives = (0..LOCKS).map(|number| Life::new(desk, 9_000 + number));
        let lives = lives.collect::<Result<Vec<_>, _>>()?;
        let each = |one: &dyn Fn(&Life<'_>) -> Result<Ran, String>| {
            let mut lives = lives.iter();
            Span::of(|| one(lives.next().ok_or("too few locks")?))
        };
        let new = each(&|life| run(&mut life.drawing(), None))?;
        lives.iter().try_for_each(Life::enrol)?;
        let claim = each(&|life| run(&mut life.claiming(), None))?;
        let sync = each(&|life| run(&mut life.sync(), None))?;
        let ways = Way::ALL.map(|way| Ok((way, opening(&lives[0], way)?)));
        let ways = ways.into_iter().collect::<Result<Vec<_>, String>>()?;
        let release = "release-of-all";
        let each_token = lives
            .iter()
            .try_for_each(|life| life.issue(&life.file(release), &["--right", "release"]));
        each_token?;
        let release = each(&|life| run(&mut life.releasing(&life.file(release)), None))?;
        Ok(Self { new, claim, sync, release, ways })
    }

    /// Prints them.
    pub fn print(&self) {
        let others = [
            ("new", self.new),
            ("claim", self.claim),
            ("sync", self.sync),
            ("release", self.release),
        ];
        let ways = self.ways.iter().map(|(way, span)| (way.name(), *span));
        for (name, span) in others.into_iter().chain(ways) {
            println!("run_us {name}: {}", span.0.as_micros());
        }
    }
}

/// How long a way of opening takes, by a token for many uses.
fn opening(life: &Life<'_>, way: Way) -> Result<Span, String> {
    let token = life.file("many");
    life.issue(&token, &["--right", "unlock"])?;
    Span::of(|| {
        let file = if way.by_code { life.code(&token)? } else { token.clone() };
        let (ran, _moved) = life.used(way, file).tried(None)?;
        Ok(ran)
    })
}
