//! A template says what a lock enforces, refuses at once what no lock would read, and can't be
//! stretched by whoever fills it in.

mod store;

use keyward::{
    Ask, Channel, Denial, EncodeError, PublicKey, Right, Rights, Seconds, SigningKey, Target, Time,
    role,
    schedule::{Dates, Weekdays, Window},
};
use keyward_backend::{
    issuer::{Delegate, Issuer, Local},
    serials::Ahead,
    template::{Template, TemplateError, Visit, home},
};
use keyward_testkit::world::{Capability, Holder, START, Verdict, World};
use store::Counter;

const UNLOCK: Rights = Rights::of(Right::UNLOCK);

fn copy<R: role::Role>(key: &SigningKey<R>) -> SigningKey<R> {
    SigningKey::from_secret(key.expose_secret())
}

fn issuer(world: &World) -> Issuer<role::Issuer, Local<role::Issuer>, Counter> {
    let local = Local::new(copy(&world.owner.issuer));
    Issuer::new(world.owner.scope(), local, Counter::new(), Ahead::default())
}

/// The holder stands before the flat's door, with the camera's word or without.
fn opens(world: &mut World, holder: &Holder, token: &[u8], camera: bool) -> Verdict {
    let origin = world.owner.origin().encode().unwrap().as_bytes().to_vec();
    let held = Capability { origin, token: token.to_vec() };
    let now = world.now();
    let challenge = world.flat.connect(Channel::Radio, now);
    let ask = Ask { lock: world.flat.id(), right: Right::UNLOCK, parameter: b"" };
    let request = holder.request(&held, ask, &challenge, Channel::Radio, &mut world.rng);
    let witnesses: Vec<_> =
        camera.then(|| world.camera.agree(&request).unwrap()).into_iter().collect();
    let verdict = world.flat.present(&holder.present(&request, &witnesses, None), now).1;
    if verdict.is_ok() {
        world.flat.secure();
    }
    verdict
}

#[tokio::test]
async fn a_company_sends_a_courier_once_in_time_under_the_cameras_eye() {
    let mut world = World::new(1);
    let (flat, camera) = ([Target::Lock(world.flat.id())], [world.camera.key.public()]);
    let year = Visit::from(START).at(&flat).witnesses(&camera);
    let company = home::company().unwrap().order(world.company.public(), &year).unwrap();
    let issued = issuer(&world).issue(&company).await.unwrap();

    let delegate = Delegate::new(Local::new(copy(&world.company.key)));
    let held = delegate.hold(world.owner.origin(), &issued.token).unwrap();
    let parcel = home::courier().unwrap();
    let visit = Visit::from(START).starts(START.after(600)).lasts(Seconds::minutes(10));
    let pass = parcel.pass(world.courier.public(), &visit).unwrap();
    let token = delegate.pass(&held, &pass).await.unwrap();

    let courier = Holder { key: copy(&world.courier.key) };
    world.wait(300);
    let early = opens(&mut world, &courier, &token, true);
    assert!(matches!(early, Err(Denial::TooEarly { .. })), "{early:?}");
    world.wait(400);
    let unseen = opens(&mut world, &courier, &token, false);
    assert!(matches!(unseen, Err(Denial::WitnessMissing { .. })), "{unseen:?}");
    opens(&mut world, &courier, &token, true).unwrap();
    let again = opens(&mut world, &courier, &token, true);
    assert!(matches!(again, Err(Denial::UsesSpent { .. })), "{again:?}");

    let later = Visit::from(world.now).lasts(Seconds::minutes(10));
    let pass = parcel.pass(world.courier.public(), &later).unwrap();
    let token = delegate.pass(&held, &pass).await.unwrap();
    world.wait(601);
    let late = opens(&mut world, &courier, &token, true);
    assert!(matches!(late, Err(Denial::Expired { .. })), "{late:?}");
}

