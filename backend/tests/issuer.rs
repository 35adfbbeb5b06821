//! Tokens from any signer: genuine, in order, each under its own serial; and nothing leaves that a
//! foreign signer got wrong.

mod store;

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use ed25519_dalek::Signer as _;
use keyward::{
    Caveats, EncodeError, Grant, Keyset, Narrowing, PublicKey, Right, Rights, Seconds, SigningKey,
    Status, Target, Token, Valid,
    id::{KeysetVersion, LockId, Nonce},
    role,
    status::Revoked,
};
use keyward_backend::{
    fold::Denied,
    issuer::{
        Attester, Delegate, HoldError, IssueError, Issuer, Kms, KmsError, Limits, Local, Order,
        Pass, Remote, Revoker,
    },
    serials::{Ahead, Serials},
    state::StateError,
};
use keyward_testkit::world::{START, World};
use rand_core::SeedableRng;
use store::Counter;

fn copy<R: role::Role>(key: &SigningKey<R>) -> SigningKey<R> {
    SigningKey::from_secret(key.expose_secret())
}

fn holder(number: u64) -> SigningKey<role::Holder> {
    SigningKey::generate(&mut chacha20::ChaCha20Rng::seed_from_u64(number))
}

fn grant() -> Grant {
    let valid = Valid { from: START, lasts: Seconds::days(1) };
    Caveats::grant(Rights::of(Right::UNLOCK), &[Target::Lock(LockId([1; 8]))], valid).unwrap()
}

fn order(number: u64) -> Order {
    Order { grantee: holder(number).public(), depth: 2, grant: grant() }
}

fn grantee(token: &[u8]) -> PublicKey<role::Holder> {
    Token::decode(token).unwrap().unverified_grantee().unwrap()
}

/// How a KMS behaves to one message.
#[derive(Clone, Copy)]
enum Mood {
    Signs,
    Fails,
    Hangs,
    SignsAnother,
    SignsWithAnotherKey,
}

/// A KMS that takes a while, a different one for each message.
struct Slow<R: role::Role> {
    key: SigningKey<R>,
    mood: fn(usize) -> Mood,
    asked: Arc<AtomicUsize>,
    at_work: AtomicUsize,
    most: Arc<AtomicUsize>,
}

impl<R: role::Role> Slow<R> {
    fn new(key: &SigningKey<R>, mood: fn(usize) -> Mood) -> Self {
        let (asked, most) = (Arc::default(), Arc::default());
        Self { key: copy(key), mood, asked, at_work: AtomicUsize::new(0), most }
    }
}

impl<R: role::Role + Send + Sync + 'static> Kms<R> for Slow<R> {
    fn public(&self) -> PublicKey<R> {
        self.key.public()
    }

    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], KmsError> {
        let number = self.asked.fetch_add(1, SeqCst);
        self.most.fetch_max(self.at_work.fetch_add(1, SeqCst) + 1, SeqCst);
        // The later the faster, four at a time.
        tokio::time::sleep(Duration::from_millis(40 - 10 * (number as u64 % 4))).await;
        self.at_work.fetch_sub(1, SeqCst);
        let key = ed25519_dalek::SigningKey::from_bytes(self.key.expose_secret());
        match (self.mood)(number) {
            Mood::Signs => Ok(key.sign(message).to_bytes()),
            Mood::Fails => Err(KmsError("throttled".into())),
            Mood::Hangs => std::future::pending().await,
            Mood::SignsAnother => Ok(key.sign(&[message, b"!"].concat()).to_bytes()),
            Mood::SignsWithAnotherKey => {
                Ok(ed25519_dalek::SigningKey::from_bytes(&[9; 32]).sign(message).to_bytes())
            }
        }
    }
}

const FOUR: Limits = Limits { at_once: 4, waiting: 2, within: Duration::from_secs(1) };

#[tokio::test]
async fn one_and_many_from_a_key_in_memory_are_genuine_and_in_order() {
    let owner = World::new(1).owner;
    let issuer = Issuer::new(
        owner.scope(),
        Local::new(copy(&owner.issuer)),
        Counter::new(),
        Ahead::default(),
    );
    let one = issuer.issue(&order(0)).await.unwrap();
    let orders: Vec<_> = (1..300).map(order).collect();
    let many = issuer.issue_many(orders).await.unwrap();
    let mut serials = BTreeSet::new();
    for (issued, number) in [Ok(one)].into_iter().chain(many).zip(0..) {
        let issued = issued.unwrap();
        let checked = Token::decode(&issued.token).unwrap();
        assert_eq!(checked.check(&owner.origin()).unwrap().serial(), issued.serial);
        assert_eq!(grantee(&issued.token), holder(number).public(), "in the order of the orders");
        assert!(serials.insert(issued.serial));
    }
    assert_eq!(serials.len(), 300);
}

