//! `keyward token check`: whether a token is genuine, and what a lock makes of a presentation.

use std::path::{Path, PathBuf};

use clap::Args;
use keyward::{Denial, Origin, Presentation, Token, seal::SealFault, wire::Kind};
use serde_json::{Value, json};

use crate::{
    app::{App, line},
    caveats::unhex,
    fail::{Failure, Result},
    files, object,
    object::Object,
    out::hex,
    scene::Scene,
    terminal::aside,
};

/// Verifies a token's signatures, or what a lock makes of a presentation
///
/// A token with its origin is genuine or not; whether a lock would open is `token show`. A
/// presentation needs the lock's side: what it trusts, knows and remembers, in JSON as
/// tests/vectors/verify.json has it.
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// A token with its origin, or a presentation
    #[arg(value_name = "OBJECT", required_unless_present = "vectors")]
    object: Option<String>,
    /// The lock's side of a presentation, as one entry of verify.json
    #[arg(long, value_name = "FILE")]
    lock_side: Option<PathBuf>,
    /// Checks test vectors: verdict and reason of each, beside those of the file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["object", "lock_side"])]
    vectors: Option<PathBuf>,
    /// Of the vectors this one alone
    #[arg(long, value_name = "NAME", requires = "vectors")]
    name: Option<String>,
}

impl Check {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        if let Some(path) = &self.vectors {
            return self.vectors(app, path);
        }
        let argument = self.object.as_deref().unwrap_or_default();
        let objects = object::read(argument)?;
        let presented =
            objects.iter().find(|object| matches!(object.kind, Kind::Presentation | Kind::Sealed));
        match (presented, &self.lock_side) {
            (Some(object), Some(path)) => presentation(app, object, path),
            (Some(_), None) => {
                Err(Failure::input("--lock-side is missing: a presentation is judged by a lock"))
            }
            (None, _) => token(app, &objects, argument),
        }
    }

    fn vectors(&self, app: &App, path: &Path) -> Result<()> {
        let file = files::json(path)?;
        let vectors = file["vectors"].as_array();
        let vectors = vectors
            .ok_or_else(|| Failure::input(format!("{}: no vectors in it", path.display())))?;
        let (mut checked, mut others, mut told) = (0_u64, Vec::new(), Vec::new());
        for vector in vectors {
            let name = vector["name"].as_str().unwrap_or_default();
            if self.name.as_deref().is_some_and(|wanted| wanted != name) {
                continue;
            }
            checked += 1;
            let (got, wanted) =
                verdicts(vector).map_err(|why| Failure::input(format!("{name}: {why}")))?;
            if got != wanted {
                others.push(name.to_owned());
            }
            match app.json {
                true => told.push(json!({ "name": name, "verdict": got, "vector": wanted })),
                false => line(&format!("{name}: {got}")),
            }
        }
        if checked == 0 {
            return Err(Failure::input(format!("{}: no such vector", path.display())));
        }
        if app.json {
            line(&json!({ "checked": checked, "others": others, "vectors": told }).to_string());
        }
        match others.first() {
            None => {
                aside(&format!("{checked} vectors, all with the file's verdict and reason"));
                Ok(())
            }
            Some(first) => Err(Failure::no(format!(
                "{} of {checked} vectors came out otherwise, the first is {first}",
                others.len()
            ))),
        }
    }
}

/// What keyward says of a vector, and what the file says: `accepted`, or a denial or decode error.
fn verdicts(vector: &Value) -> std::result::Result<(String, String), String> {
    if let Some(wanted) = vector.get("verdict") {
        let scene = Scene::of(vector)?;
        let bytes = vector["presentation"].as_str().and_then(unhex).ok_or("no presentation")?;
        let got = match judge(&scene, &bytes) {
            Ok(_) => "accepted".to_owned(),
            Err(denial) => told(&denial),
        };
        let wanted = match (wanted["accepted"].as_bool(), wanted["reason"].as_str()) {
            (Some(true), _) => "accepted".to_owned(),
            (_, Some(reason)) => match wanted["detail"].as_str() {
                Some(detail) => format!("denied: {reason} ({}), {detail}", wanted["code"]),
                None => format!("denied: {reason} ({})", wanted["code"]),
            },
            _ => return Err("no verdict".into()),
        };
        return Ok((got, wanted));
    }
    let (kind, bytes) = (vector["decode"].as_str(), vector["bytes"].as_str().and_then(unhex));
    let (Some(kind), Some(bytes)) = (kind, bytes) else {
        return Err("neither a verdict nor bytes to decode".into());
    };
    let kind = Kind::ALL.iter().find(|(_, name)| *name == kind).map(|(kind, _)| *kind);
    let got = match object::decodes(kind.ok_or("an unknown kind")?, &bytes) {
        Ok(()) => "decodes".to_owned(),
        Err(error) => format!("{error:?}"),
    };
    Ok((got, vector["error"].as_str().unwrap_or("decodes").to_owned()))
}

fn told(denial: &Denial) -> String {
    let (name, code) = (denial.name(), denial.code());
    match denial {
        Denial::Malformed(error) => format!("denied: {name} ({code}), {error:?}"),
        _ => format!("denied: {name} ({code})"),
    }
}

/// What the lock of a scene makes of a presentation. It has no key to open a sealed one with.
fn judge(scene: &Scene, bytes: &[u8]) -> std::result::Result<keyward::verify::Accepted, Denial> {
    if bytes.get(1) == Some(&Kind::Sealed.byte()) {
        return Err(SealFault::NoKey.into());
    }
    scene.judge(&Presentation::decode(bytes)?)
}

fn presentation(app: &App, object: &Object, path: &Path) -> Result<()> {
    let scene = Scene::of(&files::json(path)?);
    let scene = scene.map_err(|why| Failure::input(format!("{}: {why}", path.display())))?;
    let accepted = judge(&scene, &object.bytes)?;
    let core = hex(accepted.core().as_bytes());
    app.say(&format!("accepted; core {core}"), &json!({ "accepted": true, "core": core }));
    Ok(())
}

fn token(app: &App, objects: &[Object], argument: &str) -> Result<()> {
    let origin = object::pick(objects, Kind::Origin, argument)?;
    let token = object::pick(objects, Kind::Token, argument)?;
    let (origin, token) = (Origin::decode(&origin)?, Token::decode(&token)?);
    let checked = token.check(&origin);
    let checked =
        checked.map_err(|error| Failure::no(format!("{argument}: not genuine: {error}")))?;
    let links = checked.links().count();
    let ours = app.domain.exists().then(|| app.domain()).transpose()?;
    let known = ours.map(|file| file.id() == origin.scope.domain);
    let domain = match known {
        Some(true) => "of this domain",
        Some(false) => {
            return Err(Failure::no(format!(
                "{argument}: of another domain, {}",
                origin.scope.domain
            )));
        }
        None => "by its own origin; there is no domain to compare it with",
    };
    let line = format!(
        "genuine, {domain}: {links} link{}, serial {}",
        if links == 1 { "" } else { "s" },
        checked.serial()
    );
    let json = json!({
        "genuine": true, "links": links, "serial": checked.serial().0,
        "domain": origin.scope.domain.to_string(), "domain_known": known.unwrap_or(false),
    });
    app.say(&line, &json);
    Ok(())
}