#[tokio::test]
async fn a_cleaner_comes_on_his_morning_and_on_no_other_day() {
    let mut world = World::new(2);
    let cleaner = Holder::new(&mut world.rng);
    let flat = [Target::Lock(world.flat.id())];
    // The story begins on a Tuesday, at ten in the morning of the door's zone.
    let (tuesday, wednesday) = (Weekdays::day(1), Weekdays::day(2));
    let issuer = issuer(&world);
    let today = u32::try_from(START.0 / 86_400).unwrap();
    let holiday = [Dates { first: today, days: 1 }];
    let visit = Visit::from(START).at(&flat);
    for (day, visit, admitted) in [
        (tuesday, visit, true),
        (wednesday, visit, false),
        (tuesday, visit.not_on(&holiday), false),
    ] {
        let order = home::cleaner(day).unwrap().order(cleaner.public(), &visit).unwrap();
        let issued = issuer.issue(&order).await.unwrap();
        let verdict = opens_with_status(&mut world, &cleaner, &issued.token);
        match admitted {
            true => drop(verdict.unwrap()),
            false => assert!(
                matches!(
                    verdict,
                    Err(Denial::OutsideSchedule { .. } | Denial::ExceptedDate { .. })
                ),
                "{verdict:?}"
            ),
        }
    }
}

/// As [`opens`], with a status of this minute, which the cleaner's token demands.
fn opens_with_status(world: &mut World, holder: &Holder, token: &[u8]) -> Verdict {
    let origin = world.owner.origin().encode().unwrap().as_bytes().to_vec();
    let held = Capability { origin, token: token.to_vec() };
    let now = world.now();
    let challenge = world.flat.connect(Channel::Radio, now);
    let ask = Ask { lock: world.flat.id(), right: Right::UNLOCK, parameter: b"" };
    let request = holder.request(&held, ask, &challenge, Channel::Radio, &mut world.rng);
    let status = world.owner.attest(world.now, None);
    world.flat.present(&holder.present(&request, &[], Some(&status)), now).1
}

#[test]
fn a_guest_is_asked_for_no_camera() {
    let world = World::new(3);
    let (flat, camera) = ([Target::Lock(world.flat.id())], [world.camera.key.public()]);
    let visit = Visit::from(START).at(&flat);
    let guest = home::guest().unwrap();
    assert!(guest.grant(&visit).is_ok());
    let named = guest.grant(&visit.witnesses(&camera)).unwrap_err();
    assert_eq!(named, TemplateError::NotAsked("witness"), "a condition never goes unheard");
    let dated = guest.grant(&visit.not_on(&[Dates { first: 1, days: 1 }])).unwrap_err();
    assert_eq!(dated, TemplateError::NotAsked("exception"));
}

#[test]
fn who_fills_in_cannot_stretch() {
    let lock = |n| Target::Lock(keyward::id::LockId([n; 8]));
    let template = Template::new("short", UNLOCK, Seconds(100))
        .ahead(Seconds(50))
        .targets(2)
        .checked()
        .unwrap();
    let (one, three) = ([lock(1)], [lock(1), lock(2), lock(3)]);
    let visit = Visit::from(START).at(&one);
    let refused = |visit: Visit<'_>| template.grant(&visit).unwrap_err();
    assert!(template.grant(&visit.lasts(Seconds(100)).starts(START.after(50))).is_ok());
    assert_eq!(refused(visit.lasts(Seconds(101))), TemplateError::Lasts(Seconds(101)));
    assert_eq!(refused(visit.lasts(Seconds(0))), TemplateError::Lasts(Seconds(0)));
    assert!(matches!(refused(visit.starts(START.after(51))), TemplateError::Starts { .. }));
    assert!(matches!(refused(visit.starts(Time(START.0 - 1))), TemplateError::Starts { .. }));
    assert_eq!(refused(Visit::from(START)), TemplateError::Targets { most: 2 });
    assert_eq!(refused(visit.at(&three)), TemplateError::Targets { most: 2 });
    // Whoever narrows may leave the targets to the token.
    assert!(template.narrowing(&Visit::from(START)).is_ok());
    assert!(template.narrowing(&visit.at(&three)).is_err());
}

