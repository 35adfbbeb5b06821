//! A service on the loopback, over a world's owner; and the smallest of HTTP clients.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use keyward::{
    Ask, Challenge, Channel, Right, Scope, SigningKey,
    id::{KeyId, LockId},
    role,
};
use keyward_backend::{
    chains::KnownChains,
    directory::{Bundle, Directory},
    gate::{FleetKey, FleetKeys, Gate},
    issuer::{Attester, Issuer, Local, Revoker},
    serials::{Ahead, Serials},
    service::{ApiKeys, Client, Limits, Parts, Service, records::Records, serve},
    state::{Mark, Millis, Name, State, StateError, Value, Verdict, clock::HandClock, redb::Redb},
    template::home,
};
use keyward_testkit::world::{Capability, Holder, START, World};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{RwLock, oneshot},
    task::JoinHandle,
};

/// The client who may all, and one who may fill in one template.
pub const KEY: &str = "5b1fe0a2d6c3479886c1d3cf0a9e77b15b1fe0a2d6c3479886c1d3cf0a9e77b1";
pub const GUESTS_KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// The embedded store, which can be unplugged, and stopped from giving serials.
#[derive(Clone)]
pub struct Plugged {
    store: Redb,
    pub down: Arc<AtomicBool>,
    pub stop: Arc<RwLock<()>>,
}

impl Plugged {
    fn check(&self) -> Result<(), StateError> {
        match self.down.load(SeqCst) {
            true => Err(StateError::Unavailable("10.0.0.7 says nothing".into())),
            false => Ok(()),
        }
    }
}

impl State for Plugged {
    async fn read(&self, names: &[Name]) -> Result<Vec<Value>, StateError> {
        self.check()?;
        self.store.read(names).await
    }

    async fn mark(&self, mark: &Mark) -> Result<Verdict, StateError> {
        self.check()?;
        self.store.mark(mark).await
    }
}

impl Serials for Plugged {
    async fn reserve(
        &self,
        scope: &Scope,
        issuer: KeyId,
        count: u32,
    ) -> Result<Range<u64>, StateError> {
        self.check()?;
        let _goes_on = self.stop.read().await;
        self.store.reserve(scope, issuer, count).await
    }
}

struct Tested;

impl Parts for Tested {
    type Signer = Local<role::Issuer>;
    type State = Plugged;
    type Clock = HandClock;
}

/// A running service.
pub struct Rig {
    pub world: Box<World>,
    pub address: SocketAddr,
    pub operator: SocketAddr,
    pub down: Arc<AtomicBool>,
    /// Whoever writes it stops the store from giving serials, and numbers of lists.
    pub stop: Arc<RwLock<()>>,
    pub clock: HandClock,
    pub records: Records,
    pub directory: Arc<Directory>,
    pub end: Option<oneshot::Sender<()>>,
    pub served: JoinHandle<std::io::Result<()>>,
    folder: TempDir,
}

pub fn copy<R: role::Role>(key: &SigningKey<R>) -> SigningKey<R> {
    SigningKey::from_secret(key.expose_secret())
}

impl Rig {
    pub async fn new(seed: u64, limits: Limits) -> Self {
        Self::over(Box::new(World::new(seed)), limits).await
    }

    pub async fn over(world: Box<World>, limits: Limits) -> Self {
        Self::within(tempfile::tempdir().unwrap(), world, limits).await
    }

    /// Over the files in a folder, which another may have left.
    pub async fn within(folder: TempDir, world: Box<World>, limits: Limits) -> Self {
        let clock = HandClock::at(Millis::of(START));
        let scope = world.owner.scope();
        let store = opened(|| Redb::open(folder.path().join("used.redb"), clock.clone())).await;
        // What is made in the millisecond of a store's birth is too old for it.
        clock.wait(1000);
        let (down, stop) = (Arc::new(AtomicBool::new(false)), Arc::new(RwLock::new(())));
        let store = Plugged { store, down: Arc::clone(&down), stop: Arc::clone(&stop) };
        let records = opened(|| Records::open(folder.path().join("records.redb"), scope)).await;
        let (owner, directory) = (&world.owner, Arc::new(Directory::new()));
        let library = &owner.library;
        let epochs: Vec<_> = library.epochs.iter().map(Vec::as_slice).collect();
        let cards: Vec<_> = library.cards.values().map(Vec::as_slice).collect();
        let list = records.list().unwrap().or_else(|| library.list.clone());
        let (keysets, list) = ([library.keyset.as_slice()], list.as_deref());
        let (domain, keysets) = (owner.domain, &keysets);
        let bundle = Bundle { domain, epochs: &epochs, keysets, list, cards: &cards };
        directory.found(&bundle).unwrap();
        let client = |name: &str, templates: &[&str], revokes| Client {
            name: name.into(),
            templates: templates.iter().map(|name| (*name).into()).collect(),
            revokes,
        };
        let clients = ApiKeys::new()
            .with(GUESTS_KEY, client("guests", &["guest"], false))
            .with(KEY, client("all", &["guest", "delivery company"], true));
        let service = Service::<Tested> {
            domain: owner.domain,
            issuer: Issuer::new(
                scope,
                Local::new(copy(&owner.issuer)),
                store.clone(),
                // One block a token, so that a store that is down is noticed.
                Ahead { block: 1, ..Ahead::default() },
            ),
            attester: Attester::new(scope, Local::new(copy(&owner.attester))),
            revoker: Revoker::new(
                scope,
                Local::new(copy(&owner.revoker)),
                store.clone(),
                records.floors().unwrap(),
            ),
            directory: Arc::clone(&directory),
            gate: Gate::new(FleetKeys::new(FleetKey::new([6; 32])), store, clock.clone()),
            chains: Some(KnownChains::within(1 << 20)),
            clock: clock.clone(),
            templates: vec![home::guest().unwrap(), home::company().unwrap()],
            clients: Box::new(clients),
            records: records.clone(),
            log: None,
            limits,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let private = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, operator) = (listener.local_addr().unwrap(), private.local_addr().unwrap());
        let (end, ended) = oneshot::channel::<()>();
        let ended = async move { drop(ended.await) };
        let served = tokio::spawn(serve(service, listener, private, ended));
        let end = Some(end);
        Self {
            world,
            address,
            operator,
            down,
            stop,
            clock,
            records,
            directory,
            end,
            served,
            folder,
        }
    }

