use arbitrary::{Result, Unstructured};
use chacha20::ChaCha20Rng;
use keyward::{
    Caveats, EncodeError, Narrowing, Rights, Seconds, Target, Time, Token, Valid,
    caveat::{CaveatSet, Channels, FirstUse},
    id::{GroupId, LockId},
    schedule::{Dates, Weekdays, Window},
};
use keyward_testkit::{
    oracle,
    random::Dice,
    scene::{GROUP, HOLDER, LOCK, Link, WITNESS, key},
    world::START,
};
use rand_core::SeedableRng;

/// Caveats of any values: their order doesn't matter to the builder, what it builds decodes and is
/// the oracle's encoding; and a token that they narrow opens nothing that its parent doesn't.
pub fn attenuate(data: &[u8]) {
    let mut bytes = Unstructured::new(data);
    // Bytes that run out end the attempt.
    let _ = narrow(&mut bytes);
}

fn narrow(bytes: &mut Unstructured<'_>) -> Result<()> {
    let seed = bytes.arbitrary::<u16>()?;
    let link = link(bytes)?;
    let mut order: Vec<usize> = (0..KINDS).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, bytes.int_in_range(0..=last)?);
    }
    let in_order = link.narrowing();
    let shuffled = build(&link, &order);
    match (&in_order, &shuffled) {
        (Ok(one), Ok(other)) => assert_eq!(one.encode(), other.encode()),
        (Err(_), Err(_)) => return Ok(()),
        _ => panic!("order matters: {in_order:?} {shuffled:?}"),
    }
    let Ok(caveats) = shuffled else { return Ok(()) };
    let encoded = caveats.encode().expect("caveats that were built");
    CaveatSet::decode(encoded.as_bytes()).expect("what was built decodes");
    let read = oracle::caveats(encoded.as_bytes()).expect("the oracle reads it too");
    assert_eq!(read, meant(&link));
    narrows(seed, link);
    Ok(())
}

/// Whether the lock accepts a random scene's token, and what it says of the token narrowed.
fn narrows(seed: u16, link: Link) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed.into());
    let mut dice = Dice(&mut rng);
    let mut parent = dice.scene();
    parent.links.truncate(3);
    for (link, depth) in parent.links.iter_mut().zip([3, 2, 1]) {
        link.depth = depth;
    }
    let Ok(token) = parent.token() else { return };
    let mut child = parent.clone();
    child.links.push(Link { depth: 0, ..link });
    if let Ok(narrowed) = child.token() {
        let token = Token::decode(&token).expect("a token that was built");
        let narrowed = Token::decode(&narrowed).expect("a token that was narrowed");
        assert_eq!(narrowed.unverified_serial(), token.unverified_serial());
        let grantee = HOLDER + u8::try_from(parent.links.len()).expect("at most three links");
        assert_eq!(
            narrowed.unverified_grantee().expect("a grantee"),
            key(grantee).public(),
            "the grantee is the one that the link names"
        );
        if child.verdict().is_ok() {
            drop(parent.verdict().expect("a token opens what its narrowing opens"));
        }
    }
}

const KINDS: usize = 11;

/// The link's caveats, given to the builder in this order.
fn build(link: &Link, order: &[usize]) -> core::result::Result<Narrowing, EncodeError> {
    let mut caveats = Caveats::narrowing();
    for kind in order {
        let all = caveats.clone();
        let more = match kind {
            0 => link.rights.map(|rights| all.rights(Rights(rights))),
            1 => link.targets.as_ref().map(|targets| all.targets(targets)),
            2 => link
                .valid
                .map(|(from, lasts)| all.valid(Valid { from: Time(from), lasts: Seconds(lasts) })),
            3 => link.uses.map(|uses| all.uses(uses)),
            4 => link.witness.as_ref().map(|(of, keys)| {
                let keys: Vec<_> = keys.iter().map(|number| key(*number).public()).collect();
                all.witness(*of, &keys)
            }),
            5 => link.max_open.map(|seconds| all.max_open(Seconds(seconds))),
            6 => link.fresh.map(|seconds| all.fresh(Seconds(seconds))),
            7 => link.schedule.as_ref().map(|(windows, dates)| all.schedule(windows, dates)),
            8 => link
                .first_use
                .map(|(by, lasts)| all.first_use(FirstUse { by: Time(by), lasts: Seconds(lasts) })),
            9 => link.channels.map(|channels| all.channels(Channels(channels))),
            _ => link.app.as_ref().map(|(tag, data)| all.app(*tag, data)),
        };
        if let Some(more) = more {
            caveats = more?;
        }
    }
    Ok(caveats)
}

