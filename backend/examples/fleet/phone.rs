//! A courier's phone: it comes with whatever its errand needs until it is let in.

use std::{
    sync::{Arc, Mutex, atomic::Ordering},
    time::{Duration, Instant},
};

use chacha20::ChaCha20Rng;
use futures_util::future::{join, join_all};
use keyward::Time;
use keyward_backend::state::clock::Clock;
use keyward_testkit::world::Capability;
use rand_core::{Rng, SeedableRng};
use tokio::task::JoinHandle;

use crate::{
    book::{Link, count},
    estate::{self, Courier, SHARED_USES},
    field::{Field, Recent},
    wire::{Brought, Outcome},
};

/// Presentations of one errand.
pub const ERRAND: u64 = 10;

/// One phone.
pub struct Phone {
    field: Arc<Field>,
    courier: Courier,
    rng: ChaCha20Rng,
    /// Replays that are still on their way.
    later: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

/// How a presentation is repeated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    Never,
    /// At the same time, at another node.
    AtOnce,
    /// At another node, within seconds.
    Later,
}

/// What a visit came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    In,
    /// The token has no use left; a use may have been spent by a presentation that nobody answered.
    UsedUp {
        unsure: bool,
    },
    ShutOut,
}

impl Phone {
    /// The phone of this number.
    pub fn new(field: &Arc<Field>, seed: u64, number: u64) -> Self {
        let courier = Courier::new(&field.estate, seed, number);
        let rng = ChaCha20Rng::seed_from_u64(!seed ^ number);
        Self { field: Arc::clone(field), courier, rng, later: Arc::default() }
    }

    /// Ten presentations: three of the courier's own token, two of tokens for one use, four of one
    /// token for three uses at the same time, and one that answers no challenge. Of every tenth
    /// errand one is brought twice.
    pub async fn errand(&mut self, number: u64) {
        let repeated = if number.is_multiple_of(10) { number / 10 % 6 } else { u64::MAX };
        let twice = if (number / 60).is_multiple_of(2) { Again::AtOnce } else { Again::Later };
        let again = |place: u64| if place == repeated { twice } else { Again::Never };
        let own = self.courier.held.clone();
        for place in 0..3 {
            let door = Field::door(&mut self.rng);
            let end = self.visit(door, &own, None, again(place)).await;
            self.done(end == End::In, 1);
        }
        for place in 3..5 {
            let door = Field::door(&mut self.rng);
            let token = self.courier.counted(&self.field.estate, self.field.lock(door), 1);
            let link = self.field.book.link(1);
            let end = self.visit(door, &token, Some(link), again(place)).await;
            if end == (End::UsedUp { unsure: true }) {
                count(&self.field.book.counts.uses_lost);
            }
            self.done(matches!(end, End::In | End::UsedUp { unsure: true }), 1);
        }
        self.shared().await;
        let end = self.unasked(again(5)).await;
        self.done(end == End::In, 1);
    }

    /// Waits for what is still on its way.
    pub async fn rest(self) {
        let later = std::mem::take(&mut *self.later.lock().expect("whole"));
        join_all(later).await;
    }

    fn done(&self, well: bool, presentations: u64) {
        let counts = &self.field.book.counts;
        counts.done.fetch_add(presentations, Ordering::Relaxed);
        if !well {
            count(&counts.shut_out);
        }
    }

    /// Comes with a token, and with a new challenge where that helps, until it is let in.
    async fn visit(
        &mut self,
        door: u32,
        held: &Capability,
        link: Option<Link>,
        again: Again,
    ) -> End {
        let (began, mut unsure, mut again) = (Instant::now(), false, again);
        while began.elapsed() < LET_IN_WITHIN {
            let brought = self.answered(door, held, link).await;
            let (outcome, lost) = self.bring(door, &brought, again).await;
            if outcome == Outcome::Accepted {
                let counted = link.map(|link| (held.clone(), link, self.courier.holder()));
                self.field.remember(Recent { door, brought, counted });
                return End::In;
            }
            again = Again::Never;
            unsure |= lost || outcome == Outcome::Late;
            if let Some(end) = self.refused(outcome, lost, unsure) {
                return end;
            }
            tokio::time::sleep(PAUSE).await;
        }
        End::ShutOut
    }

    /// Comes without a challenge, under a new counter each time.
    async fn unasked(&mut self, again: Again) -> End {
        let (began, mut again) = (Instant::now(), again);
        while began.elapsed() < LET_IN_WITHIN {
            let door = Field::door(&mut self.rng);
            let bytes = self.courier.unasked(self.field.lock(door), self.now());
            let name = self.field.book.presentation(None);
            let brought = Brought { name, nonce: None, bytes };
            let (outcome, lost) = self.bring(door, &brought, again).await;
            if outcome == Outcome::Accepted {
                self.field.remember(Recent { door, brought, counted: None });
                return End::In;
            }
            again = Again::Never;
            if let Some(end) = self.refused(outcome, lost, lost) {
                return end;
            }
            tokio::time::sleep(PAUSE).await;
        }
        End::ShutOut
    }

