//! All lives of a lock of so many steps, by stateright: `keyward-explore STEPS [forgets]`.
//!
//! A state is the way that led to it. Two ways that leave the same to be seen, in the lock and
//! around it, are one: a lock can't be cloned, and its records name numbers that permit nothing.

mod bench;
mod cast;
mod life;

use std::{
    env,
    hash::{Hash, Hasher},
    sync::Arc,
};

use cast::Cast;
use life::{Life, Power, Said, Step};
use stateright::{Checker, Model, Property};

struct Explored {
    cast: Arc<Cast>,
    steps: usize,
    forgets: bool,
}

#[derive(Clone, Debug)]
struct State {
    way: Vec<Step>,
    seen: String,
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
        let mut life = Life::new(&self.cast, self.forgets);
        way.iter().for_each(|step| life.step(*step));
        State { seen: life.seen(), broken: life.broken, way }
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
        actions.extend([Step::Clock(-10), Step::Clock(0), Step::Clock(10)]);
        actions.push(Step::Wait(31));
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        let next = self.lived([last.way.as_slice(), &[step]].concat());
        (next.seen != last.seen).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("holds", |_, state: &State| state.broken.is_none())]
    }
}

fn main() {
    let mut arguments = env::args().skip(1);
    let steps = arguments.next().and_then(|steps| steps.parse().ok()).unwrap_or(3);
    let forgets = arguments.next().is_some();
    let model = Explored { cast: Arc::new(Cast::new()), steps, forgets };
    // One thread takes the ways by their length: what is reached by two is first reached by the
    // shorter one, which has the most steps left.
    let checker = model.checker().threads(1).spawn_bfs().join();
    println!("states: {}\nsteps: {steps}", checker.unique_state_count());
    let found = checker.discoveries();
    println!("violations: {}", found.len());
    for path in found.into_values() {
        let last = path.last_state();
        println!("found_in_steps: {}", last.way.len());
        println!("{}: {:?}", last.broken.unwrap_or("nothing"), last.way);
    }
}
