//! What is known of a lock, and whether it says the same.

use super::*;

/// What the host and the world know of a lock.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) identity: Identity,
    /// The device keys that the host keeps, the newest last.
    pub(super) keys: Vec<[u8; 32]>,
    /// What an entry was that somebody was told.
    pub(super) told: BTreeMap<(Log, u64), Vec<u8>>,
    /// The cores of requests for which a permit was given.
    pub(super) permits: BTreeSet<[u8; 32]>,
    /// Those of which the outcome was told.
    pub(super) recorded: BTreeSet<[u8; 32]>,
    /// The uses for which a permit was given, in this epoch.
    pub(super) spent: BTreeMap<LinkId, u32>,
    pub(super) epoch: u64,
    pub(super) relock: bool,
    pub(super) released: bool,
    /// What was acknowledged at most.
    pub(super) acknowledged: u64,
}

impl Known {
    pub(super) fn new(identity: Identity) -> Self {
        let first = *device_key(&identity.nonce).expose_secret();
        Self {
            identity,
            keys: vec![first],
            told: BTreeMap::new(),
            permits: BTreeSet::new(),
            recorded: BTreeSet::new(),
            spent: BTreeMap::new(),
            epoch: 0,
            relock: false,
            released: false,
            acknowledged: 0,
        }
    }

    /// The key that signs.
    pub(super) fn key(&self) -> SigningKey<role::Device> {
        let keys = self.keys.iter().map(SigningKey::from_secret);
        keys.into_iter().find(|key| key.public() == self.identity.device).unwrap()
    }

    pub(super) fn tell(&mut self, draft: &Draft) {
        let receipt = draft.receipt().unwrap().sign(&self.key());
        // An entry that was drafted before a change of the key is not signed behind it.
        if let Ok(receipt) = receipt {
            self.tell_receipt(receipt.as_bytes());
        }
    }

    pub(super) fn tell_receipt(&mut self, receipt: &[u8]) {
        let receipt = Receipt::decode(receipt).unwrap();
        let public = receipt.unverified();
        let place = (public.log(), public.sequence.0);
        self.told.entry(place).or_insert_with(|| receipt.hash().as_bytes().to_vec());
    }
}

impl Life {
    /// Compares what a lock says with what is known.
    pub(super) fn check(
        &self,
        lock: &mut Door,
        known: &mut Known,
        report: &mut Report,
    ) -> Result<(), String> {
        if lock.trust().err() == Some(Denial::Unclaimed) {
            let is_lost = !known.released && !known.told.is_empty();
            return if is_lost { Err("the life is gone".into()) } else { Ok(()) };
        }
        if known.released && lock.trust().is_err() {
            return Ok(());
        }
        let mut log = None;
        for _ in 0..8 {
            if let Ok(read) = self.read(lock) {
                log = Some(read?);
                break;
            }
        }
        let log = log.ok_or("the log can't be read at all")?;
        let key = known.key();
        let entries: Vec<Vec<u8>> = log
            .iter()
            .map(|draft| {
                let receipt = draft.receipt().unwrap().sign(&key).map_err(|_| "another key")?;
                let entry = keyward::seam::whole_entry(draft, receipt.as_bytes());
                Ok(entry.map_err(|_| "no entry")?.as_bytes().to_vec())
            })
            .collect::<Result<_, &str>>()?;
        let entries: Vec<_> = entries.iter().map(|bytes| Entry::decode(bytes).unwrap()).collect();
        for log in [Log::Events, Log::Denials] {
            let own = entries.iter().filter(|it| it.receipt.unverified().log() == log);
            let own: Vec<_> = own.map(|entry| entry.receipt).collect();
            self.check_log(lock, known, log, &own, report)?;
        }
        entries
            .iter()
            .try_for_each(|entry| entry.disclosed().map(drop))
            .map_err(|_| "another private part")?;
        log.iter().for_each(|draft| known.tell(draft));
        if known.relock && lock.relock_within(now()).is_none() {
            return Err("the door must be secured, and nobody knows".into());
        }
        let trust = lock.trust().map_err(|denial| denial.to_string())?;
        let epoch = trust.scope().epoch.0;
        if epoch < known.epoch {
            return Err("the epoch is gone".into());
        }
        if epoch > known.epoch {
            // The store had it all the same.
            (known.epoch, known.spent) = (epoch, BTreeMap::new());
        }
        for (link, spent) in &known.spent {
            let counts = lock.memory().counts(START).find(|count| count.link == (*link).into());
            let held = counts.map_or(0, |count| count.uses().spent);
            if held < *spent {
                return Err(format!("{spent} uses were given, and {held} are spent"));
            }
        }
        Ok(())
    }

