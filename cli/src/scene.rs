//! A lock's side of a presentation in JSON, as `tests/vectors/verify.json` has it: what the lock
//! trusts, knows and remembers. Nobody's signature vouches for it.

use keyward::{
    Card, Denial, Issuer, Keyset, Now, Presentation, PublicKey, Roles, Scope, SealingKey, Seconds,
    State, Status, Time, Trust,
    card::{self, CardOrder},
    caveat::{App, Channel, Right},
    id::{
        CardVersion, ClaimNonce, Counter, DomainId, Epoch, GroupId, KeyId, KeyName, KeysetVersion,
        LinkId, ListNumber, LockId, Nonce, Serial,
    },
    keyset,
    ledger::{Memory, Uses},
    policy::{AppCheck, AppVerdict},
    replay::{CounterFault, Unseen, Window},
    role,
    status::{ListOrder, Revoked, SerialFloor},
    time::{Interval, Uptime},
    verify::{Accepted, OpenChallenge, View, verify},
    zone::{Transition, Zone, ZoneId},
};
use serde_json::Value;

use crate::caveats::unhex;

/// A lock's side.
pub(crate) struct Scene {
    scope: Scope,
    emergency: Option<PublicKey<role::Emergency>>,
    keyset: Vec<u8>,
    card: Vec<u8>,
    list: Vec<u8>,
    time: Interval,
    drift_ppm: u32,
    challenge: Option<(Nonce, Channel, u64)>,
    uses: Vec<(LinkId, Uses)>,
    window: Option<(KeyName, Window<1>)>,
    app: Option<Fixed>,
}

type Read<T> = Result<T, String>;

impl Scene {
    /// Reads one entry of the vectors.
    pub(crate) fn of(json: &Value) -> Read<Self> {
        let (trust, memory) = (&json["trust"], &json["memory"]);
        let scope = Scope {
            domain: DomainId(bytes(trust, "domain")?),
            epoch: Epoch(number(trust, "epoch")?),
        };
        let emergency = match trust["emergency"] {
            Value::Null => None,
            _ => Some(public(&trust["emergency"])?),
        };
        let now = &json["now"];
        let lo = Time(number(now, "lo")?);
        let hi = now["hi"].as_u64().map(Time);
        Ok(Self {
            scope,
            emergency,
            keyset: keyset_of(trust, scope)?,
            card: card_of(trust, scope)?,
            list: list_of(trust, scope)?,
            time: hi.map_or(Interval::not_before(lo), |hi| Interval::between(lo, hi)),
            drift_ppm: json["challenge"]["drift_ppm"].as_u64().and_then(narrow).unwrap_or(0),
            challenge: challenge_of(&json["challenge"])?,
            uses: array(memory, "uses")?.iter().map(uses_of).collect::<Read<_>>()?,
            window: window_of(&memory["window"])?,
            app: app_of(&json["app"])?,
        })
    }

    /// The lock's verdict.
    pub(crate) fn judge(&self, presentation: &Presentation<'_>) -> Result<Accepted, Denial> {
        let (keyset, card) = (Keyset::decode(&self.keyset)?, Card::decode(&self.card)?);
        let list = Status::decode(&self.list)?;
        let trust = Trust::pinned(self.scope, self.emergency, &keyset, &card, Some(&list));
        // Far enough from the start for any age of a challenge.
        let uptime = Uptime(u64::from(u32::MAX));
        let challenge = self.challenge.map(|(nonce, channel, age)| OpenChallenge {
            nonce,
            channel,
            issued: Uptime(uptime.0.saturating_sub(age)),
        });
        let now = Now { time: self.time, uptime, drift_ppm: self.drift_ppm };
        let app = self.app.as_ref().map(|fixed| -> &dyn AppCheck { fixed });
        verify(presentation, &View { trust: &trust, memory: self, now, challenge, app })
    }
}

impl Memory for Scene {
    fn uses(&self, link: &LinkId) -> Uses {
        let known = self.uses.iter().find(|(known, _)| known == link);
        known.map_or_else(Uses::default, |(_, uses)| *uses)
    }

    fn counter(&self, holder: &KeyName, counter: Counter) -> Result<Unseen, CounterFault> {
        match &self.window {
            Some((known, window)) if known == holder => window.check(counter),
            _ => Window::<1>::check_first(counter),
        }
    }
}

