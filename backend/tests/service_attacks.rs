//! The service under attack: by clients who fill it up, by those who read no answer, by noise.

#[path = "service/rig.rs"]
#[allow(dead_code)]
mod rig;

use std::time::{Duration, Instant};

use chacha20::ChaCha20Rng;
use keyward::{Right, Status};
use keyward_backend::service::Limits;
use keyward_testkit::world::START;
use rand_core::{Rng, SeedableRng};
use rig::{KEY, Rig, ask};
use tokio::{io::AsyncWriteExt, net::TcpSocket, time::timeout};

/// One key too many must not keep what is revoked later out of all lists.
#[tokio::test(flavor = "multi_thread")]
async fn what_no_list_has_room_for_is_refused_and_later_revocations_are_published() {
    let mut rig = Rig::new(21, Limits::default()).await;
    fill(&rig).await;
    // What is denied already may be denied again.
    assert_eq!(rig.client("/v1/revocations", &entry(63)).await.status, 200);
    // A token gives way to a floor.
    let (guest, held, text) = rig.guest().await;
    let revoked = rig.client("/v1/revocations", &format!(r#"{{"token":"{text}"}}"#)).await;
    assert_eq!(revoked.status, 200, "{revoked:?}");
    let (path, presentation) = rig.presentation(&guest, &held, Right::UNLOCK).await;
    assert_eq!(rig.post(&path, &presentation).await.problem(), (410, "400".into()));
    let list = rig.get(&format!("/v1/domains/{}/revocations", rig.world.owner.domain)).await;
    let list = Status::decode(&list.body).unwrap();
    assert_eq!(list.unverified_list().unwrap().unverified_entries().count(), 64);
}

/// An epoch ends what is denied, also where the service goes on with its files.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_filled_all_places_has_filled_none_of_the_next_epoch() {
    let rig = Rig::new(24, Limits::default()).await;
    fill(&rig).await;
    let (mut world, folder) = rig.ended().await;
    world.owner.new_epoch(START, &mut world.rng);
    let rig = Rig::within(folder, world, Limits::default()).await;
    assert_eq!(rig.records.denied(), []);
    let list = format!("/v1/domains/{}/revocations", rig.world.owner.domain);
    assert_eq!(rig.get(&list).await.problem().0, 404);
    let revoked = rig.client("/v1/revocations", &entry(64)).await;
    assert_eq!(revoked.status, 200, "{revoked:?}");
    let list = rig.get(&list).await;
    let list = Status::decode(&list.body).unwrap();
    assert_eq!(list.unverified_list().unwrap().unverified_entries().count(), 1);
}

/// Takes all 64 places of a list, and finds that there is no other.
async fn fill(rig: &Rig) {
    for n in 0..64 {
        assert_eq!(rig.client("/v1/revocations", &entry(n)).await.status, 200);
    }
    let refused = rig.client("/v1/revocations", &entry(64)).await;
    assert_eq!(refused.problem(), (507, "full".into()));
}

fn entry(n: u32) -> String {
    format!(r#"{{"entry":"{n:016x}0000000000000000"}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_no_answer_is_cut() {
    let within = Duration::from_millis(300);
    let rig = Rig::new(22, Limits { answer_within: within, ..Limits::default() }).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(rig.address).await.unwrap();
    let path = format!("/v1/domains/{}/keyset", rig.world.owner.domain);
    let request = format!("GET {path} HTTP/1.1\r\nHost: s\r\n\r\n");
    let many = request.repeat(100);
    // He asks until nobody listens any more, and then holds on.
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        match timeout(Duration::from_secs(3), stream.write_all(many.as_bytes())).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => break,
        }
    }
    let held = async || {
        let metrics = ask(rig.operator, "GET", "/metrics", &[], b"").await;
        String::from_utf8(metrics.body).unwrap().contains("keyward_connections 2\n")
    };
    let start = Instant::now();
    while held().await {
        assert!(start.elapsed() < Duration::from_secs(10), "his connection is held for good");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(stream);
}

/// Whatever is asked, no answer is a defect, and the next request is served.
#[tokio::test(flavor = "multi_thread")]
async fn noise_is_refused_in_the_callers_terms() {
    let mut rig = Rig::new(23, Limits::default()).await;
    let (guest, held, text) = rig.guest().await;
    let (path, presentation) = rig.presentation(&guest, &held, Right::UNLOCK).await;
    let domain = format!("/v1/domains/{}", rig.world.owner.domain);
    let flat = rig.world.flat.id();
    let routes = [
        "/v1/tokens".to_owned(),
        "/v1/revocations".to_owned(),
        "/v1/status?nonce=000102030405060708090a0b0c0d0e0f".to_owned(),
        format!("{domain}/epoch"),
        format!("{domain}/revocations"),
        rig.door(flat, "card"),
        rig.door(flat, "challenge"),
        rig.door(flat, "receipts"),
        path,
    ];
    let key = rig::public(&guest.public());
    let grant = format!(
        r#"{{"template":"guest","grantee":"{key}","doors":["{flat}"],"from":1,"lasts":9,"not_on":[1]}}"#
    );
    let bodies = [
        presentation.clone(),
        held.token.clone(),
        grant.into_bytes(),
        format!(r#"{{"token":"{text}"}}"#).into_bytes(),
        rig.world.owner.library.keyset.clone(),
        vec![b'['; 8000],
        Vec::new(),
    ];
    let mut rng = ChaCha20Rng::seed_from_u64(23);
    let mut one_of = |count: usize| usize::try_from(rng.next_u32()).unwrap() % count;
    let bearer = format!("Bearer {KEY}");
    for turn in 0..3000 {
        let mut route = routes[one_of(routes.len())].clone().into_bytes();
        let mut body = bodies[one_of(bodies.len())].clone();
        for _ in 0..one_of(4) {
            let place = one_of(route.len());
            // What a request line can hold.
            route[place] = [b'%', b'/', b'?', b'0', b'f', b'&', b'=', b'.', b'z'][one_of(9)];
        }
        for _ in 0..one_of(4) {
            if !body.is_empty() {
                let place = one_of(body.len());
                body[place] = u8::try_from(one_of(256)).unwrap();
            }
        }
        if one_of(8) == 0 {
            body.truncate(one_of(body.len() + 1));
        }
        let route = String::from_utf8(route).unwrap();
        if !route.starts_with('/') {
            continue;
        }
        let method = ["GET", "POST", "PUT", "HEAD"][one_of(4)];
        let headers = [("Authorization", bearer.as_str())];
        let answer = ask(rig.address, method, &route, &headers[..one_of(2)], &body).await;
        assert!(answer.status < 500, "{turn}: {method} {route} {body:?}: {answer:?}");
        if answer.status >= 400 && method != "HEAD" {
            let (_, code) = answer.problem();
            assert_ne!(code, "defect");
        }
    }
    assert_eq!(rig.get("/v1/status").await.status, 200);
}
