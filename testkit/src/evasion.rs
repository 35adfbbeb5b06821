//! How long a revoked token still opens a door that hears of it from visitors alone.
//!
//! Honest phones bring the newest list whenever they come. The hostile phone comes again and again,
//! brings nothing, and may jam a share of the honest visits.

use chacha20::ChaCha20Rng;
use keyward::{
    Ask, Caveats, Challenge, Channel, Now, Right, Rights, Seconds, Target, Time, Valid, id::LockId,
    status::Revoked,
};
use rand_core::{Rng, SeedableRng};

use crate::world::{Capability, Door, Holder, Owner, START, Settings};

/// One simulated door.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Honest phones that use the door.
    pub phones: u32,
    /// How often each comes, on average, in hours; independent of all others.
    pub every_hours: f64,
    /// What the hostile token demands of a status, if it does.
    pub fresh: Option<Seconds>,
    /// Which share of the honest visits is jammed.
    pub jammed: f64,
}

/// What one run measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evasion {
    /// Hours from the revocation to the last time that the door opened for the token.
    pub hours: f64,
    /// How often it opened after the revocation.
    pub entries: u32,
}

/// How often the hostile phone comes.
pub const HOSTILE_MINUTES: u64 = 30;
const LOCK: LockId = LockId(*b"evaded-1");

/// Runs one door until the token is denied for good.
pub fn run(setting: &Setting, seed: u64) -> Evasion {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut owner = Owner::new(START, &mut rng);
    let now = Now::exactly(START);
    let mut door = Door::claimed(LOCK, &mut owner, Settings::default(), now, &mut rng);
    let hostile = Holder::new(&mut rng);
    let valid = Valid { from: START, lasts: Seconds::days(365) };
    let mut grant =
        Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(LOCK)], valid).unwrap();
    if let Some(fresh) = setting.fresh {
        grant = grant.fresh(fresh).unwrap();
    }
    let held = owner.grant(&hostile.public(), 0, &grant);

    // The phone fetches a status until the instant of its revocation; then it is given none. What
    // another phone would give it names the new list.
    let revoked = START.after(3600 + rng.next_u64() % 86_400);
    let last = owner.attest(revoked, None);
    owner.revoke([Revoked::from(hostile.public().name())], revoked.after(1));

    let mut honest: Vec<f64> = (0..setting.phones).map(|_| wait(setting, &mut rng)).collect();
    let mut visit = revoked.after(1 + rng.next_u64() % (HOSTILE_MINUTES * 60));
    let mut evasion = Evasion { hours: 0.0, entries: 0 };
    loop {
        // Everybody who comes before the hostile phone's next visit.
        for next in &mut honest {
            loop {
                let at = revoked.after(1 + (*next * 3600.0) as u64);
                if at > visit {
                    break;
                }
                if !chance(setting.jammed, &mut rng) {
                    door.visit(&owner.library, Now::exactly(at));
                }
                *next += wait(setting, &mut rng);
            }
        }
        let leaked = setting.fresh.map(|_| owner.attest(visit, None));
        let statuses = [setting.fresh.map(|_| last.clone()), leaked];
        let mut verdicts = Vec::new();
        for status in statuses.iter().take(1 + usize::from(setting.fresh.is_some())) {
            let (status, rng) = (status.as_deref(), &mut rng);
            verdicts.push(present(&mut door, &hostile, &held, status, visit, rng));
        }
        if verdicts.contains(&None) {
            evasion.entries += 1;
            evasion.hours = visit.since(revoked) as f64 / 3600.0;
        }
        // Revoked for good; or its last status is too old, and a newer one names a list that the
        // door hears of before it believes the status.
        let stale = verdicts == [Some("StatusStale"), Some("StatusAhead")];
        if stale || verdicts.iter().all(|verdict| *verdict == Some("KeyRevoked")) {
            return evasion;
        }
        visit = visit.after(HOSTILE_MINUTES * 60);
    }
}

/// Presents the token; returns why the door stays shut.
fn present(
    door: &mut Door,
    holder: &Holder,
    held: &Capability,
    status: Option<&[u8]>,
    at: Time,
    rng: &mut ChaCha20Rng,
) -> Option<&'static str> {
    let now = Now::exactly(at);
    let challenge = door.connect(Channel::Radio, now);
    assert!(Challenge::decode(&challenge).is_ok());
    let ask = Ask { lock: LOCK, right: Right::UNLOCK, parameter: b"" };
    let request = holder.request(held, ask, &challenge, Channel::Radio, rng);
    let presentation = holder.present(&request, &[], status);
    door.present(&presentation, now).1.err().map(|denial| denial.name())
}

/// Hours until a phone comes again: visits without memory.
fn wait(setting: &Setting, rng: &mut ChaCha20Rng) -> f64 {
    -setting.every_hours * (1.0 - unit(rng)).ln()
}

fn chance(share: f64, rng: &mut ChaCha20Rng) -> bool {
    unit(rng) < share
}

fn unit(rng: &mut ChaCha20Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}