/// The embedder's own conditions all hold, or fail, or are unknown.
struct Fixed(AppVerdict);

impl AppCheck for Fixed {
    fn check(&self, _app: &App<'_>, _right: Right, _parameter: &[u8]) -> AppVerdict {
        self.0
    }
}

fn keyset_of(trust: &Value, scope: Scope) -> Read<Vec<u8>> {
    let mut entries = Vec::new();
    for entry in array(trust, "issuers")? {
        let key: PublicKey<role::Issuer> = public(&entry["key"])?;
        let roles = roles(number(entry, "roles")?)?;
        let lasts = narrow(number(entry, "lasts")?).ok_or("lasts out of range")?;
        let limits = hex(&entry["limits"])?;
        entries.push((key, roles, Time(number(entry, "from")?), Seconds(lasts), limits));
    }
    entries.sort_by_key(|(key, ..)| *key);
    let issuers: Vec<_> = entries
        .iter()
        .map(|(key, roles, from, lasts, limits)| {
            Issuer::new(key, *roles, *from, *lasts).with_limits(limits)
        })
        .collect();
    let zone = zone_of(&trust["zone"])?;
    let zones = zone.iter().map(|bytes| Zone::decode(bytes).map_err(told));
    let zones = zones.collect::<Read<Vec<_>>>()?;
    let draft = keyset::Draft {
        epoch: scope.epoch,
        version: KeysetVersion(number(trust, "keyset")?),
        issued_at: Time(0),
        log_to: None,
        issuers: &issuers,
        zones: &zones,
    };
    Ok(draft.encode().map_err(told)?.as_bytes().to_vec())
}

fn roles(bits: u64) -> Read<Roles> {
    let all = [Roles::ISSUE, Roles::ATTEST, Roles::REVOKE, Roles::ENROL];
    let mut named = all.into_iter().filter(|role| bits & u64::from(role.bits()) != 0);
    let first = named.next().ok_or("an issuer without a role")?;
    Ok(named.fold(first, Roles::and))
}

fn zone_of(zone: &Value) -> Read<Option<Vec<u8>>> {
    if zone.is_null() {
        return Ok(None);
    }
    let mut transitions = Vec::new();
    for step in array(zone, "transitions")? {
        let at = narrow(number(step, "at")?).ok_or("a transition out of range")?;
        let offset = step["offset"].as_i64().and_then(|offset| i16::try_from(offset).ok());
        transitions.push(Transition { at, offset: offset.ok_or("an offset out of range")? });
    }
    let end = narrow(number(zone, "end")?).ok_or("an end out of range")?;
    let zone = Zone::encode(ZoneId(1), &transitions, end).map_err(told)?;
    Ok(Some(zone.as_bytes().to_vec()))
}

/// The card that the lock holds, of this epoch or of one before.
fn card_of(trust: &Value, scope: Scope) -> Read<Vec<u8>> {
    let current = trust["card_current"].as_bool().unwrap_or(true);
    let mut groups = Vec::new();
    for group in array(trust, "groups")? {
        groups.push(GroupId(array_of(group)?));
    }
    groups.sort_unstable();
    let sealed_only = trust["sealed_only"].as_bool().unwrap_or(false);
    let epoch = if current { scope.epoch } else { Epoch(scope.epoch.0.wrapping_sub(1)) };
    // Of a card that nobody's signature vouches for, the device and the signer don't matter.
    let device = keyward::SigningKey::<role::Device>::from_secret(&[1; 32]).public();
    let issuer = keyward::SigningKey::<role::Issuer>::from_secret(&[1; 32]).public();
    let draft = card::Draft {
        scope: Scope { epoch, ..scope },
        order: CardOrder { keyset: KeysetVersion(0), version: CardVersion(1) },
        at: Time(0),
        lock: LockId(bytes(trust, "lock")?),
        groups: &groups,
        device,
        sealing: sealed_only.then_some(SealingKey::from_bytes([9; 32])),
        sealed_only,
        unchallenged: trust["accepts_unchallenged"].as_bool().unwrap_or(false),
        zone: (!trust["zone"].is_null()).then_some(ZoneId(1)),
        nonce: ClaimNonce([0; 16]),
    };
    let draft = draft.by(&issuer).map_err(told)?;
    Ok([draft.unsigned_bytes(), &[0; 64]].concat())
}

