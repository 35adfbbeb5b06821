//! What is foretold of a presentation, beside what the lock then says of it.

use chacha20::ChaCha20Rng;
use keyward::{
    Channel, Denial, EncodeError, Presentation, SignatureFault, Status, Time, Token,
    WitnessStatement,
    id::{Counter, Fresh},
    inspect::{Forecast, Subject, foretell},
    request::Mode,
    status::Revoked,
    verify::{View, verify},
    wire::{DecodeError, Part},
};
use keyward_testkit::{
    bound,
    random::Dice,
    scene::{self, Attested, EMERGENCY, HOLDER, Link, STRANGER, Scene, WITNESS, key_name},
    vectors,
    world::START,
};
use rand_core::SeedableRng;

/// What is foretold: the subject, a caveat by its place and name, and the denial.
type Foretold = Vec<(String, Option<Denial>)>;

fn foretold(presentation: &Presentation<'_>, view: &View<'_>) -> Foretold {
    let mut all = Vec::new();
    foretell(presentation, view, |Forecast { subject, denied }| {
        let name = match subject {
            Subject::Caveat(place, caveat) => {
                let caveat = format!("{caveat:?}");
                format!("{place}: {}", caveat.split('(').next().unwrap())
            }
            other => format!("{other:?}"),
        };
        all.push((name, denied));
    });
    all
}

fn first(foretold: &Foretold) -> Option<Denial> {
    foretold.iter().find_map(|(_, denied)| *denied)
}

/// What is foretold of a scene's own presentation.
fn of(scene: &Scene) -> Foretold {
    let bytes = scene.presentation();
    let look = |view: &View<'_>| foretold(&Presentation::decode(&bytes).unwrap(), view);
    scene.prepare().view(look).unwrap()
}

/// The denials alone, by subject and code.
fn denied(foretold: &Foretold) -> Vec<(&str, u16)> {
    let denied = foretold.iter().filter_map(|(name, denied)| Some((name, denied.as_ref()?)));
    denied.map(|(name, denial)| (name.as_str(), denial.code())).collect()
}

/// Compares what is foretold of some bytes with the verdict; whether there was one to compare.
fn agrees(name: &str, scene: &Scene, bytes: &[u8]) -> bool {
    let Ok(presentation) = Presentation::decode(bytes) else { return false };
    let (verdict, foretold) = scene
        .prepare()
        .view(|view| (verify(&presentation, view).map(drop), foretold(&presentation, view)))
        .unwrap();
    // These signatures nobody looks at who looks ahead.
    let unseen = verdict.as_ref().is_err_and(|denial| [300, 302, 303].contains(&denial.code()));
    if !unseen {
        assert_eq!(first(&foretold), verdict.err(), "{name}: {foretold:?}");
    }
    !unseen
}

/// The scene's presentation, supposed from its parts.
fn supposed<T>(scene: &Scene, look: impl FnOnce(&Presentation<'_>, &View<'_>) -> T) -> T {
    let token = scene.token().unwrap();
    let token = Token::decode(&token).unwrap();
    let request = scene.request(&token);
    let statements: Vec<_> =
        scene.witnesses.iter().map(|witness| scene.statement(&request, *witness)).collect();
    let statements: Vec<_> =
        statements.iter().map(|bytes| WitnessStatement::decode(bytes).unwrap()).collect();
    let status = scene.attestation();
    let status = status.as_ref().map(|bytes| Status::decode(bytes).unwrap());
    let mode = match scene.mode {
        scene::Mode::Challenged { .. } => Mode::Challenged { fresh: Fresh([0; 16]) },
        scene::Mode::Unchallenged { counter, time, expires } => {
            let (counter, time, expires) = (Counter(counter), Time(time), Time(expires));
            Mode::Unchallenged { counter, time, expires }
        }
    };
    let (right, parameter) = (scene.right, &scene.parameter);
    let presentation =
        Presentation::supposed(&token, right, parameter, mode, &statements, status).unwrap();
    scene.prepare().view(|view| look(&presentation, view)).unwrap()
}

#[test]
fn the_first_denial_is_the_lock_s_in_every_scene() {
    let (mut denied, mut accepted) = (0, 0);
    for (name, scene) in vectors::scenes() {
        assert!(agrees(&name, &scene, &scene.presentation()), "{name}");
        if scene.verdict().is_ok() { accepted += 1 } else { denied += 1 }
    }
    for (name, scene, bytes, _code) in bound::around_signatures() {
        agrees(name, &scene, &bytes);
    }
    assert!(denied > 200 && accepted > 200, "{denied} denied, {accepted} accepted");
}

#[test]
fn the_first_denial_is_the_lock_s_in_random_scenes() {
    let mut rng = ChaCha20Rng::seed_from_u64(11);
    let mut compared = 0;
    for round in 0..3000 {
        let scene = Dice(&mut rng).scene();
        compared += u32::from(agrees(&format!("round {round}"), &scene, &scene.presentation()));
    }
    assert!(compared > 2500, "{compared}");
}

#[test]
fn what_is_supposed_is_foretold_as_what_is_presented() {
    for (name, scene) in vectors::scenes() {
        let found = supposed(&scene, foretold);
        match of(&scene) {
            // It passes for sealed, so what stands behind that is foretold.
            presented if first(&presented) == Some(Denial::SealedOnly) => {
                assert_eq!(first(&found), None, "{name}");
            }
            presented => assert_eq!(found, presented, "{name}"),
        }
    }
}

