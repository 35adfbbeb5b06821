//! `keyward token`: issues tokens, hands them on, invites guests (SPEC.md section 6).

use std::path::PathBuf;

use clap::{Args, Subcommand, value_parser};
use keyward::{Narrowing, Origin, PublicKey, Roles, SigningKey, Token, id::Serial, role};
use serde_json::json;

use super::check::Check;
use crate::{
    app::{App, random},
    caveats::CaveatArgs,
    domain::DomainFile,
    fail::{Failure, Result},
    invite::Invitation,
    issuer, key,
    object::Capability,
    out::Out,
    show,
};

/// Issues tokens, hands them on, invites guests
#[derive(Subcommand, Debug)]
pub(crate) enum TokenCommand {
    /// Grants a token to a holder's key
    Issue(Issue),
    /// Hands a token on, narrowed, to another holder's key
    Delegate(Delegate),
    /// Makes a link for a guest without a key: issued, or handed on from a token
    Invite(Invite),
    /// Takes an invitation over to one's own key
    Accept(Accept),
    /// Explains a token, and what would deny it now
    Show(Show),
    /// Verifies a token's signatures, or what a lock makes of a presentation
    Check(Check),
}

#[derive(Args, Debug)]
pub(crate) struct Issue {
    /// To whom: a public holder key or its file
    #[arg(long, value_name = "KEY")]
    to: String,
    #[command(flatten)]
    by: By,
    /// How many links may follow, 0 to 3: whether it may be handed on
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = value_parser!(u8).range(..=3))]
    depth: u8,
    #[command(flatten)]
    caveats: CaveatArgs,
    #[command(flatten)]
    out: Out,
}

/// Who issues.
#[derive(Args, Debug)]
struct By {
    /// An issuer that may issue, or the epoch's emergency key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The token's serial, behind which the next ones begin [default: the next, kept beside the
    /// domain's file]
    #[arg(long, value_name = "N")]
    serial: Option<u64>,
}

#[derive(Args, Debug)]
pub(crate) struct Delegate {
    /// The token that is held, with its origin
    token: String,
    /// To whom: a public holder key or its file
    #[arg(long, value_name = "KEY")]
    to: String,
    /// The holder's key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// How many links may follow [default: none]
    #[arg(long, value_name = "N", default_value_t = 0)]
    depth: u8,
    #[command(flatten)]
    caveats: CaveatArgs,
    #[command(flatten)]
    out: Out,
}

#[derive(Args, Debug)]
pub(crate) struct Invite {
    /// The token to hand on; without it a new one is issued
    #[arg(conflicts_with = "serial")]
    token: Option<String>,
    #[command(flatten)]
    by: By,
    /// What the link begins with; the token and its key stand behind the #, which browsers keep to
    /// themselves
    #[arg(long, value_name = "URL", default_value = "keyward:invitation")]
    link: String,
    #[command(flatten)]
    caveats: CaveatArgs,
    #[command(flatten)]
    out: Out,
}

#[derive(Args, Debug)]
pub(crate) struct Accept {
    /// A file that holds the link, or - for standard input; the link is as good as a key
    invitation: PathBuf,
    /// One's own public holder key or its file
    #[arg(long, value_name = "KEY")]
    to: String,
    #[command(flatten)]
    out: Out,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// A token with its origin
    token: String,
    /// What is asked of the lock
    #[command(flatten)]
    ask: show::Asked,
}

impl TokenCommand {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        match self {
            Self::Issue(issue) => issue.run(app),
            Self::Delegate(delegate) => delegate.run(app),
            Self::Invite(invite) => invite.run(app),
            Self::Accept(accept) => accept.run(app),
            Self::Show(Show { token, ask }) => show::token(app, &token, &ask),
            Self::Check(check) => check.run(app),
        }
    }
}

impl Issue {
    fn run(self, app: &App) -> Result<()> {
        let to = key::public::<role::Holder>(app, &self.to)?;
        let (issued, serial) = self.by.issue(app, &to, self.depth, &self.caveats)?;
        issued.hand_out(app, &self.out, &format!("token {serial}, for the key {}", to.name()))
    }
}