    /// Ends the service; its world and its files are left.
    pub async fn ended(mut self) -> (Box<World>, TempDir) {
        self.end.take().unwrap().send(()).unwrap();
        self.served.await.unwrap().unwrap();
        (self.world, self.folder)
    }

    /// Asks as a client.
    pub async fn client(&self, path: &str, body: &str) -> Answer {
        let key = format!("Bearer {KEY}");
        ask(self.address, "POST", path, &[("Authorization", &key)], body.as_bytes()).await
    }

    /// Asks as anybody.
    pub async fn post(&self, path: &str, body: &[u8]) -> Answer {
        ask(self.address, "POST", path, &[], body).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        ask(self.address, "GET", path, &[], b"").await
    }

    /// The route of a door.
    pub fn door(&self, lock: LockId, what: &str) -> String {
        format!("/v1/domains/{}/doors/{lock}/{what}", self.world.owner.domain)
    }

    /// A guest's token for the flat, by the service; and the holder.
    pub async fn guest(&mut self) -> (Holder, Capability, String) {
        let guest = Holder::new(&mut self.world.rng);
        let body = format!(
            r#"{{"template":"guest","grantee":"{}","doors":["{}"]}}"#,
            public(&guest.public()),
            self.world.flat.id()
        );
        let answer = self.client("/v1/tokens", &body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let (json, bytes) = (answer.json(), |text: &serde_json::Value| {
            let mut room = [0; 2048];
            keyward::text::decode(text.as_str().unwrap(), &mut room).unwrap().to_vec()
        });
        let held = Capability { origin: bytes(&json["origin"]), token: bytes(&json["token"]) };
        (guest, held, json["token"].as_str().unwrap().to_owned())
    }

    /// A presentation for the flat in answer to a challenge of the service, and where to bring it.
    pub async fn presentation(
        &mut self,
        holder: &Holder,
        held: &Capability,
        right: Right,
    ) -> (String, Vec<u8>) {
        let lock = self.world.flat.id();
        let challenge = self.post(&self.door(lock, "challenge"), b"").await;
        assert_eq!(challenge.status, 200);
        let nonce = Challenge::decode(&challenge.body).unwrap().nonce;
        let ask = Ask { lock, right, parameter: b"" };
        let rng = &mut self.world.rng;
        let request = holder.request(held, ask, &challenge.body, Channel::Remote, rng);
        let path = format!("{}?nonce={nonce}", self.door(lock, "requests"));
        (path, holder.present(&request, &[], None))
    }
}

/// What is opened once whoever held the file has let it go.
pub async fn opened<T>(open: impl Fn() -> Result<T, StateError>) -> T {
    for _ in 0..1000 {
        match open() {
            Err(StateError::Unavailable(_)) => {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            opened => return opened.unwrap(),
        }
    }
    panic!("the file is held for good");
}

/// A public key in its text form.
pub fn public<R: role::Role>(key: &keyward::PublicKey<R>) -> String {
    let mut room = [0; 200];
    keyward::text::encode_public(key, &mut room).unwrap().to_owned()
}

/// An answer of the service.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Status and code of a problem, whose form is checked.
    pub fn problem(&self) -> (u16, String) {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        let json = self.json();
        assert_eq!(json["status"], self.status);
        let code = json["code"].as_str().map_or_else(|| json["code"].to_string(), str::to_owned);
        assert_eq!(json["type"], format!("urn:keyward:problem:{code}"));
        assert!(json["title"].is_string() && json["detail"].is_string());
        (self.status, code)
    }
}

/// Asks once, by a connection of its own.
pub async fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: service\r\nConnection: close\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("Content-Length: {}\r\n\r\n", body.len());
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // Who is refused by the head alone may find the connection closed.
    let _sent = stream.write_all(body).await;
    read(&mut stream).await
}

/// Reads all that comes until the end.
pub async fn read(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let _ended = stream.read_to_end(&mut bytes).await;
    answer(&bytes).unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(&bytes)))
}

fn answer(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Some(Answer { status, headers, body: bytes[end + 4..].to_vec() })
}
