//! The service's revocation lists: who may sign them, what they tell, and how many are under way.

#[path = "service/rig.rs"]
#[allow(dead_code)]
mod rig;

use std::{sync::Arc, time::Duration};

use keyward::{Right, SigningKey, Status};
use keyward_backend::{
    directory::{Bundle, Directory},
    service::Limits,
};
use keyward_testkit::world::START;
use rig::{KEY, Rig};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

fn entry(number: u32) -> String {
    format!(r#"{{"entry":"{number:016x}0000000000000000"}}"#)
}

/// What the next start does: it takes in what was published and what the service has kept.
fn restarted(rig: &Rig) -> Directory {
    let (owner, list) = (&rig.world.owner, rig.records.list().unwrap());
    let epochs: Vec<_> = owner.library.epochs.iter().map(Vec::as_slice).collect();
    let keysets: Vec<_> = owner.keysets.iter().map(Vec::as_slice).collect();
    let cards: Vec<_> = owner.library.cards.values().map(Vec::as_slice).collect();
    let (domain, list) = (owner.domain, list.as_deref());
    let directory = Directory::new();
    let bundle = Bundle { domain, epochs: &epochs, keysets: &keysets, list, cards: &cards };
    directory.found(&bundle).unwrap();
    directory
}

/// A revocation that can't be published says so, and costs neither this process nor the next the
/// list that it has.
async fn refused_and_the_list_stays(rig: &Rig) {
    let domain = rig.world.owner.domain;
    let held = rig.directory.statements(&domain).unwrap().list().unwrap().to_vec();
    let refused = rig.client("/v1/revocations", &entry(2)).await;
    assert_eq!(refused.problem(), (503, "signer".into()));
    assert_eq!(refused.headers["retry-after"], "1");
    assert!(!refused.headers.contains_key("www-authenticate"), "it isn't the client's fault");
    assert_eq!(rig.records.list().unwrap().unwrap(), held);
    assert_eq!(rig.directory.statements(&domain).unwrap().list(), Some(held.as_slice()));
    assert_eq!(restarted(rig).statements(&domain).unwrap().list(), Some(held.as_slice()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoker_whose_validity_has_ended_replaces_no_list() {
    let rig = Rig::new(31, Limits::default()).await;
    assert_eq!(rig.client("/v1/revocations", &entry(1)).await.status, 200);
    rig.clock.wait(401 * 86_400_000);
    refused_and_the_list_stays(&rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoker_that_a_keyset_drops_replaces_no_list() {
    let mut rig = Rig::new(32, Limits::default()).await;
    assert_eq!(rig.client("/v1/revocations", &entry(1)).await.status, 200);
    let world = &mut *rig.world;
    world.owner.revoker = SigningKey::generate(&mut world.rng);
    world.owner.publish_keyset(START);
    rig.directory.take_keyset(&world.owner.domain, &world.owner.library.keyset).unwrap();
    refused_and_the_list_stays(&rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_keeps_his_turn_until_his_revocation_is_published() {
    let rig = Rig::new(33, Limits { clients: 4, ..Limits::default() }).await;
    let before = rig.client("/v1/revocations", &entry(9)).await.json()["number"].as_u64().unwrap();
    let stopped = Arc::clone(&rig.stop).write_owned().await;
    for number in 0..4 {
        let body = entry(number);
        let mut stream = TcpStream::connect(rig.address).await.unwrap();
        let head = "POST /v1/revocations HTTP/1.1\r\nHost: s\r\n";
        let head = format!("{head}Authorization: Bearer {KEY}\r\nContent-Length: {}", body.len());
        stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // All have hung up, and their revocations wait for a number.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let body = entry(4);
    let one_more = timeout(Duration::from_secs(5), rig.client("/v1/revocations", &body)).await;
    let one_more = one_more.expect("it is queued beyond all turns");
    assert_eq!(one_more.problem(), (429, "busy".into()));
    drop(stopped);
    let path = format!("/v1/domains/{}/revocations", rig.world.owner.domain);
    let mut told = 0;
    for _ in 0..100 {
        let answer = rig.get(&path).await;
        let list = Status::decode(&answer.body).unwrap();
        told = list.unverified_list().unwrap().unverified_entries().count();
        if told == 5 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(told, 5, "what was written down is published");
    // The first may be alone in its list; the next holds all others.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let list = rig.get(&path).await.body;
    let number = Status::decode(&list).unwrap().unverified_state().list.number.0;
    assert!(number <= before + 2, "{} lists for what two hold", number - before);
    // What a list holds is denied again without another.
    let again = rig.client("/v1/revocations", &entry(3)).await;
    assert_eq!((again.status, again.json()["number"].as_u64()), (200, Some(number)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_floor_that_gives_honest_tokens_up_is_told() {
    let mut rig = Rig::new(34, Limits::default()).await;
    let (honest, held, _) = rig.guest().await;
    let (_, _, guilty) = rig.guest().await;
    for number in 0..64 {
        let answer = rig.client("/v1/revocations", &entry(number)).await;
        assert_eq!((answer.status, answer.json()["floors"].clone()), (200, serde_json::json!([])));
    }
    let revoked = rig.client("/v1/revocations", &format!(r#"{{"token":"{guilty}"}}"#)).await;
    assert_eq!(revoked.status, 200, "{revoked:?}");
    let mut room = [0; keyward::limits::MAX_TOKEN];
    let token = keyward::text::decode(&guilty, &mut room).unwrap();
    let serial = keyward::Token::decode(token).unwrap().unverified_serial().0;
    let issuer = rig.world.owner.issuer.public().id().to_string();
    let floor = serde_json::json!([{ "issuer": issuer, "first": serial + 1 }]);
    assert_eq!(revoked.json()["floors"], floor);
    // The honest one is below it.
    let (path, presentation) = rig.presentation(&honest, &held, Right::UNLOCK).await;
    assert_eq!(rig.post(&path, &presentation).await.problem(), (410, "400".into()));
    // Whoever revokes next is told, too.
    let again = rig.client("/v1/revocations", &format!(r#"{{"token":"{guilty}"}}"#)).await;
    assert_eq!(again.json()["floors"], floor);
}