impl By {
    fn issue(
        &self,
        app: &App,
        to: &PublicKey<role::Holder>,
        depth: u8,
        caveats: &CaveatArgs,
    ) -> Result<(Capability, Serial)> {
        let file = app.domain()?;
        let (scope, grant) = (file.scope()?, caveats.grant(app)?);
        let text = key::secret(app, &self.key)?;
        if key::class(&text) == Some(<role::Emergency as role::Role>::NAME) {
            let key = key::of_secret::<role::Emergency>(&self.key, &text)?;
            if emergency(&file)? != Some(key.public()) {
                let path = self.key.display();
                return Err(Failure::input(format!("{path}: not the epoch's emergency key")));
            }
            let serial = issuer::serial(app, self.serial)?;
            let draft = Token::issue(scope, &key.public(), serial, to, depth, &grant)?;
            let origin = Origin::new(scope, &key.public());
            return Ok((capability(&origin, draft.sign(&key)?.as_bytes())?, serial));
        }
        let key = key::of_secret::<role::Issuer>(&self.key, &text)?;
        issuer::check(app, &file, &key.public(), Roles::ISSUE, "issue tokens", &self.key)?;
        let serial = issuer::serial(app, self.serial)?;
        let draft = Token::issue(scope, &key.public(), serial, to, depth, &grant)?;
        let origin = Origin::new(scope, &key.public());
        Ok((capability(&origin, draft.sign(&key)?.as_bytes())?, serial))
    }
}

impl Delegate {
    fn run(self, app: &App) -> Result<()> {
        let held = Capability::read(&self.token)?;
        let to = key::public::<role::Holder>(app, &self.to)?;
        let key = key::signing::<role::Holder>(app, &self.key)?;
        let narrowed = held.hand_on(&to, &key, self.depth, &self.caveats.narrowing(app)?)?;
        narrowed.hand_out(app, &self.out, &format!("the token, for the key {}", to.name()))
    }
}

impl Invite {
    fn run(self, app: &App) -> Result<()> {
        if !self.caveats.counts_uses() {
            return Err(Failure::input(
                "--uses is missing: whoever has the link can take it over, and so can the next; \
                 say how often it may be used in all",
            ));
        }
        if self.link.contains(|letter: char| letter == '#' || letter <= ' ' || letter == '\u{7f}') {
            return Err(Failure::input(format!(
                "--link {}: the token and its key stand behind the #, so that none is before it, \
                 nor a space",
                self.link
            )));
        }
        let guest = SigningKey::<role::Holder>::generate(&mut random());
        let to = guest.public();
        let granted = match &self.token {
            Some(token) => {
                let key = key::signing::<role::Holder>(app, &self.by.key)?;
                let held = Capability::read(token)?;
                held.hand_on(&to, &key, 1, &self.caveats.narrowing(app)?)?
            }
            None => self.by.issue(app, &to, 1, &self.caveats)?.0,
        };
        let link = Invitation { granted, key: guest }.link(&self.link)?;
        let sentence = "an invitation: whoever has the link first can take it over";
        self.out.private(
            app,
            &link,
            sentence,
            json!({ "link": *link, "key": to.name().to_string() }),
        )
    }
}

impl Accept {
    fn run(self, app: &App) -> Result<()> {
        let to = key::public::<role::Holder>(app, &self.to)?;
        let Invitation { granted, key } = Invitation::read(&self.invitation)?;
        let own = granted.hand_on(&to, &key, 0, &Narrowing::narrowing())?;
        own.hand_out(app, &self.out, &format!("the token, for the key {}", to.name()))
    }
}

/// The epoch's emergency key.
fn emergency(file: &DomainFile) -> Result<Option<PublicKey<role::Emergency>>> {
    Ok(file.epoch()?.unverified_emergency().transpose()?)
}

/// A token and its origin.
fn capability(origin: &Origin, token: &[u8]) -> Result<Capability> {
    Ok(Capability { origin: origin.encode()?.as_bytes().to_vec(), token: token.to_vec() })
}

impl Capability {
    /// Adds a link, after checking that those before are genuine.
    fn hand_on(
        &self,
        to: &PublicKey<role::Holder>,
        key: &SigningKey<role::Holder>,
        depth: u8,
        caveats: &Narrowing,
    ) -> Result<Self> {
        let (origin, token) = (Origin::decode(&self.origin)?, Token::decode(&self.token)?);
        let checked = token.check(&origin);
        checked.map_err(|error| Failure::no(format!("the token is not genuine: {error}")))?;
        if token.unverified_grantee()? != key.public() {
            return Err(Failure::input("the key is not the token's last holder's"));
        }
        let draft = token.attenuate(&origin, to, depth, caveats).map_err(|error| match error {
            keyward::EncodeError::NoDepthLeft => Failure::input(
                "the token may not be handed on so far: its --depth said how many links may follow",
            ),
            error => error.into(),
        })?;
        Ok(Self { origin: self.origin.clone(), token: draft.sign(key)?.as_bytes().to_vec() })
    }

    /// Writes both, a token never without its origin.
    fn hand_out(&self, app: &App, out: &Out, sentence: &str) -> Result<()> {
        let token = Token::decode(&self.token)?;
        let links = token.unverified_links().count();
        let sentence = format!(
            "{sentence}: {links} link{}, {} bytes",
            if links == 1 { "" } else { "s" },
            self.token.len()
        );
        let json = json!({ "serial": token.unverified_serial().0, "links": links });
        out.objects(app, &[&self.origin, &self.token], &sentence, json)
    }
}
