//! The back end as a service, with nothing to set up:
//!
//! ```console
//! $ cargo run -p keyward-backend --example service
//! ```
//!
//! The first start founds a domain with one door in the folder `keyward-service`; every later one
//! goes on with it. Beside it needs no server: what was used lies in a file. The folder is its user's
//! alone. Secrets lie in it too, which is right for a trial and for nothing else: an owner's root and
//! cold keys belong in drawers, an issuer's in a KMS (`issuer::Remote`).

#[path = "service/founding.rs"]
mod founding;

use std::{
    collections::BTreeMap, error::Error, fs::DirBuilder, os::unix::fs::DirBuilderExt,
    path::PathBuf, sync::Arc,
};

use keyward::role;
use keyward_backend::{
    chains::KnownChains,
    directory::{Bundle, Directory},
    gate::{FleetKey, FleetKeys, Gate},
    issuer::{Attester, Issuer, Local, Revoker},
    serials::Ahead,
    service::{ApiKeys, Client, Limits, Parts, Service, records::Records, serve},
    state::{clock::HostClock, redb::Redb},
    template::home,
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

/// All in this process.
struct Embedded;

impl Parts for Embedded {
    type Signer = Local<role::Issuer>;
    type State = Redb;
    type Clock = HostClock;
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut settings = BTreeMap::from([
        ("--listen", "127.0.0.1:8750".to_owned()),
        ("--operator", "127.0.0.1:8751".to_owned()),
        ("--folder", "keyward-service".to_owned()),
    ]);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let setting = settings.get_mut(word.as_str()).ok_or("--listen, --operator or --folder")?;
        *setting = words.next().ok_or("a value is missing")?;
    }
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(&settings))
}

async fn run(settings: &BTreeMap<&str, String>) -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(&settings["--folder"]);
    DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let founded = founding::open(&folder)?;
    let clock = HostClock::default();
    let state = Redb::open(folder.join("used.redb"), clock)?;
    let (scope, key) = (founded.scope(), || Local::new(founded.issuer()));
    let records = Records::open(folder.join("records.redb"), scope)?;

    let directory = Arc::new(Directory::new());
    let list = records.list()?;
    directory.found(&Bundle {
        domain: founded.domain,
        epochs: &[&founded.epoch],
        keysets: &[&founded.keyset],
        list: list.as_deref(),
        cards: &[&founded.card],
    })?;

    let client = Client {
        name: "trial".into(),
        templates: vec!["guest".into(), "delivery company".into()],
        revokes: true,
    };
    let service = Service::<Embedded> {
        domain: founded.domain,
        issuer: Issuer::new(scope, key(), state.clone(), Ahead::default()),
        attester: Attester::new(scope, key()),
        revoker: Revoker::new(scope, key(), state.clone(), records.floors()?),
        directory,
        gate: Gate::new(FleetKeys::new(FleetKey::new(founded.fleet)), state, clock),
        chains: Some(KnownChains::within(16 << 20)),
        clock,
        templates: vec![home::guest()?, home::company()?],
        clients: Box::new(ApiKeys::new().with(&founded.api_key(), client)),
        records,
        log: None,
        limits: Limits::default(),
    };

    let listener = TcpListener::bind(&settings["--listen"]).await?;
    let operator = TcpListener::bind(&settings["--operator"]).await?;
    println!("service: http://{}/v1", listener.local_addr()?);
    println!("operator: http://{}/metrics", operator.local_addr()?);
    println!("domain: {}", founded.domain);
    println!("door: {}", founding::DOOR);
    println!("client's key: {}", folder.join("client.key").display());
    let (mut terminated, mut interrupted) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let end = async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    };
    serve(service, listener, operator, end).await?;
    tracing::info!("ended");
    Ok(())
}
