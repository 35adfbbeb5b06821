//! A scene's lock: its trust, its memory, its clock, and its verdict.

use keyward::{
    Denial, Now, Presentation, PublicKey, Right, Scope, Time,
    caveat::App,
    id::{Counter, KeyName, KeysetVersion, LinkId, ListNumber, LockId, Nonce},
    ledger::{Memory, Uses},
    policy::{AppCheck, AppVerdict},
    replay::{CounterFault, Unseen, Window},
    role,
    time::Uptime,
    trust::{Issuer, Trust},
    verify::{Accepted, OpenChallenge, View, verify},
    zone::Zone,
};

use super::{EMERGENCY, Entry, LOCK, Mode, NONCE, Scene, key};

impl Scene {
    /// The lock's verdict on the scene's own presentation.
    ///
    /// # Errors
    /// The denial.
    pub fn verdict(&self) -> Result<Accepted, Denial> {
        self.judge(&self.presentation())
    }

    /// The lock's verdict on any bytes, under the scene's trust, time and history.
    ///
    /// # Errors
    /// The denial.
    pub fn judge(&self, presentation: &[u8]) -> Result<Accepted, Denial> {
        self.judge_at(presentation, LOCK, Self::scope(), NONCE)
    }

    /// The same at another lock, in another domain or epoch, or on another session.
    ///
    /// # Errors
    /// The denial.
    pub fn judge_at(
        &self,
        presentation: &[u8],
        lock: LockId,
        scope: Scope,
        nonce: Nonce,
    ) -> Result<Accepted, Denial> {
        self.prepare().judge_at(presentation, lock, scope, nonce)
    }

    /// The scene's lock, ready to judge many presentations.
    pub fn prepare(&self) -> Prepared<'_> {
        Prepared {
            scene: self,
            issuers: self.entries.iter().map(Entry::issuer).collect(),
            emergency: self.emergency.then(|| key(EMERGENCY).public()),
            ids: self.history_ids(),
        }
    }

    fn history_ids(&self) -> Vec<LinkId> {
        if self.history.is_empty() { Vec::new() } else { self.link_ids() }
    }
}

/// A scene's lock, ready to judge many presentations.
pub struct Prepared<'s> {
    scene: &'s Scene,
    issuers: Vec<Issuer<'s>>,
    emergency: Option<PublicKey<role::Emergency>>,
    ids: Vec<LinkId>,
}

impl Prepared<'_> {
    /// The lock's verdict on any bytes.
    ///
    /// # Errors
    /// The denial.
    pub fn judge(&self, presentation: &[u8]) -> Result<Accepted, Denial> {
        self.judge_at(presentation, LOCK, Scene::scope(), NONCE)
    }

    /// The same at another lock, in another domain or epoch, or on another session.
    ///
    /// # Errors
    /// The denial.
    pub fn judge_at(
        &self,
        presentation: &[u8],
        lock: LockId,
        scope: Scope,
        nonce: Nonce,
    ) -> Result<Accepted, Denial> {
        let (scene, presentation) = (self.scene, Presentation::decode(presentation)?);
        let trust = Trust {
            scope,
            lock,
            groups: &scene.groups,
            keyset: KeysetVersion(scene.keyset),
            issuers: &self.issuers,
            emergency: self.emergency,
            list: ListNumber(scene.list),
            revoked: &scene.revoked,
            floors: &scene.floors,
            zone: scene
                .zone
                .as_ref()
                .map(|(transitions, end)| Zone { transitions, end: Time(*end) }),
            accepts_unchallenged: scene.accepts_unchallenged,
        };
        let uptime = Uptime(1_000_000);
        let challenge = match scene.mode {
            Mode::Challenged { age: Some(age), channel } => {
                Some(OpenChallenge { nonce, channel, issued: Uptime(uptime.0 - age) })
            }
            _ => None,
        };
        let now = Now { time: scene.interval(), uptime, drift_ppm: scene.drift_ppm };
        let app = scene.app.map(Fixed);
        let app = app.as_ref().map(|fixed| -> &dyn AppCheck { fixed });
        verify(&presentation, &View { trust: &trust, memory: self, now, challenge, app })
    }
}

impl Memory for Prepared<'_> {
    fn uses(&self, link: &LinkId) -> Uses {
        let mut known = (0..).zip(&self.ids);
        let index = known.find(|(_, id)| *id == link).map(|(index, _)| index);
        index.and_then(|index: u8| self.scene.history.get(&index)).copied().unwrap_or_default()
    }

    fn counter(&self, _holder: &KeyName, counter: Counter) -> Result<Unseen, CounterFault> {
        match self.scene.highest {
            Some(highest) if self.scene.restored => {
                Window::restored(Counter(highest)).check(counter)
            }
            Some(highest) => Window::starting(Counter(highest))?.check(counter),
            None => Window::check_first(counter),
        }
    }
}

struct Fixed(AppVerdict);

impl AppCheck for Fixed {
    fn check(&self, _app: &App<'_>, _right: Right, _parameter: &[u8]) -> AppVerdict {
        self.0
    }
}
