//! The example as a process: it serves at once, remembers over SIGKILL, goes on when its disk takes
//! something again, and ends by SIGTERM when what is under way has ended.

#[path = "service/rig.rs"]
#[allow(dead_code)]
mod rig;

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use keyward::{Ask, Challenge, Channel, Right, SigningKey, Status, id::LockId};
use keyward_testkit::world::{Capability, Holder};
use rand_core::SeedableRng;
use rig::{Answer, ask, public, read};
use tokio::{io::AsyncWriteExt, net::TcpStream};

struct Process {
    child: Child,
    address: SocketAddr,
    operator: SocketAddr,
    domain: String,
    key: String,
}

impl Process {
    fn start(example: &Path, folder: &Path) -> Self {
        // What is over a limit of its files is an error to it then, and not its end.
        let mut child = Command::new("sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
            .arg(example)
            .args(["--listen", "127.0.0.1:0", "--operator", "127.0.0.1:0", "--folder"])
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told = |prefix: &str| {
            let line = lines.next().unwrap().unwrap();
            line.strip_prefix(prefix).unwrap_or_else(|| panic!("{line}")).to_owned()
        };
        let address = told("service: http://").trim_end_matches("/v1").parse().unwrap();
        let operator = told("operator: http://").trim_end_matches("/metrics").parse().unwrap();
        let domain = told("domain: ");
        assert_eq!(told("door: "), LockId(*b"front-01").to_string());
        let key = std::fs::read_to_string(told("client's key: ")).unwrap();
        Self { child, address, operator, domain, key }
    }

    async fn client(&self, path: &str, body: &str) -> Answer {
        let key = format!("Bearer {}", self.key);
        ask(self.address, "POST", path, &[("Authorization", &key)], body.as_bytes()).await
    }

    fn door(&self, what: &str) -> String {
        format!("/v1/domains/{}/doors/{}/{what}", self.domain, LockId(*b"front-01"))
    }

    async fn issue(&self, to: &Holder) -> (serde_json::Value, Capability) {
        let lock = LockId(*b"front-01");
        let key = public(&to.public());
        let body = format!(r#"{{"template":"guest","grantee":"{key}","doors":["{lock}"]}}"#);
        let answer = self.client("/v1/tokens", &body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let bytes = |text: &serde_json::Value| {
            let mut room = [0; 2048];
            keyward::text::decode(text.as_str().unwrap(), &mut room).unwrap().to_vec()
        };
        let json = answer.json();
        let held = Capability { origin: bytes(&json["origin"]), token: bytes(&json["token"]) };
        (json, held)
    }

    async fn presentation(&self, holder: &Holder, held: &Capability) -> (String, Vec<u8>) {
        let challenge = ask(self.address, "POST", &self.door("challenge"), &[], b"").await;
        let nonce = Challenge::decode(&challenge.body).unwrap().nonce;
        let asked = Ask { lock: LockId(*b"front-01"), right: Right::UNLOCK, parameter: b"" };
        let mut rng = chacha20::ChaCha20Rng::seed_from_u64(1);
        let request = holder.request(held, asked, &challenge.body, Channel::Remote, &mut rng);
        let path = format!("{}?nonce={nonce}", self.door("requests"));
        (path, holder.present(&request, &[], None))
    }

    /// Lets no file be written above this many bytes.
    #[cfg(target_os = "linux")]
    fn limit_files(&self, bytes: u64) {
        let (id, limit) = (self.child.id().to_string(), format!("--fsize={bytes}:"));
        assert!(Command::new("prlimit").args(["--pid", &id, &limit]).status().unwrap().success());
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _waited = self.child.wait();
    }
}

/// The example's path, built if it isn't there yet: as `cargo test --workspace` builds it, so that
/// nothing is built twice there.
fn example() -> PathBuf {
    let build = ["build", "--workspace", "--example", "service"];
    assert!(Command::new(env!("CARGO")).args(build).status().unwrap().success());
    let tests = std::env::current_exe().unwrap();
    tests.ancestors().nth(2).unwrap().join("examples/service")
}

#[tokio::test]
async fn it_serves_at_once_remembers_over_a_kill_and_ends_when_told() {
    let (example, folder) = (example(), tempfile::tempdir().unwrap());
    let guest = Holder { key: SigningKey::from_secret(&[8; 32]) };
    let mut process = Process::start(&example, folder.path());
    let (json, held) = process.issue(&guest).await;
    let post = async |process: &Process, path: &str, body: &[u8]| {
        ask(process.address, "POST", path, &[], body).await
    };
    // What is made in a store's first second may be older than its memory; a new challenge helps.
    let mut admitted = 409;
    for _ in 0..50 {
        let (path, presentation) = process.presentation(&guest, &held).await;
        let answer = post(&process, &path, &presentation).await;
        admitted = answer.status;
        if admitted != 409 {
            break;
        }
        assert_eq!(answer.problem().1, "old");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(admitted, 200);
    let (_, kept) = process.issue(&guest).await;
    let (path_of_kept, twice) = process.presentation(&guest, &kept).await;
    assert_eq!(post(&process, &path_of_kept, &twice).await.status, 200);
    let token = json["token"].as_str().unwrap();
    let revoked = process.client("/v1/revocations", &format!(r#"{{"token":"{token}"}}"#)).await;
    assert_eq!(revoked.status, 200, "{revoked:?}");

    process.signal("-KILL");
    process.child.wait().unwrap();
    let mut process = Process::start(&example, folder.path());
    let again = post(&process, &path_of_kept, &twice).await;
    assert_eq!(again.problem(), (409, "replayed".into()), "it was admitted before the kill");
    let (path, third) = process.presentation(&guest, &held).await;
    assert_eq!(post(&process, &path, &third).await.problem(), (410, "401".into()));
    let list = format!("/v1/domains/{}/revocations", process.domain);
    let list = ask(process.address, "GET", &list, &[], b"").await;
    let number = Status::decode(&list.body).unwrap().unverified_state().list.number.0;
    assert!(number >= revoked.json()["number"].as_u64().unwrap());
    let (later, _) = process.issue(&guest).await;
    assert!(later["serial"].as_u64() > json["serial"].as_u64());
    assert_eq!(ask(process.operator, "GET", "/health", &[], b"").await.status, 200);

    // A request is under way when it is told to end.
    let mut stream = TcpStream::connect(process.address).await.unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nHost: s\r\nContent-Length: 2\r\n\r\nx");
    stream.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    process.signal("-TERM");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(process.child.try_wait().unwrap().is_none(), "it waits");
    stream.write_all(b"x").await.unwrap();
    assert_eq!(read(&mut stream).await.status, 400);
    for _ in 0..100 {
        if let Some(status) = process.child.try_wait().unwrap() {
            assert!(status.success());
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never ended");
}

/// An error of the disk is over when the disk is well, without a restart.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_the_disk_refused_is_taken_when_it_has_room_again() {
    let (example, folder) = (example(), tempfile::tempdir().unwrap());
    let process = Process::start(&example, folder.path());
    let revoke = async |n: u32| {
        process
            .client("/v1/revocations", &format!(r#"{{"entry":"{n:016x}0000000000000000"}}"#))
            .await
    };
    assert_eq!(revoke(1).await.status, 200);
    process.limit_files(0);
    for _ in 0..2 {
        assert_eq!(revoke(2).await.problem(), (503, "store".into()));
    }
    process.limit_files(1 << 30);
    let revoked = revoke(2).await;
    assert_eq!(revoked.status, 200, "{revoked:?}");
    let list = format!("/v1/domains/{}/revocations", process.domain);
    let list = ask(process.address, "GET", &list, &[], b"").await;
    let status = Status::decode(&list.body).unwrap();
    assert_eq!(status.unverified_list().unwrap().unverified_entries().count(), 2);
}

/// The records tell who opened which door.
#[tokio::test]
async fn its_folder_and_its_records_are_its_users_alone() {
    let (example, folder) = (example(), tempfile::tempdir().unwrap());
    let folder = folder.path().join("service");
    let _process = Process::start(&example, &folder);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.join("records.redb")), 0o600);
    assert_eq!(mode(&folder), 0o700);
}
