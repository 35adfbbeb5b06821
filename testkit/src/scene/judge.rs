//! A scene's lock: its trust, its memory, its clock, and its verdict.

use keyward::{
    Card, Denial, Issuer, Keyset, Now, Presentation, PublicKey, Right, Scope, SealingKey, Seconds,
    State, Status, Time, Trust, card,
    caveat::App,
    id::{ClaimNonce, Counter, KeyName, KeysetVersion, LinkId, LockId, Nonce},
    keyset,
    ledger::{Memory, Uses},
    policy::{AppCheck, AppVerdict},
    replay::{CounterFault, Unseen, Window},
    role,
    seal::SealFault,
    time::Uptime,
    verify::{Accepted, OpenChallenge, View, verify},
    wire::Kind,
    zone::{Zone, ZoneId},
};

use super::{ATTESTER, CARD, DEVICE, EMERGENCY, ISSUER, LOCK, Mode, NONCE, Scene, key, order};

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
            keyset: self.keyset_bytes(),
            list: self.list_bytes(),
            card: self.card_bytes(LOCK, Self::scope()),
            emergency: self.emergency.then(|| key(EMERGENCY).public()),
            ids: self.history_ids(),
        }
    }

    /// The keyset that the lock holds; nobody has signed it.
    fn keyset_bytes(&self) -> Vec<u8> {
        let mut keyed: Vec<_> = self
            .entries
            .iter()
            .map(|entry| (key::<role::Issuer>(entry.key).public(), entry))
            .collect();
        keyed.sort_by_key(|(key, _)| *key);
        let issuers: Vec<_> = keyed
            .iter()
            .map(|(key, entry)| {
                let lasts = Seconds(u32::try_from(entry.until - entry.from).unwrap());
                let issuer = Issuer::new(key, entry.roles, Time(entry.from), lasts);
                issuer.with_limits(&entry.limits)
            })
            .collect();
        let zone = self
            .zone
            .as_ref()
            .map(|(transitions, end)| Zone::encode(ZoneId(1), transitions, *end).unwrap());
        let zones: Vec<_> =
            zone.iter().map(|zone| Zone::decode(zone.as_bytes()).unwrap()).collect();
        let draft = keyset::Draft {
            epoch: Self::scope().epoch,
            version: KeysetVersion(self.keyset),
            issued_at: Time(0),
            log_to: None,
            issuers: &issuers,
            zones: &zones,
        };
        draft.encode().unwrap().as_bytes().to_vec()
    }

    /// The list that the lock holds; nobody has signed it.
    fn list_bytes(&self) -> Vec<u8> {
        let (mut revoked, mut floors) = (self.revoked.clone(), self.floors.clone());
        revoked.sort_unstable();
        floors.sort_unstable();
        let state =
            State { keyset: KeysetVersion(self.list.0), list: order(self.list), at: Time(0) };
        let issuer = key(ATTESTER).public();
        let draft = Status::revoke(Self::scope(), &issuer, state, &revoked, &floors, None);
        [draft.unwrap().unsigned_bytes(), &[0; 64]].concat()
    }

    /// The card that the lock holds; nobody has signed it.
    fn card_bytes(&self, lock: LockId, scope: Scope) -> Vec<u8> {
        let mut groups = self.groups.clone();
        groups.sort_unstable();
        let draft = card::Draft {
            scope,
            order: CARD,
            at: Time(0),
            lock,
            groups: &groups,
            device: key(DEVICE).public(),
            sealing: self.sealed_only.then_some(SealingKey::from_bytes([9; 32])),
            sealed_only: self.sealed_only,
            unchallenged: self.accepts_unchallenged,
            zone: self.zone.as_ref().map(|_| ZoneId(1)),
            nonce: ClaimNonce([0; 16]),
        };
        let draft = draft.by(&key(ISSUER).public()).unwrap();
        [draft.unsigned_bytes(), &[0; 64]].concat()
    }

    fn history_ids(&self) -> Vec<LinkId> {
        if self.history.is_empty() { Vec::new() } else { self.link_ids() }
    }
}

/// A scene's lock, ready to judge many presentations.
pub struct Prepared<'s> {
    scene: &'s Scene,
    keyset: Vec<u8>,
    list: Vec<u8>,
    card: Vec<u8>,
    emergency: Option<PublicKey<role::Emergency>>,
    ids: Vec<LinkId>,
}

impl Prepared<'_> {
    /// What the lock holds, as bytes that nobody has signed: keyset, card and list.
    pub fn held(&self) -> [&[u8]; 3] {
        [&self.keyset, &self.card, &self.list]
    }

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
        if presentation.get(1) == Some(&Kind::Sealed.byte()) {
            // This lock has no key to open it with.
            return Err(SealFault::NoKey.into());
        }
        let presentation = Presentation::decode(presentation)?;
        self.view_at(lock, scope, nonce, |view| verify(&presentation, view))?
    }

    /// Shows what this lock verifies against, at its own door.
    ///
    /// # Errors
    /// [`Denial::Malformed`] where the scene's trust can't be read.
    pub fn view<T>(&self, look: impl FnOnce(&View<'_>) -> T) -> Result<T, Denial> {
        self.view_at(LOCK, Scene::scope(), NONCE, look)
    }

    fn view_at<T>(
        &self,
        lock: LockId,
        scope: Scope,
        nonce: Nonce,
        look: impl FnOnce(&View<'_>) -> T,
    ) -> Result<T, Denial> {
        let scene = self.scene;
        let elsewhere = (lock, scope) != (LOCK, Scene::scope());
        let card = elsewhere.then(|| scene.card_bytes(lock, scope));
        let card = card.as_ref().unwrap_or(&self.card);
        let trust = Trust::pinned(
            scope,
            self.emergency,
            &Keyset::decode(&self.keyset)?,
            &Card::decode(card)?,
            Some(&Status::decode(&self.list)?),
        );
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
        Ok(look(&View { trust: &trust, memory: self, now, challenge, app }))
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
                Window::<1>::restored(Counter(highest)).check(counter)
            }
            Some(highest) => Window::<1>::starting(Counter(highest))?.check(counter),
            None => Window::<1>::check_first(counter),
        }
    }
}

struct Fixed(AppVerdict);

impl AppCheck for Fixed {
    fn check(&self, _app: &App<'_>, _right: Right, _parameter: &[u8]) -> AppVerdict {
        self.0
    }
}