fn list_of(trust: &Value, scope: Scope) -> Read<Vec<u8>> {
    let order = match array(trust, "list")?.as_slice() {
        [keyset, number] => ListOrder {
            keyset: KeysetVersion(keyset.as_u64().ok_or("a list without its keyset")?),
            number: ListNumber(number.as_u64().ok_or("a list without its number")?),
        },
        _ => return Err("a list's place is a keyset's version and a number".into()),
    };
    let mut entries = Vec::new();
    for entry in array(trust, "revoked")? {
        entries.push(Revoked(array_of(entry)?));
    }
    let mut floors = Vec::new();
    for floor in array(trust, "floors")? {
        let (issuer, first) = (KeyId(bytes(floor, "issuer")?), Serial(number(floor, "first")?));
        floors.push(SerialFloor { issuer, first });
    }
    entries.sort_unstable();
    floors.sort_unstable();
    let state = State { keyset: order.keyset, list: order, at: Time(0) };
    let issuer = keyward::SigningKey::<role::Issuer>::from_secret(&[1; 32]).public();
    let draft = Status::revoke(scope, &issuer, state, &entries, &floors, None).map_err(told)?;
    Ok([draft.unsigned_bytes(), &[0; 64]].concat())
}

fn challenge_of(json: &Value) -> Read<Option<(Nonce, Channel, u64)>> {
    if json.is_null() {
        return Ok(None);
    }
    let channel = match number(json, "channel")? {
        0 => Channel::Remote,
        1 => Channel::Radio,
        2 => Channel::Contact,
        3 => Channel::Ranged,
        other => return Err(format!("no channel is {other}")),
    };
    Ok(Some((Nonce(bytes(json, "nonce")?), channel, number(json, "age_milliseconds")?)))
}

fn uses_of(json: &Value) -> Read<(LinkId, Uses)> {
    let spent = narrow(number(json, "spent")?).ok_or("uses out of range")?;
    Ok((LinkId(bytes(json, "link")?), Uses { spent, first: json["first"].as_u64().map(Time) }))
}

fn window_of(json: &Value) -> Read<Option<(KeyName, Window<1>)>> {
    if json.is_null() {
        return Ok(None);
    }
    let highest = Counter(number(json, "highest")?);
    let window = match json["all_below_seen"].as_bool() {
        Some(true) => Window::restored(highest),
        _ => Window::starting(highest).map_err(|fault| format!("{fault:?}"))?,
    };
    Ok(Some((KeyName(bytes(json, "holder")?), window)))
}

fn app_of(json: &Value) -> Read<Option<Fixed>> {
    match json.as_str() {
        None => Ok(None),
        Some("holds") => Ok(Some(Fixed(AppVerdict::Holds))),
        Some("fails") => Ok(Some(Fixed(AppVerdict::Fails))),
        Some("unknown tag") => Ok(Some(Fixed(AppVerdict::UnknownTag))),
        Some(other) => Err(format!("app is holds, fails or unknown tag, not {other}")),
    }
}

fn array<'j>(json: &'j Value, name: &str) -> Read<&'j Vec<Value>> {
    json[name].as_array().ok_or_else(|| format!("{name} is not a list"))
}

fn number(json: &Value, name: &str) -> Read<u64> {
    json[name].as_u64().ok_or_else(|| format!("{name} is not a number"))
}

fn narrow(number: u64) -> Option<u32> {
    u32::try_from(number).ok()
}

fn bytes<const N: usize>(json: &Value, name: &str) -> Read<[u8; N]> {
    array_of(&json[name]).map_err(|why| format!("{name}: {why}"))
}

fn array_of<const N: usize>(json: &Value) -> Read<[u8; N]> {
    hex(json)?.try_into().map_err(|_| format!("not {N} bytes"))
}

fn hex(json: &Value) -> Read<Vec<u8>> {
    json.as_str().and_then(unhex).ok_or_else(|| "not hexadecimal".into())
}

fn public<R: role::Role>(json: &Value) -> Read<PublicKey<R>> {
    PublicKey::from_bytes(&array_of(json)?).map_err(told)
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}