/// A link of any values, many of which a lock accepts.
fn link(bytes: &mut Unstructured<'_>) -> Result<Link> {
    let has = bytes.arbitrary::<u16>()?;
    let has = |bit: u16| has >> bit & 1 == 1;
    let mut link = Link::default();
    if has(0) {
        link.rights = Some(bytes.arbitrary::<u32>()? | u32::from(has(11)));
    }
    if has(1) {
        link.targets = Some(list(bytes, 9, |bytes| {
            Ok(match bytes.int_in_range(0..=4)? {
                0 => Target::Lock(LockId(bytes.arbitrary()?)),
                1 => Target::Group(GroupId(bytes.arbitrary()?)),
                2 => Target::Group(GROUP),
                _ => Target::Lock(LOCK),
            })
        })?);
    }
    if has(2) {
        link.valid = Some((near(bytes)?, duration(bytes)?));
    }
    if has(3) {
        link.uses = Some(duration(bytes)?);
    }
    if has(4) {
        let number = |bytes: &mut Unstructured<'_>| bytes.int_in_range(0..=WITNESS + 5);
        link.witness = Some((bytes.int_in_range(0..=3)?, list(bytes, 5, number)?));
    }
    if has(5) {
        link.max_open = Some(duration(bytes)?);
    }
    if has(6) {
        link.fresh = Some(duration(bytes)?);
    }
    if has(7) {
        let windows = list(bytes, 9, window)?;
        let day = u32::try_from(START.0 / 86_400).expect("a day");
        let dates = list(bytes, 17, |bytes| {
            let first = bytes.int_in_range(0..=400)? + day * u32::from(has(12));
            Ok(Dates { first, days: bytes.int_in_range(0..=400)? })
        })?;
        link.schedule = Some((windows, dates));
    }
    if has(8) {
        link.first_use = Some((near(bytes)?, duration(bytes)?));
    }
    if has(9) {
        link.channels = Some(bytes.int_in_range(0..=17)?);
    }
    if has(10) {
        link.app = Some((bytes.arbitrary()?, list(bytes, 34, |bytes| bytes.arbitrary())?));
    }
    Ok(link)
}

fn window(bytes: &mut Unstructured<'_>) -> Result<Window> {
    Ok(Window {
        days: Weekdays(bytes.int_in_range(0..=130)?),
        start: bytes.int_in_range(0..=1450)?,
        length: bytes.int_in_range(0..=1450)?,
        every: bytes.int_in_range(0..=54)?,
        phase: bytes.int_in_range(0..=54)?,
    })
}

fn list<T>(
    bytes: &mut Unstructured<'_>,
    most: usize,
    one: impl Fn(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    (0..bytes.int_in_range(0..=most)?).map(|_| one(bytes)).collect()
}

/// Mostly a time near the scene's, else any.
fn near(bytes: &mut Unstructured<'_>) -> Result<u64> {
    if bytes.ratio(7, 8)? {
        Ok(START.0 - 500 + u64::from(bytes.arbitrary::<u16>()? % 1500))
    } else {
        bytes.arbitrary()
    }
}

/// Mostly a short time, else any.
fn duration(bytes: &mut Unstructured<'_>) -> Result<u32> {
    if bytes.ratio(7, 8)? { Ok(bytes.arbitrary::<u16>()?.into()) } else { bytes.arbitrary() }
}

/// What the link's caveats must read as: lists sorted, all else as it was given.
fn meant(link: &Link) -> oracle::Caveats {
    let target = |target: &Target| match target {
        Target::Lock(id) => oracle::Target::Lock(id.0),
        Target::Group(id) => oracle::Target::Group(id.0),
    };
    let witness = |number: &u8| *key::<keyward::role::Witness>(*number).public().as_bytes();
    let window = |window: &Window| oracle::Window {
        days: window.days.0,
        start: window.start,
        length: window.length,
        every: window.every,
        phase: window.phase,
    };
    let schedule = |(windows, dates): &(Vec<Window>, Vec<Dates>)| oracle::Schedule {
        windows: sorted(windows, window),
        exceptions: sorted(dates, |dates| (dates.first, dates.days)),
    };
    oracle::Caveats {
        rights: link.rights,
        targets: link.targets.as_ref().map(|targets| sorted(targets, target)),
        valid: link.valid,
        uses: link.uses,
        witness: link.witness.as_ref().map(|(of, keys)| (*of, sorted(keys, witness))),
        max_open: link.max_open,
        fresh: link.fresh,
        schedule: link.schedule.as_ref().map(schedule),
        first_use: link.first_use,
        channels: link.channels,
        app: link.app.clone(),
    }
}

fn sorted<T, U: Ord>(list: &[T], one: impl Fn(&T) -> U) -> Vec<U> {
    let mut list: Vec<_> = list.iter().map(one).collect();
    list.sort();
    list
}