#[tokio::test]
async fn what_cannot_be_encoded_is_told_in_its_place() {
    let owner = World::new(1).owner;
    let local = Local::new(copy(&owner.issuer));
    let issuer = Issuer::new(owner.scope(), local, Counter::new(), Ahead::default());
    let deep = Order { depth: 4, ..order(1) };
    let told = issuer.issue_many(vec![order(0), deep, order(2)]).await.unwrap();
    assert!(told[0].is_ok() && told[2].is_ok());
    assert!(matches!(told[1], Err(IssueError::Encode(EncodeError::NoDepthLeft))));
}

#[tokio::test(start_paused = true)]
async fn a_kms_may_answer_in_any_order() {
    let owner = World::new(2).owner;
    let kms = Slow::new(&owner.issuer, |_| Mood::Signs);
    let most = Arc::clone(&kms.most);
    let issuer =
        Issuer::new(owner.scope(), Remote::new(kms, FOUR), Counter::new(), Ahead::default());
    let many = issuer.issue_many((0..40).map(order).collect()).await.unwrap();
    for (issued, number) in many.into_iter().zip(0..) {
        let token = issued.unwrap().token;
        assert_eq!(grantee(&token), holder(number).public());
        Token::decode(&token).unwrap().check(&owner.origin()).unwrap();
    }
    assert_eq!(most.load(SeqCst), 4, "as many at once as it may be asked for, and no more");
}

#[tokio::test(start_paused = true)]
async fn what_a_kms_gets_wrong_never_leaves() {
    let owner = World::new(3).owner;
    let kms = Slow::new(&owner.issuer, |number| match number % 5 {
        0 => Mood::Signs,
        1 => Mood::Fails,
        2 => Mood::Hangs,
        3 => Mood::SignsAnother,
        _ => Mood::SignsWithAnotherKey,
    });
    let asked = Arc::clone(&kms.asked);
    // One at a time, so that each order has its mood.
    let limits = Limits { at_once: 1, ..FOUR };
    let counter = Counter::new();
    let ahead = Ahead { block: 1, ..Ahead::default() };
    let issuer = Issuer::new(owner.scope(), Remote::new(kms, limits), counter, ahead);
    let many = issuer.issue_many((0..10).map(order).collect()).await.unwrap();
    for (answer, number) in many.iter().zip(0..) {
        match number % 5 {
            0 => assert!(answer.is_ok()),
            1 => {
                assert!(matches!(answer, Err(IssueError::Kms(KmsError(why))) if why == "throttled"))
            }
            2 => assert!(matches!(answer, Err(IssueError::Late))),
            _ => assert!(matches!(answer, Err(IssueError::BadSignature(_)))),
        }
    }
    assert_eq!(asked.load(SeqCst), 10, "nothing is tried again under its serial");
    // Whoever asks again gets another serial.
    let last = many.into_iter().find_map(Result::ok).unwrap();
    let again = issuer.issue(&order(0)).await.unwrap();
    assert!(again.serial.0 >= 10 && again.serial != last.serial);
}

#[tokio::test(start_paused = true)]
async fn who_finds_no_place_to_wait_is_told_at_once() {
    let owner = World::new(4).owner;
    let kms = Slow::new(&owner.issuer, |_| Mood::Hangs);
    let most = Arc::clone(&kms.most);
    let issuer =
        Issuer::new(owner.scope(), Remote::new(kms, FOUR), Counter::new(), Ahead::default());
    let tasks: Vec<_> = (0..10)
        .map(|number| {
            let issuer = issuer.clone();
            tokio::spawn(async move { issuer.issue(&order(number)).await })
        })
        .collect();
    let (mut busy, mut late) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Err(IssueError::Busy) => busy += 1,
            Err(IssueError::Late) => late += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((busy, late), (4, 6), "four turns, two places to wait");
    assert_eq!(most.load(SeqCst), 4);
}

