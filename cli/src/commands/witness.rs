//! `keyward witness`: a camera or a second person agrees to a request (SPEC.md section 12.1), and
//! afterwards closes what it has recorded (section 24.7).

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
};

use clap::{Args, Subcommand};
use keyward::{Request, id::EvidenceId, recording::Closed, role, wire::Kind};
use rand_core::Rng;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    app::{App, random},
    caveats::unhex,
    fail::{Failure, Result},
    key, name, object,
    out::{Out, hex},
    terminal::aside,
    when,
};

/// Agrees to requests as a witness, and closes recordings
#[derive(Subcommand, Debug)]
pub(crate) enum WitnessCommand {
    /// Agrees to this very request, and names the evidence
    Agree(Agree),
    /// Closes a recording: its hash, from when until when
    Close(Close),
}

#[derive(Args, Debug)]
pub(crate) struct Agree {
    /// The request, from `keyward present --request-only`
    request: String,
    /// The witness's key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// What names the evidence, 32 hexadecimal digits [default: drawn]
    #[arg(long, value_name = "HEX")]
    evidence: Option<String>,
    #[command(flatten)]
    out: Out,
}

#[derive(Args, Debug)]
pub(crate) struct Close {
    /// The request that was agreed to
    request: String,
    /// The witness's key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The evidence that was named then
    #[arg(long, value_name = "HEX")]
    evidence: String,
    /// The recording, whose SHA-256 is signed
    #[arg(long, value_name = "FILE")]
    recording: PathBuf,
    /// When the recording begins
    #[arg(long, value_name = "TIME")]
    from: String,
    /// When it ends
    #[arg(long, value_name = "TIME")]
    until: String,
    #[command(flatten)]
    out: Out,
}

impl WitnessCommand {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        match self {
            Self::Agree(agree) => agree.run(app),
            Self::Close(close) => close.run(app),
        }
    }
}

impl Agree {
    fn run(self, app: &App) -> Result<()> {
        let bytes = object::one(&self.request, Kind::Request)?;
        let request = Request::decode(&bytes)?;
        request.token().check(request.origin()).map_err(|error| {
            Failure::no(format!("the request's token is not genuine: {error}; nothing was signed"))
        })?;
        let key = key::signing::<role::Witness>(app, &self.key)?;
        let evidence = match &self.evidence {
            Some(digits) => evidence(digits)?,
            None => {
                let mut drawn = [0; 16];
                random().fill_bytes(&mut drawn);
                EvidenceId(drawn)
            }
        };
        let agreed = request.agree(evidence, &key.public())?.sign(&key)?;
        let (lock, right) = (request.ask().lock, request.ask().right);
        let sentence = format!(
            "{} agrees that {} be asked to {}; evidence {}",
            key.public().name(),
            name::lock_name(&lock),
            name::right_name(right),
            hex(&evidence.0)
        );
        let json =
            json!({ "evidence": hex(&evidence.0), "witness": key.public().name().to_string() });
        if self.out.file().is_none() && !app.json {
            aside(&sentence);
        }
        self.out.objects(app, &[agreed.as_bytes()], &sentence, json)
    }
}

impl Close {
    fn run(self, app: &App) -> Result<()> {
        let bytes = object::one(&self.request, Kind::Request)?;
        let request = Request::decode(&bytes)?;
        let key = key::signing::<role::Witness>(app, &self.key)?;
        let (from, until) =
            (when::instant(&self.from, &app.clock)?, when::instant(&self.until, &app.clock)?);
        let closed = Closed {
            core: *request.core()?.as_bytes(),
            evidence: evidence(&self.evidence)?,
            hash: self.hash()?,
            from,
            until,
        };
        let signed = closed.draft(&key.public())?.sign(&key)?;
        let sentence = format!("the recording is closed, SHA-256 {}", hex(&closed.hash));
        let json = json!({ "hash": hex(&closed.hash), "from": from.0, "until": until.0 });
        self.out.objects(app, &[signed.as_bytes()], &sentence, json)
    }

    /// Hashes a recording of any length.
    fn hash(&self) -> Result<[u8; 32]> {
        let bad = |error: &io::Error| Failure::reading(&self.recording, error);
        let mut file = File::open(&self.recording).map_err(|error| bad(&error))?;
        let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
        loop {
            match file.read(&mut buffer).map_err(|error| bad(&error))? {
                0 => return Ok(hash.finalize().into()),
                read => hash.update(buffer.get(..read).unwrap_or_default()),
            }
        }
    }
}

fn evidence(digits: &str) -> Result<EvidenceId> {
    let bytes = unhex(digits).and_then(|bytes| bytes.try_into().ok()).map(EvidenceId);
    bytes.ok_or_else(|| Failure::input(format!("{digits}: not 32 hexadecimal digits")))
}
