//! All short lives of a lock, by stateright, to a depth: `keyward-explore DEPTH [forgets]`.
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
    thread,
};

use cast::Cast;
use life::{Life, Power, Said, Step};
use stateright::{Checker, Model, Property};

struct Explored {
    cast: Arc<Cast>,
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

    fn actions(&self, _state: &State, actions: &mut Vec<Step>) {
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
    let depth = arguments.next().and_then(|depth| depth.parse().ok()).unwrap_or(4);
    let forgets = arguments.next().is_some();
    let model = Explored { cast: Arc::new(Cast::new()), forgets };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let checker = model.checker().threads(cores).target_max_depth(depth).spawn_bfs().join();
    println!("states: {}, depth: {}", checker.unique_state_count(), checker.max_depth());
    let found = checker.discoveries();
    println!("violations: {}", found.len());
    for path in found.into_values() {
        let last = path.last_state();
        println!("{}: {:?}", last.broken.unwrap_or("nothing"), last.way);
    }
}