#[test]
fn what_is_supposed_opens_nothing() {
    let fault = SignatureFault::SmallOrderPoint;
    let verdict = supposed(&Scene::full(), |presentation, view| verify(presentation, view).err());
    assert_eq!(verdict, Some(Denial::HolderSignature(fault)));
}

#[test]
fn everything_is_foretold_in_the_lock_s_order() {
    let mut scene = Scene::full();
    scene.entries[0].limits = vec![1, 1];
    let names: Vec<_> = of(&scene).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names.join(", "),
        "Admission, Signatures, Serial, Link(0), Link(1), Link(2), StatusTime, Issuer, \
         the issuer: Rights, link 0: Rights, link 0: Target, link 0: Valid, link 0: Uses, \
         link 0: Witness, link 1: Rights, link 1: Valid, link 2: Rights, link 2: Valid"
    );
    // Neither a status nor an issuer, but a counter.
    let mut scene = Scene::with(|scene| scene.accepts_unchallenged = true);
    let (counter, time, expires) = (5, scene.lo, scene.lo + 1);
    scene.mode = scene::Mode::Unchallenged { counter, time, expires };
    let names: Vec<_> = of(&scene).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names.join(", "),
        "Admission, Signatures, Serial, Link(0), Issuer, link 0: Rights, link 0: Target, \
         link 0: Valid, Counter"
    );
    let names = of(&Scene::with(|scene| scene.issuer = EMERGENCY));
    assert!(names.iter().all(|(name, denied)| name != "Issuer" && denied.is_none()));
}

#[test]
fn all_denials_are_foretold_not_the_first_alone() {
    let mut scene = Scene::full();
    scene.revoked = vec![Revoked::from(key_name(HOLDER + 1)), key_name(WITNESS).into()];
    scene.status = Some(Attested::new(START.0 - 86_400 * 2));
    scene.links[0] = Link { channels: Some(1), fresh: Some(60), ..scene.links[0].clone() };
    scene.links[2].valid = Some((START.0, 30));
    let foretold = of(&scene);
    assert_eq!(
        denied(&foretold),
        [
            ("Link(1)", 402),
            ("StatusTime", 454),
            ("link 0: Witness", 403),
            ("link 0: Fresh", 451),
            ("link 0: Channel", 440),
            ("link 2: Valid", 421),
        ]
    );
}

#[test]
fn without_admission_nothing_else_is_foretold() {
    let stranger = of(&Scene::with(|scene| scene.issuer = STRANGER));
    assert_eq!((stranger.len(), denied(&stranger)), (1, vec![("Admission", 200)]));
    let closed = scene::Mode::Challenged { age: None, channel: Channel::Radio };
    let closed = of(&Scene::with(|scene| scene.mode = closed));
    assert_eq!((closed.len(), denied(&closed)), (1, vec![("Admission", 210)]));
}

#[test]
fn a_link_s_signature_is_foretold_and_no_other() {
    let scene = Scene::full();
    for (name, end, code) in bound::signature_ends(&scene) {
        let mut bytes = scene.presentation();
        bytes[end - 20] ^= 1;
        let presentation = Presentation::decode(&bytes).unwrap();
        let foretold = scene.prepare().view(|view| foretold(&presentation, view)).unwrap();
        let seen = if code == 301 { vec![("Signatures", 301)] } else { vec![] };
        assert_eq!(denied(&foretold), seen, "{name}");
    }
}

#[test]
fn nothing_is_supposed_that_would_not_decode() {
    let scene = Scene::full();
    let token = scene.token().unwrap();
    let token = Token::decode(&token).unwrap();
    let statement = scene.statement(&scene.request(&token), WITNESS);
    let witness = WitnessStatement::decode(&statement).unwrap();
    let issuer = scene::key(scene::ATTESTER).public();
    let state = {
        let status = scene.attestation().unwrap();
        Status::decode(&status).unwrap().unverified_state()
    };
    let listed = Status::revoke(Scene::scope(), &issuer, state, &[], &[], None).unwrap();
    let listed = [listed.unsigned_bytes(), &[0; 64]].concat();
    let listed = Status::decode(&listed).unwrap();

    let fresh = Mode::Challenged { fresh: Fresh([0; 16]) };
    let at = |time, expires| Mode::Unchallenged {
        counter: Counter(1),
        time: Time(time),
        expires: Time(expires),
    };
    let last = (1 << 40) - 1;
    let suppose = |parameter, mode, witnesses: &[_], status| {
        let right = keyward::Right::UNLOCK;
        Presentation::supposed(&token, right, parameter, mode, witnesses, status).err()
    };
    let invalid = |error| Some(EncodeError::Invalid(error));
    assert_eq!(suppose(&[0; 64], fresh, &[witness], None), None);
    assert_eq!(suppose(&[], at(last, last), &[], None), None);
    let over = |part| invalid(DecodeError::OverLimit(part));
    assert_eq!(suppose(&[0; 65], fresh, &[], None), over(Part::Parameter));
    assert_eq!(suppose(&[], fresh, &[witness; 3], None), over(Part::Witnesses));
    let twice = invalid(DecodeError::Doubled(Part::Witnesses));
    assert_eq!(suppose(&[], fresh, &[witness; 2], None), twice);
    let late = invalid(DecodeError::OutOfRange(Part::Time));
    assert_eq!(suppose(&[], at(last + 1, last), &[], None), late);
    assert_eq!(suppose(&[], at(last, last + 1), &[], None), late);
    let list = invalid(DecodeError::ListInPresentation);
    assert_eq!(suppose(&[], fresh, &[], Some(listed)), list);
}