    /// Four come at the same time with a token that admits three.
    async fn shared(&mut self) {
        let door = Field::door(&mut self.rng);
        let lock = self.field.lock(door);
        let token = self.courier.counted(&self.field.estate, lock, SHARED_USES);
        let link = self.field.book.link(SHARED_USES);
        let (began, mut open, mut let_in, mut lost) = (Instant::now(), 4_u32, 0, 0);
        while open > 0 && began.elapsed() < LET_IN_WITHIN {
            let mut made = Vec::new();
            for _ in 0..open {
                let brought = self.answered(door, &token, Some(link)).await;
                made.push((self.field.any(&mut self.rng), brought));
            }
            let bring = |(node, brought): &(usize, Brought)| {
                let (field, node) = (Arc::clone(&self.field), *node);
                let brought = brought.clone();
                async move { field.bring(node, door, &brought).await }
            };
            for (outcome, unsure) in join_all(made.iter().map(bring)).await {
                lost += u32::from(unsure && outcome != Outcome::Accepted);
                lost += u32::from(outcome == Outcome::Late);
                match outcome {
                    Outcome::Accepted => {
                        let_in += 1;
                        open -= 1;
                    }
                    outcome => match self.refused(outcome, unsure, true) {
                        Some(End::ShutOut) => {
                            count(&self.field.book.counts.shut_out);
                            open -= 1;
                        }
                        Some(_) => open -= 1,
                        None => {}
                    },
                }
            }
            if open > 0 {
                tokio::time::sleep(PAUSE).await;
            }
        }
        let missing = SHARED_USES.saturating_sub(let_in);
        let counts = &self.field.book.counts;
        counts.uses_lost.fetch_add(missing.min(lost).into(), Ordering::Relaxed);
        self.done(missing <= lost && open == 0, 4);
    }

    /// What follows from a refusal: an end, or another try.
    fn refused(&self, outcome: Outcome, lost: bool, unsure: bool) -> Option<End> {
        match outcome {
            Outcome::Denied(USED_UP) => Some(End::UsedUp { unsure }),
            Outcome::Replayed if lost => {
                count(&self.field.book.counts.spent_unsaid);
                None
            }
            Outcome::TooOld
            | Outcome::Contended
            | Outcome::Late
            | Outcome::Replayed
            | Outcome::Denied(CHALLENGE_EXPIRED) => {
                self.field.book.refused(outcome);
                None
            }
            _ => {
                self.field.book.refused(outcome);
                Some(End::ShutOut)
            }
        }
    }

    async fn answered(&mut self, door: u32, held: &Capability, link: Option<Link>) -> Brought {
        let (nonce, challenge) = self.field.challenge(door, &mut self.rng).await;
        let bytes = self.courier.answer(held, self.field.lock(door), &challenge);
        let name = self.field.book.presentation(link);
        Brought { name, nonce: Some(nonce), bytes }
    }

    async fn bring(&mut self, door: u32, brought: &Brought, again: Again) -> (Outcome, bool) {
        let node = self.field.any(&mut self.rng);
        let another = (node + 1 + self.rng.next_u32() as usize % 3) % self.field.crew.len();
        if again == Again::Never {
            return self.field.bring(node, door, brought).await;
        }
        count(&self.field.book.counts.replayed);
        if again == Again::AtOnce {
            let one = self.field.bring(node, door, brought);
            let (one, other) = join(one, self.field.bring(another, door, brought)).await;
            let outcome = if other.0 == Outcome::Accepted { other.0 } else { one.0 };
            return (outcome, one.1 || other.1);
        }
        let told = self.field.bring(node, door, brought).await;
        let (field, brought) = (Arc::clone(&self.field), brought.clone());
        let wait = Duration::from_millis((self.rng.next_u32() % 4000).into());
        self.later.lock().expect("whole").push(tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            field.bring(another, door, &brought).await;
        }));
        told
    }

    fn now(&self) -> Time {
        self.field.story.present().lo().second()
    }
}

/// Brings what was let in before a kill again: the same bytes, and used-up tokens with new
/// challenges.
pub async fn again(field: Arc<Field>, recent: Vec<Recent>, seed: u64) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    for Recent { door, brought, counted } in recent {
        count(&field.book.counts.replayed);
        field.bring(field.any(&mut rng), door, &brought).await;
        let Some((held, link, holder)) = counted else { continue };
        count(&field.book.counts.counted_again);
        let began = Instant::now();
        while began.elapsed() < LET_IN_WITHIN {
            let (nonce, challenge) = field.challenge(door, &mut rng).await;
            let lock = field.lock(door);
            let bytes = estate::answer(&holder, &held, lock, &challenge, &mut rng);
            let name = field.book.presentation(Some(link));
            let brought = Brought { name, nonce: Some(nonce), bytes };
            match field.bring(field.any(&mut rng), door, &brought).await.0 {
                Outcome::TooOld | Outcome::Replayed | Outcome::Contended => {}
                _ => break,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// How long a phone takes to ask for a new challenge.
const PAUSE: Duration = Duration::from_millis(20);

/// How long a client goes on trying.
const LET_IN_WITHIN: Duration = Duration::from_secs(90);

/// The code of a denial for want of uses.
const USED_UP: u16 = 430;

/// The code of a denial for a challenge that is over.
const CHALLENGE_EXPIRED: u16 = 211;
