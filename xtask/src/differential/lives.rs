//! Random lives of a lock: claims, statements of every kind, releases, whole and mutated.

use chacha20::ChaCha20Rng;
use keyward::lock::Identity;
use keyward_testkit::{
    random::Dice,
    statements::{self, Deed},
    vectors,
};
use serde_json::{Value, json};

use super::mutate;

/// A life without its results, and what keyward makes of it.
pub fn life(rng: &mut ChaCha20Rng) -> (Value, Value) {
    let (identity, deeds) = deeds(rng);
    let mut question = vectors::lived(&identity, &deeds);
    let steps = question["steps"].as_array_mut();
    let answers: Vec<_> = steps
        .into_iter()
        .flatten()
        .map(|step| {
            let (result, after) = (step["result"].take(), step["after"].take());
            if let Some(step) = step.as_object_mut() {
                step.remove("result");
                step.remove("after");
            }
            json!({ "result": result, "after": after })
        })
        .collect();
    (json!({ "trust": question }), json!({ "steps": answers }))
}

/// The steps of one case, then steps of any case of that lock.
fn deeds(rng: &mut ChaCha20Rng) -> (Identity, Vec<Deed>) {
    thread_local! {
        static CASES: Vec<(Identity, Vec<Deed>)> = statements::cases()
            .into_iter()
            .flat_map(|case| [Some(case.story), case.mended])
            .flatten()
            .map(|story| {
                (story.identity, story.steps.into_iter().map(|step| step.deed).collect())
            })
            .collect();
    }
    CASES.with(|cases| {
        let mut any = || &cases[usize::try_from(Dice(rng).below(cases.len() as u64)).unwrap_or(0)];
        let (identity, mut deeds) = any().clone();
        for _ in 0..6 {
            deeds.extend(any().1.iter().take(3).cloned());
        }
        deeds.truncate(9);
        for deed in &mut deeds {
            if Dice(rng).once_in(6) {
                change(rng, deed);
            }
        }
        (identity, deeds)
    })
}

fn change(rng: &mut ChaCha20Rng, deed: &mut Deed) {
    match deed {
        Deed::Claim { claim, epoch, keyset, card, list, contact } => match Dice(rng).below(6) {
            0 => mutate(rng, claim),
            1 => mutate(rng, epoch),
            2 => mutate(rng, keyset),
            3 => mutate(rng, card),
            4 => *list = None,
            _ => *contact = !*contact,
        },
        Deed::Epochs { epochs, keyset } => match epochs.first_mut() {
            Some(epoch) if Dice(rng).once_in(2) => mutate(rng, epoch),
            _ => mutate(rng, keyset),
        },
        Deed::Keyset(bytes) | Deed::Card(bytes) | Deed::Status { bytes, .. } => mutate(rng, bytes),
        Deed::Release(_) => {}
    }
}
