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

use std::{
    collections::BTreeSet,
    env,
    hash::{Hash, Hasher},
    sync::Arc,
};

use cast::Cast;
use control::{CONTROLS, Control};
use life::{CHECKED, Kind, Life, Power, Said, Step, UNCHALLENGED};
use stateright::{Checker, Model, Property};

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
        let mut life = Life::new(&self.cast, self.control);
        way.iter().for_each(|step| life.step(*step));
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
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![self.lived(Vec::new())]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Step>) {
        // A life of all its steps is looked at, and not lived on.
        if state.way.len() == self.steps {
            return;
        }
        let powers = [Power::Stays, Power::Before, Power::Behind];
        actions.extend([Step::Connect, Step::Again, Step::Cut]);
        actions.extend((0..4).map(|which| Step::Present(which, Power::Stays)));
        actions.extend([Said::Earlier, Said::Later, Said::OverNonce].map(Step::Attested));
        actions
            .extend([Power::Before, Power::Behind, Power::Committed].map(|p| Step::Present(0, p)));
        actions.extend(powers.map(Step::Unchallenged));
        actions.extend((0..6).map(|which| Step::Deliver(which, Power::Stays)));
        actions.extend([Power::Before, Power::Behind].map(|power| Step::Deliver(0, power)));
        actions.extend(powers.map(Step::Walk));
        actions.extend([None, Some(-10), Some(0), Some(10)].map(Step::Clock));
        actions.push(Step::Wait(31));
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        let next = self.lived([last.way.as_slice(), &[step]].concat());
        (next.seen != last.seen).then_some(next)
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

/// The property of lives in which nothing is broken.
const HOLDS: &str = "holds";