#[tokio::test]
async fn without_serials_nothing_is_issued() {
    let owner = World::new(5).owner;
    let counter = Counter::new();
    counter.down.store(true, SeqCst);
    let kms = Slow::new(&owner.issuer, |_| Mood::Signs);
    let asked = Arc::clone(&kms.asked);
    let issuer = Issuer::new(owner.scope(), Remote::new(kms, FOUR), counter, Ahead::default());
    let one = issuer.issue(&order(0)).await;
    assert!(matches!(one, Err(IssueError::Serials(StateError::Unavailable(_)))));
    let many = issuer.issue_many(vec![order(0)]).await;
    assert!(matches!(many, Err(StateError::Unavailable(_))));
    assert_eq!(asked.load(SeqCst), 0);
}

#[tokio::test]
async fn a_delegate_passes_on_what_is_its_own_and_genuine() {
    let owner = World::new(6).owner;
    let local = Local::new(copy(&owner.issuer));
    let issuer = Issuer::new(owner.scope(), local, Counter::new(), Ahead::default());
    let issued = issuer.issue(&order(1)).await.unwrap().token;
    let company = Delegate::new(Local::new(holder(1)));
    assert_eq!(
        company.hold(owner.origin(), &issued[1..]).unwrap_err().to_string()[..8],
        *"no token"
    );
    let mut forged = issued.to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let refused = company.hold(owner.origin(), &forged).unwrap_err();
    assert!(matches!(refused, HoldError::NotGenuine(_)));
    let other = Delegate::new(Local::new(holder(2)));
    assert_eq!(other.hold(owner.origin(), &issued).unwrap_err(), HoldError::OthersToken);

    let held = company.hold(owner.origin(), &issued).unwrap();
    let caveats: Narrowing = Caveats::narrowing().uses(1).unwrap();
    let pass = |number| Pass {
        grantee: holder(number).public(),
        depth: if number == 13 { 2 } else { 1 },
        caveats: caveats.clone(),
    };
    let one = company.pass(&held, &pass(10)).await.unwrap();
    let many = company.pass_many(&held, (11..30).map(pass).collect()).await;
    for (passed, number) in [Ok(one)].into_iter().chain(many).zip(10..) {
        if number == 13 {
            assert!(matches!(passed, Err(IssueError::Encode(EncodeError::NoDepthLeft))));
            continue;
        }
        let passed = passed.unwrap();
        let token = Token::decode(&passed).unwrap();
        assert_eq!(token.check(&owner.origin()).unwrap().links().count(), 2);
        assert_eq!(grantee(&passed), holder(number).public());
    }
}

#[tokio::test]
async fn lists_and_statuses_are_taken_in_and_no_number_comes_twice() {
    let owner = World::new(7).owner;
    let (scope, keyset) = (owner.scope(), owner.library.keyset.clone());
    let version = Keyset::decode(&keyset).unwrap().unverified_version();
    let counter = Arc::new(Counter::new());
    let revoker =
        || Revoker::new(scope, Local::new(copy(&owner.revoker)), Arc::clone(&counter), vec![]);
    let denied = |number: u8| {
        let denied = Denied { entry: Revoked([number; 8]), token: None };
        move || (vec![denied], vec![])
    };
    let mut domain = owner.held();
    let first = revoker().publish(version, START, denied(1)).await.unwrap();
    // Another process, which knows nothing of the first one's number.
    let second = revoker().publish(version, START, denied(2)).await.unwrap();
    assert!(first.order < second.order);
    // Tokens by the same key would begin at their own first serial.
    let serials = counter.reserve(&scope, owner.revoker.public().id(), 1).await;
    assert_eq!(serials, Ok(0..1));
    for published in [&first, &second] {
        domain.take_list(&Status::decode(&published.list).unwrap()).unwrap();
    }
    let list = domain.list().unwrap().unwrap();
    let entries: Vec<_> = list.unverified_list().unwrap().unverified_entries().collect();
    assert_eq!(entries, [Revoked([2; 8])]);

    let attester = Attester::new(scope, Local::new(copy(&owner.attester)));
    let state = keyward::State { keyset: KeysetVersion(version.0), list: second.order, at: START };
    let status = attester.attest(state, Some(&Nonce([3; 16]))).await.unwrap();
    let mut theirs = owner.attest(START, Some(&Nonce([3; 16])));
    // The owner of the world has published no list.
    let read = Status::decode(&status).unwrap();
    assert_eq!(read.unverified_state(), state);
    theirs.truncate(10);
    assert_eq!(theirs, status[..10], "version, kind, issuer");
}