    pub(super) fn check_log(
        &self,
        lock: &Door,
        known: &Known,
        log: Log,
        own: &[Receipt<'_>],
        report: &mut Report,
    ) -> Result<(), String> {
        let mut head = own.first().map_or(lock.head(log), |first| {
            let first = first.unverified();
            Head { next: first.sequence, hash: *first.before }
        });
        let first = head.next.0;
        if first == 0 && head != Head::START {
            return Err("the first entry hangs from another".into());
        }
        let (mut cores, mut statements) = (BTreeSet::new(), BTreeSet::new());
        for receipt in own {
            head = head.step(receipt).map_err(|fault| format!("{log:?}: {fault:?}"))?;
            let public = receipt.unverified();
            if public.oldest.0 > first {
                return Err(format!("{log:?}: {first} is held, and said to be gone"));
            }
            let number = public.sequence.0;
            if let Some(told) = known.told.get(&(log, number)) {
                report.compared += 1;
                if told != receipt.hash().as_bytes() {
                    return Err(format!("{log:?}: two entries have the number {number}"));
                }
            }
            match public.event {
                Event::Opening { core, outcome, .. } => {
                    if !cores.insert(*core) {
                        return Err(format!("a request is told twice, at {number}"));
                    }
                    if known.recorded.contains(core) && outcome != Outcome::Done {
                        return Err(format!("{number} was done, and is {outcome:?}"));
                    }
                }
                Event::Statement { kind, hash }
                    if !statements.insert((kind.kind().byte(), *hash)) =>
                {
                    return Err(format!("a statement is told twice, at {number}"));
                }
                _ => {}
            }
        }
        if head != lock.head(log) {
            return Err(format!("{log:?} ends at {head:?}, and not at {:?}", lock.head(log)));
        }
        if let Some(((_, number), _)) =
            known.told.iter().rfind(|((of, number), _)| *of == log && *number >= head.next.0)
        {
            return Err(format!("{log:?}: {number} was told, and is gone"));
        }
        let held = head.next.0 - first;
        let least = match log {
            Log::Events => HELD.min(head.next.0.saturating_sub(known.acknowledged)),
            Log::Denials => head.next.0.min(1),
        };
        if held < least {
            return Err(format!("{log:?}: {held} of {} are held", head.next.0));
        }
        if log == Log::Events && first == 0 {
            let open = usize::from(lock.has_open_decision());
            let missing = known.permits.difference(&cores).count();
            if missing > open {
                return Err(format!("{missing} permits were given, and are not told"));
            }
        }
        Ok(())
    }

    /// Whether the next lawful visitor gets in.
    pub(super) fn visited(&self, lock: &mut Door, known: &mut Known) -> Result<(), String> {
        let Ok(trust) = lock.trust() else { return Ok(()) };
        let (held, holder) = &self.visitors[usize::try_from(trust.scope().epoch.0).unwrap()];
        let asked = (Right::UNLOCK, &b""[..]);
        let acted = self
            .ask(lock, known, (held, holder), asked, 9)
            .map_err(|_| "the next lawful visitor stands outside")?;
        self.record(lock, known, acted).map_err(|_| "who came in is not told")?;
        Ok(())
    }
}
