//! All lives of a lock of so many steps, by stateright: `keyward-explore STEPS`; and, with at most so
//! many, each planted fault until it is found: `keyward-explore STEPS controls`.
//!
//! A state is the way that led to it. Two ways that leave the same to be seen, in the lock and
//! around it, are one: a lock can't be cloned, and its records name numbers that permit nothing.

mod bench;
mod cast;
mod clock;
mod control;
mod life;
mod rule;
mod step;

use std::{
    collections::BTreeSet,
    env,
    hash::{Hash, Hasher},
    sync::Arc,
    thread,
};

use cast::Cast;
use control::{CONTROLS, Control};
use life::{CHECKED, Kind, Life, UNCHALLENGED};
use stateright::{Checker, Model, Property};
use step::{Said, Step};

#[derive(Clone)]
struct Explored {
    cast: Arc<Cast>,
    steps: usize,
    control: Option<Control>,
}

#[derive(Clone, Debug)]
struct State {
    way: Vec<Step>,
    seen: String,
    opened: BTreeSet<Kind>,
    broken: Option<&'static str>,
}

impl Hash for State {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.seen.hash(state);
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.seen == other.seen
    }
}

impl Explored {
    fn lived(&self, way: Vec<Step>) -> State {
        let life = Life::lived(&self.cast, self.control, &way);
        State { seen: life.seen(), opened: life.opened(), broken: life.broken, way }
    }

    /// Explores all lives; those that were looked for, by the property that they show or break.
    fn explore(self) -> (usize, Vec<(&'static str, State)>) {
        // One thread takes the ways by their length: what is reached by two is first reached by the
        // shorter one, which has the most steps left.
        let checker = self.checker().threads(1).spawn_bfs().join();
        let found = checker.discoveries().into_iter();
        let found = found.map(|(name, path)| (name, path.last_state().clone())).collect();
        (checker.unique_state_count(), found)
    }
}

impl Model for Explored {
    type State = State;
    /// The life that a step makes of one.
    type Action = State;

    fn init_states(&self) -> Vec<State> {
        vec![self.lived(Vec::new())]
    }

    fn actions(&self, state: &State, actions: &mut Vec<State>) {
        // A life of all its steps is looked at, and not lived on.
        if state.way.len() == self.steps {
            return;
        }
        let steps = step::all(self.control.is_some());
        let half = steps.len() / THREADS + 1;
        let live = |steps: &[Step]| -> Vec<State> {
            let way = |step: &Step| [state.way.as_slice(), &[*step]].concat();
            steps.iter().map(|step| self.lived(way(step))).collect()
        };
        thread::scope(|scope| {
            let lives: Vec<_> =
                steps.chunks(half).map(|steps| scope.spawn(move || live(steps))).collect();
            actions.extend(lives.into_iter().flat_map(|lives| lives.join().unwrap()));
        });
        actions.retain(|next| next.seen != state.seen);
    }

    fn next_state(&self, _last: &State, next: State) -> Option<State> {
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let holds = Property::always(HOLDS, |_, state: &State| state.broken.is_none());
        if self.control.is_some() {
            return vec![holds];
        }
        vec![
            holds,
            Property::sometimes("the token of one use", |_, state: &State| state.has((0, None))),
            Property::sometimes("the token with a term", |_, state: &State| state.has((1, None))),
            Property::sometimes("the token of epoch 1", |_, state: &State| state.has((2, None))),
            Property::sometimes("a status of before the list", |_, state: &State| {
                state.has((CHECKED, Some(Said::Earlier)))
            }),
            Property::sometimes("a status of behind the list", |_, state: &State| {
                state.has((CHECKED, Some(Said::Later)))
            }),
            Property::sometimes("a status over the nonce", |_, state: &State| {
                state.has((CHECKED, Some(Said::OverNonce)))
            }),
            Property::sometimes("the unchallenged request", |_, state: &State| {
                state.has((UNCHALLENGED, None))
            }),
        ]
    }
}

impl State {
    fn has(&self, kind: Kind) -> bool {
        self.opened.contains(&kind)
    }
}

fn main() -> Result<(), String> {
    let mut arguments = env::args().skip(1);
    let steps = arguments.next().and_then(|steps| steps.parse().ok()).unwrap_or(3);
    let model = Explored { cast: Arc::new(Cast::new()), steps, control: None };
    if arguments.next().is_some() {
        return CONTROLS.into_iter().try_for_each(|control| model.find(control));
    }
    let properties = model.properties();
    let (states, found) = model.explore();
    println!("states: {states}\nsteps: {steps}");
    let (broken, opened): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|(name, _)| *name == HOLDS);
    println!("violations: {}\nopened: {} of {}", broken.len(), opened.len(), properties.len() - 1);
    for (_, State { broken, way, .. }) in &broken {
        println!("{}: {way:?}", broken.unwrap_or("nothing"));
    }
    let mut never = properties.iter().map(|property| property.name);
    let never = never.find(|name| *name != HOLDS && !opened.iter().any(|(opens, _)| name == opens));
    match (broken.is_empty(), never) {
        (false, _) => Err("a life in which something doesn't hold".into()),
        (true, Some(name)) => Err(format!("no life is opened by {name}")),
        (true, None) => Ok(()),
    }
}

impl Explored {
    /// Looks for a planted fault, with a step more each time.
    fn find(&self, control: Control) -> Result<(), String> {
        let name = control.name;
        for steps in 1..=self.steps {
            let model = Self { steps, control: Some(control), ..self.clone() };
            let (states, found) = model.explore();
            let Some((_, State { way, .. })) = found.first() else { continue };
            println!("control_{name}: {}: {way:?}, {states} states", control.breaks);
            // Found one step late, the last step of all lives would be looked at by nobody.
            let in_time = way.len() == steps;
            return if in_time { Ok(()) } else { Err("a last step is not looked at".into()) };
        }
        Err(format!("{name}: a planted fault was not found"))
    }
}

/// How many threads live the lives.
const THREADS: usize = 2;
/// The property of lives in which nothing is broken.
const HOLDS: &str = "holds";