#[test]
fn what_no_lock_reads_is_no_template() {
    let draft = || Template::new("bad", UNLOCK, Seconds(100));
    assert!(draft().checked().is_ok());
    let none = Template::new("none", Rights(0), Seconds(100)).checked();
    assert!(matches!(none, Err(TemplateError::Encode(EncodeError::Invalid(_)))));
    let refused = |draft: keyward_backend::template::Draft| draft.checked().unwrap_err();
    let invalid = |error| matches!(error, TemplateError::Encode(EncodeError::Invalid(_)));
    assert!(invalid(refused(draft().uses(0))));
    assert!(invalid(refused(draft().max_open(Seconds(0)))));
    assert!(invalid(refused(draft().fresh(Seconds(0)))));
    assert!(invalid(refused(draft().first_use(Seconds(0)))));
    assert!(invalid(refused(draft().channels(keyward::Channels(16)))));
    assert!(invalid(refused(draft().app(1, &[0; 33]))));
    assert!(invalid(refused(draft().schedule(&[], &[Dates { first: 1, days: 1 }]))));
    let late = Window::weekly(Weekdays::ALL, 1440, 1);
    assert!(invalid(refused(draft().schedule(&[late], &[]))));
    let nine: Vec<_> = (0..9).map(|n| Window::weekly(Weekdays::ALL, n, 1)).collect();
    assert!(invalid(refused(draft().schedule(&nine, &[]))));
    let camera = World::new(1).camera.key.public();
    assert!(invalid(refused(draft().witness(2, &[camera]))));
    assert!(invalid(refused(draft().witness_of_visit(1, 5))));
    let of_none = TemplateError::WitnessCount { of: 2, most: 1 };
    assert_eq!(refused(draft().witness_of_visit(2, 1)), of_none);
    assert_eq!(refused(draft().depth(4)), TemplateError::Depth(4));
    assert_eq!(refused(draft().targets(0)), TemplateError::Targets { most: 0 });
    assert_eq!(refused(draft().targets(9)), TemplateError::Targets { most: 9 });
    assert_eq!(refused(draft().ahead(Seconds(u32::MAX))), TemplateError::Lasts(Seconds(100)));
}

#[test]
fn a_template_leaves_room_for_as_many_links_as_may_follow() {
    let all = |depth| {
        let windows: Vec<_> =
            (0..8).map(|n| Window::weekly(Weekdays::ALL, 1000 + n, 1440)).collect();
        Template::new("all", UNLOCK, Seconds::days(365))
            .targets(8)
            .depth(depth)
            .witness_of_visit(2, 4)
            .uses(u32::MAX)
            .first_use(Seconds::days(1))
            .max_open(Seconds(300))
            .fresh(Seconds::days(1))
            .schedule(&windows, &[])
            .channels(keyward::Channels(15))
            .app(7, &[1; 32])
            .checked()
    };
    let full = all(1).unwrap();
    assert!(matches!(all(3), Err(TemplateError::NoRoom { .. })));
    // The fullest filling encodes.
    let targets: Vec<_> = (0..8).map(|n| Target::Lock(keyward::id::LockId([n; 8]))).collect();
    let keys: Vec<PublicKey<role::Witness>> =
        (0..4).map(|n| World::new(n).camera.key.public()).collect();
    let dates: Vec<_> = (0..16).map(|n| Dates { first: 30_000 + 400 * n, days: 366 }).collect();
    let visit = Visit::from(START).at(&targets).witnesses(&keys).not_on(&dates);
    assert!(full.grant(&visit).is_ok());
    let more: Vec<_> = (0..17).map(|n| Dates { first: 30_000 + 400 * n, days: 366 }).collect();
    assert!(full.grant(&visit.not_on(&more)).is_err());
}
