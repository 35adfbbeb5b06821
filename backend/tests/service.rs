//! The service over real HTTP on the loopback: what works, what goes wrong and how it is told, who
//! is cut, and what no log tells.

#[path = "service/rig.rs"]
#[allow(dead_code)]
mod rig;

use std::{
    io::Write,
    sync::{Arc, Mutex, OnceLock, atomic::Ordering::SeqCst},
    time::{Duration, Instant},
};

use keyward::{Keyset, Right, State as DomainState, Status, id::LockId};
use keyward_backend::service::Limits;
use keyward_testkit::world::START;
use rig::{GUESTS_KEY, KEY, Rig, ask, public, read};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

#[tokio::test(flavor = "multi_thread")]
async fn issued_admitted_once_revoked_and_nothing_secret_is_logged() {
    let log = logged();
    let mut rig = Rig::new(1, Limits::default()).await;
    let (guest, held, text) = rig.guest().await;
    let (path, presentation) = rig.presentation(&guest, &held, Right::UNLOCK).await;
    let admitted = rig.post(&path, &presentation).await;
    assert_eq!(admitted.status, 200, "{admitted:?}");
    assert_eq!(admitted.json()["right"], 0);
    // The same again, and in answer to a challenge of its own.
    assert_eq!(rig.post(&path, &presentation).await.problem(), (409, "replayed".into()));
    let (path, second) = rig.presentation(&guest, &held, Right::UNLOCK).await;
    assert_eq!(rig.post(&path, &second).await.status, 200);

    let revoked = rig.client("/v1/revocations", &format!(r#"{{"token":"{text}"}}"#)).await;
    assert_eq!(revoked.status, 200, "{revoked:?}");
    let (path, third) = rig.presentation(&guest, &held, Right::UNLOCK).await;
    assert_eq!(rig.post(&path, &third).await.problem(), (410, "401".into()));
    // The list is there for every phone to carry, and the lock itself takes it.
    let domain = format!("/v1/domains/{}", rig.world.owner.domain);
    let list = rig.get(&format!("{domain}/revocations")).await;
    let mut held_by_phone = rig.world.owner.held();
    held_by_phone.take_list(&Status::decode(&list.body).unwrap()).unwrap();
    let number = Status::decode(&list.body).unwrap().unverified_state().list.number.0;
    assert_eq!(revoked.json()["number"], number);

    let text_of_log = String::from_utf8(log.lock().unwrap().clone()).unwrap();
    assert!(text_of_log.contains("issued") && text_of_log.contains("answered"), "it does log");
    let owner = &rig.world.owner;
    let seeds = [owner.issuer.expose_secret(), owner.attester.expose_secret(), &[6; 32]];
    let mut secrets: Vec<_> = seeds.iter().flat_map(|seed| forms(*seed)).collect();
    secrets.extend([KEY.to_owned(), GUESTS_KEY.to_owned(), text[20..60].to_owned()]);
    secrets
        .extend([&held.token, &presentation, &second, &third].into_iter().flat_map(|b| forms(b)));
    secrets.extend(forms(&Sha(KEY).digest()));
    for secret in secrets {
        assert!(!text_of_log.contains(&secret), "the log tells {secret}");
    }
}

/// The beginning of bytes as a log might show them.
fn forms(bytes: &[u8]) -> [String; 4] {
    let bytes = &bytes[..24];
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{bytes:?}");
    // As the bytes of a body are shown.
    let escaped = bytes.escape_ascii().to_string().replace("\\x00", "\\0").replace("\\'", "'");
    [hex.to_uppercase(), hex, list.trim_matches(['[', ']']).to_owned(), escaped]
}

struct Sha(&'static str);

impl Sha {
    fn digest(&self) -> Vec<u8> {
        use sha2::Digest;
        sha2::Sha512::digest(self.0.as_bytes()).to_vec()
    }
}

/// All that is logged in this process, at every level.
fn logged() -> Arc<Mutex<Vec<u8>>> {
    #[derive(Clone)]
    struct Writer(Arc<Mutex<Vec<u8>>>);
    impl Write for Writer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    static LOG: OnceLock<Arc<Mutex<Vec<u8>>>> = OnceLock::new();
    let log = LOG.get_or_init(|| {
        let log = Arc::new(Mutex::new(Vec::new()));
        let writer = Writer(Arc::clone(&log));
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        log
    });
    Arc::clone(log)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_has_its_status_and_its_code() {
    let mut rig = Rig::new(2, Limits::default()).await;
    let (guest, held, _) = rig.guest().await;
    let flat = rig.world.flat.id();

    // 400
    let (path, presentation) = rig.presentation(&guest, &held, Right::UNLOCK).await;
    assert_eq!(rig.post(&path, &presentation[1..]).await.problem(), (400, "100".into()));
    let wrong = rig.post(&format!("{}?nonce=XY", rig.door(flat, "requests")), &presentation).await;
    assert_eq!(wrong.problem(), (400, "malformed".into()));
    assert_eq!(rig.client("/v1/tokens", "{").await.problem(), (400, "malformed".into()));
    let key = public(&guest.public());
    let field =
        format!(r#"{{"template":"guest","grantee":"{key}","doors":["{flat}"],"for":"ever"}}"#);
    let field = rig.client("/v1/tokens", &field).await;
    assert_eq!(field.problem(), (400, "malformed".into()), "what isn't understood is refused");
    let odd = rig.get("/v1/domains/abc/keyset").await;
    assert_eq!(odd.problem(), (400, "malformed".into()));

    // 401
    let body = br#"{"template":"guest"}"#;
    assert_eq!(rig.post("/v1/tokens", body).await.problem(), (401, "client".into()));
    let near = format!("Bearer {}0", &KEY[..KEY.len() - 1]);
    let refused = ask(rig.address, "POST", "/v1/tokens", &[("Authorization", &near)], body).await;
    assert_eq!(refused.problem(), (401, "client".into()));
    assert_eq!(refused.headers["www-authenticate"], "Bearer");
    let mut forged = presentation.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(rig.post(&path, &forged).await.problem().0, 401);
    let no_nonce = rig.post(&rig.door(flat, "requests"), &presentation).await;
    assert_eq!(no_nonce.problem(), (401, "210".into()));
    rig.clock.wait(40_000);
    assert_eq!(rig.post(&path, &presentation).await.problem().0, 401, "the challenge is over");

    // 403
    let (path, hold) = rig.presentation(&guest, &held, Right::HOLD_OPEN).await;
    assert_eq!(rig.post(&path, &hold).await.problem(), (403, "410".into()));
    let ask_for = |template: &str| {
        format!(
            r#"{{"template":"{template}","grantee":"{key}","doors":["{flat}"],"lasts":999999999}}"#
        )
    };
    let long = rig.client("/v1/tokens", &ask_for("guest")).await;
    assert_eq!(long.problem(), (403, "template".into()));
    let guests = format!("Bearer {GUESTS_KEY}");
    let headers = [("Authorization", guests.as_str())];
    let body = ask_for("delivery company");
    let other = ask(rig.address, "POST", "/v1/tokens", &headers, body.as_bytes()).await;
    assert_eq!(other.problem(), (403, "client".into()));
    let entry = br#"{"entry":"000102030405060708090a0b0c0d0e0f"}"#;
    let other = ask(rig.address, "POST", "/v1/revocations", &headers, entry).await;
    assert_eq!(other.problem(), (403, "client".into()));

    // 404
    assert_eq!(rig.get("/v1/nothing").await.problem(), (404, "unknown".into()));
    assert_eq!(rig.get("/metrics").await.problem(), (404, "unknown".into()));
    let nowhere = rig.post(&rig.door(LockId([9; 8]), "challenge"), b"").await;
    assert_eq!(nowhere.problem(), (404, "unknown".into()));
    assert_eq!(rig.client("/v1/tokens", &ask_for("king")).await.problem(), (404, "unknown".into()));

    // 405, and what the router refuses by itself
    let other = rig.post("/v1/status", b"").await;
    assert_eq!(other.problem(), (405, "method".into()));
    assert_eq!(other.headers["allow"], "GET,HEAD");
    let odd = rig.get("/v1/status?nonce=00&nonce=11").await;
    assert_eq!(odd.problem(), (400, "malformed".into()));

    // 410, by time
    let (guest, held, _) = rig.guest().await;
    rig.clock.wait(29 * 86_400_000);
    let (path, late) = rig.presentation(&guest, &held, Right::UNLOCK).await;
    assert_eq!(rig.post(&path, &late).await.problem(), (410, "421".into()));

    // 413, told and not told beforehand
    let large = rig.client("/v1/tokens", &"x".repeat(8193)).await;
    assert_eq!(large.problem(), (413, "large".into()));
    let mut stream = TcpStream::connect(rig.address).await.unwrap();
    let head = "POST /v1/tokens HTTP/1.1\r\nHost: s\r\nContent-Length: 8193\r\n";
    let head = format!("{head}Authorization: Bearer {KEY}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(read(&mut stream).await.problem(), (413, "large".into()), "by the head alone");
    let mut stream = TcpStream::connect(rig.address).await.unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        rig.door(flat, "requests")
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..9 {
        let _sent = stream.write_all(format!("400\r\n{}\r\n", "x".repeat(1024)).as_bytes()).await;
    }
    assert_eq!(read(&mut stream).await.problem(), (413, "large".into()));

    // 503, and well again by itself
    let (guest, held, _) = rig.guest().await;
    let (path, presentation) = rig.presentation(&guest, &held, Right::UNLOCK).await;
    rig.down.store(true, SeqCst);
    let down = rig.post(&path, &presentation).await;
    assert_eq!(down.problem(), (503, "store".into()));
    assert_eq!(down.headers["retry-after"], "1");
    assert!(!String::from_utf8_lossy(&down.body).contains("10.0.0.7"), "addresses stay within");
    let grant = format!(r#"{{"template":"guest","grantee":"{key}","doors":["{flat}"]}}"#);
    let mut answers = Vec::new();
    // One block may be in memory yet.
    for _ in 0..4 {
        answers.push(rig.client("/v1/tokens", &grant).await.status);
    }
    assert_eq!(answers.last(), Some(&503), "{answers:?}");
    assert_eq!(rig.client("/v1/revocations", r#"{"entry":"ff"}"#).await.status, 400);
    rig.down.store(false, SeqCst);
    assert_eq!(rig.post(&path, &presentation).await.status, 200);
    assert_eq!(rig.client("/v1/tokens", &grant).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_could_not_be_signed_is_owed_and_comes() {
    let limits = Limits { retry: Duration::from_millis(100), ..Limits::default() };
    let rig = Rig::new(10, limits).await;
    rig.down.store(true, SeqCst);
    let entry = r#"{"entry":"000102030405060708090a0b0c0d0e0f"}"#;
    assert_eq!(rig.client("/v1/revocations", entry).await.problem(), (503, "store".into()));
    rig.down.store(false, SeqCst);
    let list = format!("/v1/domains/{}/revocations", rig.world.owner.domain);
    let list = until(async || rig.get(&list).await, |answer| answer.status == 200).await;
    let status = Status::decode(&list.body).unwrap();
    let entries: Vec<_> = status.unverified_list().unwrap().unverified_entries().collect();
    assert_eq!(entries.len(), 1);
    // It is owed no longer.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let path = format!("/v1/domains/{}/revocations", rig.world.owner.domain);
    assert_eq!(rig.get(&path).await.body, list.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_are_told_to_anybody_and_once() {
    let rig = Rig::new(3, Limits::default()).await;
    let owner = &rig.world.owner;
    let domain = format!("/v1/domains/{}", owner.domain);
    let keyset = rig.get(&format!("{domain}/keyset")).await;
    assert_eq!(keyset.body, owner.library.keyset);
    let known = [("If-None-Match", keyset.headers["etag"].as_str())];
    let path = format!("{domain}/keyset");
    let again = ask(rig.address, "GET", &path, &known, b"").await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(rig.get(&format!("{domain}/epoch")).await.body, owner.library.epochs[0]);
    assert_eq!(rig.get(&format!("{domain}/revocations")).await.problem().0, 404);
    let flat = rig.world.flat.id();
    assert_eq!(rig.get(&rig.door(flat, "card")).await.body, owner.library.cards[&flat]);
    let status = rig.get("/v1/status?nonce=000102030405060708090a0b0c0d0e0f").await;
    let status = Status::decode(&status.body).unwrap();
    let version = Keyset::decode(&owner.library.keyset).unwrap().unverified_version();
    let DomainState { keyset, at, .. } = status.unverified_state();
    assert_eq!((keyset, at, status.unverified_over_nonce()), (version, START.after(1), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_slow_is_cut() {
    let limits = Limits {
        head_within: Duration::from_millis(300),
        body_within: Duration::from_millis(300),
        ..Limits::default()
    };
    let rig = Rig::new(4, limits).await;
    let cut = |sent: String, drip: bool| {
        let address = rig.address;
        async move {
            let (start, mut got) = (Instant::now(), Vec::new());
            let (mut from, mut to) = TcpStream::connect(address).await.unwrap().into_split();
            to.write_all(sent.as_bytes()).await.unwrap();
            let dripping = tokio::spawn(async move {
                while drip && to.write_all(b"x").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                std::future::pending::<()>().await;
            });
            let ended = timeout(Duration::from_secs(10), from.read_to_end(&mut got)).await;
            dripping.abort();
            assert!(ended.is_ok(), "still open after {:?}", start.elapsed());
            (start.elapsed(), String::from_utf8_lossy(&got).into_owned())
        }
    };
    let soon = Duration::from_secs(3);
    // A head that never ends, silent or byte by byte.
    let head = "GET /v1/status HTTP/1.1\r\nHost: s\r\nX-Slow: ".to_owned();
    for drip in [false, true] {
        let (took, _) = cut(head.clone(), drip).await;
        assert!(took < soon, "{took:?}");
    }
    // A connection on which nothing is ever said.
    let (took, _) = cut(String::new(), false).await;
    assert!(took < soon, "{took:?}");
    // A body that never ends.
    let path = rig.door(rig.world.flat.id(), "requests");
    let body = format!("POST {path} HTTP/1.1\r\nHost: s\r\nContent-Length: 4000\r\n\r\nx");
    for drip in [false, true] {
        let (took, got) = cut(body.clone(), drip).await;
        assert!(took < soon && got.contains(" 408 "), "{took:?} {got}");
    }
    // One that did ask, and lies idle.
    let (took, got) = cut("GET /v1/status HTTP/1.1\r\nHost: s\r\n\r\n".into(), false).await;
    assert!(took < soon && got.contains(" 200 "), "{took:?} {got}");
    assert_eq!(rig.get("/v1/status").await.status, 200, "the others are served");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_at_once_are_told_to_come_again_and_shut_no_client_out() {
    let rig = Rig::new(5, Limits { public: 2, clients: 1, ..Limits::default() }).await;
    let path = rig.door(rig.world.flat.id(), "requests");
    let held = |path: &str, key: &str| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: s\r\n{key}Connection: close\r\nContent-Length: 2\r\n\r\n"
        );
        let address = rig.address;
        async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            // Whoever asks behind it would else take its turn now and then.
            tokio::time::sleep(Duration::from_millis(300)).await;
            stream
        }
    };
    let (mut first, _second) = (held(&path, "").await, held(&path, "").await);
    let busy = until(async || rig.get("/v1/status").await, |answer| answer.status == 429).await;
    assert_eq!(busy.problem(), (429, "busy".into()));
    assert_eq!(busy.headers["retry-after"], "1");
    // A client has turns of his own, and his are as many as told.
    assert_eq!(rig.client("/v1/tokens", "{}").await.status, 400);
    let key = format!("Authorization: Bearer {KEY}\r\n");
    let mut client = held("/v1/tokens", &key).await;
    until(async || rig.client("/v1/tokens", "{}").await, |answer| answer.status == 429).await;
    client.write_all(b"{}").await.unwrap();
    assert_eq!(read(&mut client).await.status, 400);
    first.write_all(b"xx").await.unwrap();
    assert_eq!(read(&mut first).await.status, 400);
    until(async || rig.get("/v1/status").await, |answer| answer.status == 200).await;
}

/// Asks until the answer is as it should be.
async fn until(
    ask: impl AsyncFn() -> rig::Answer,
    is_right: impl Fn(&rig::Answer) -> bool,
) -> rig::Answer {
    for _ in 0..100 {
        let answer = ask().await;
        if is_right(&answer) {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it never came");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_at_the_end_is_finished_and_nothing_new_begun() {
    let mut rig = Rig::new(6, Limits::default()).await;
    let path = rig.door(rig.world.flat.id(), "requests");
    let mut stream = TcpStream::connect(rig.address).await.unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nHost: s\r\nContent-Length: 2\r\n\r\nx");
    stream.write_all(head.as_bytes()).await.unwrap();
    // A connection without a request doesn't hold the end up.
    let _idle = TcpStream::connect(rig.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    rig.end.take().unwrap().send(()).unwrap();
    let refused = until_refused(rig.address).await;
    assert!(refused, "still accepting");
    assert!(!rig.served.is_finished());
    stream.write_all(b"x").await.unwrap();
    assert_eq!(read(&mut stream).await.problem(), (400, "100".into()));
    timeout(Duration::from_secs(5), rig.served).await.expect("ended").unwrap().unwrap();
}

async fn until_refused(address: std::net::SocketAddr) -> bool {
    for _ in 0..100 {
        if TcpStream::connect(address).await.is_err() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_never_finishes_is_cut_when_the_grace_is_over() {
    let (grace, body_within) = (Duration::from_millis(300), Duration::from_secs(60));
    let limits = Limits { grace, body_within, ..Limits::default() };
    let mut rig = Rig::new(7, limits).await;
    let path = rig.door(rig.world.flat.id(), "requests");
    let mut stream = TcpStream::connect(rig.address).await.unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nHost: s\r\nContent-Length: 2\r\n\r\nx");
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    rig.end.take().unwrap().send(()).unwrap();
    timeout(Duration::from_secs(3), rig.served).await.expect("ended").unwrap().unwrap();
    let mut got = Vec::new();
    let cut = timeout(Duration::from_secs(3), stream.read_to_end(&mut got)).await;
    assert!(cut.is_ok() && got.is_empty(), "still open, though nobody serves it: {got:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_reads_counts_and_nobodys_name() {
    let mut rig = Rig::new(8, Limits::default()).await;
    let (guest, held, _) = rig.guest().await;
    let (path, presentation) = rig.presentation(&guest, &held, Right::UNLOCK).await;
    assert_eq!(rig.post(&path, &presentation).await.status, 200);
    assert_eq!(rig.post(&path, &presentation).await.status, 409);
    assert_eq!(rig.get("/v1/%61/../nothing").await.status, 404);
    let health = ask(rig.operator, "GET", "/health", &[], b"").await;
    assert_eq!(health.status, 200);
    let metrics = ask(rig.operator, "GET", "/metrics", &[], b"").await;
    let text = String::from_utf8(metrics.body).unwrap();
    let route = "/v1/domains/{domain}/doors/{lock}/requests";
    let line =
        format!(r#"keyward_answers_total{{route="{route}",status="409",code="replayed"}} 1"#);
    assert!(text.contains(&line), "{text}");
    assert!(text.contains(&format!(r#"keyward_seconds_count{{route="{route}"}} 2"#)), "{text}");
    assert!(text.contains(r#"route="none",status="404""#));
    assert!(!text.contains(&rig.world.flat.id().to_string()) && !text.contains("nothing"));
}
