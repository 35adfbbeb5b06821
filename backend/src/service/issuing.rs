//! What clients ask: tokens, and their revocation.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use keyward::{
    PublicKey, Seconds, Target, Time, Token,
    id::{GroupId, LinkId},
    role,
    schedule::Dates,
    status::{ListOrder, Revoked, SerialFloor},
    text,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;

use super::{
    Client, Parts, Problem, Running,
    routes::{Shared, Turn, Whole},
    statements::{hex, lock_id},
};
use crate::{
    fold::{Denied, fold},
    template::Visit,
};

/// What a client asks for: a template and what fills it in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ask {
    template: String,
    /// The grantee's public key, `kw1public.holder.…`.
    grantee: String,
    /// Locks, in hexadecimal digits.
    #[serde(default)]
    doors: Vec<String>,
    /// Groups, in hexadecimal digits.
    #[serde(default)]
    groups: Vec<String>,
    /// When it starts, in Unix seconds; now, where nothing is said.
    from: Option<u64>,
    /// For how many seconds; as long as the template allows, where nothing is said.
    lasts: Option<u32>,
    /// Public keys of the cameras and persons at the doors.
    #[serde(default)]
    witnesses: Vec<String>,
    /// Days on which it doesn't hold, in days since 1970-01-01.
    #[serde(default)]
    not_on: Vec<u32>,
}

/// `POST /v1/tokens`.
pub(super) async fn issue<P: Parts>(
    State(running): Shared<P>,
    Extension(client): Extension<Client>,
    Whole(body): Whole,
) -> Result<Response, Problem> {
    let ask: Ask = read(&body)?;
    let template = running.service.templates.iter().find(|held| held.name() == ask.template);
    let template = template.ok_or_else(|| Problem::unknown("template"))?;
    if !client.templates.contains(&ask.template) {
        return Err(forbidden("the client may not fill this template in"));
    }
    let doors = ask.doors.iter().map(|door| lock_id(door).map(Target::Lock));
    let groups = ask.groups.iter().map(|group| hex(group).map(|id| Target::Group(GroupId(id))));
    let targets = doors.chain(groups).collect::<Result<Vec<_>, _>>()?;
    let witnesses = ask.witnesses.iter().map(|key| public_key::<role::Witness>(key));
    let witnesses = witnesses.collect::<Result<Vec<_>, _>>()?;
    let not_on: Vec<_> = ask.not_on.iter().map(|first| Dates { first: *first, days: 1 }).collect();
    let mut visit =
        Visit::from(running.passed()).at(&targets).witnesses(&witnesses).not_on(&not_on);
    if let Some(from) = ask.from {
        visit = visit.starts(Time(from));
    }
    if let Some(lasts) = ask.lasts {
        visit = visit.lasts(Seconds(lasts));
    }
    let order = template.order(public_key(&ask.grantee)?, &visit)?;
    let issued = running.service.issuer.issue(&order).await?;
    let origin =
        running.service.issuer.origin().encode().map_err(crate::issuer::IssueError::from)?;
    tracing::info!(
        client = client.name,
        template = ask.template,
        serial = issued.serial.0,
        "issued"
    );
    let body = json!({
        "serial": issued.serial.0,
        "origin": written(origin.as_bytes())?,
        "token": written(&issued.token)?,
    });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// What a client wants denied: one of these.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
enum Revoke {
    /// A token: its last link, and with it all that was passed on from there.
    Token(String),
    /// A holder's or witness's public key, `kw1public.….…`.
    Holder(String),
    /// A witness's public key.
    Witness(String),
    /// A link or key by the 16 bytes of its name, in hexadecimal digits.
    Entry(String),
}

/// `POST /v1/revocations`.
pub(super) async fn revoke<P: Parts>(
    State(running): Shared<P>,
    Extension(client): Extension<Client>,
    Extension(turn): Extension<Turn>,
    Whole(body): Whole,
) -> Result<Response, Problem> {
    if !client.revokes {
        return Err(forbidden("the client may not revoke"));
    }
    let service = &running.service;
    let denied = match read(&body)? {
        Revoke::Holder(key) => key_entry(public_key::<role::Holder>(&key)?.name().into()),
        Revoke::Witness(key) => key_entry(public_key::<role::Witness>(&key)?.name().into()),
        Revoke::Entry(entry) => key_entry(LinkId(hex(&entry)?).into()),
        Revoke::Token(token) => {
            let mut room = [0; keyward::limits::MAX_TOKEN];
            let bytes = text::decode(&token, &mut room).map_err(Problem::malformed)?;
            let token = Token::decode(bytes)?;
            // Whoever revokes a token that isn't ours would be told so by no lock.
            let checked = token.check(&service.issuer.origin()).map_err(Problem::malformed)?;
            let link = checked.links().last().map(|link| link.id());
            let link = link.ok_or_else(|| Problem::malformed("no link"))?;
            let from = (token.unverified_issuer(), checked.serial());
            Denied { entry: link.into(), token: Some(from) }
        }
    };
    // In a task of its own: whoever hangs up when it is durable has it published all the same. His
    // turn ends with it, so that no more are under way than there are turns.
    let this = Arc::clone(&running);
    let revoked = tokio::spawn(async move {
        let _turn = turn;
        let denial = this.deny(denied).await?;
        this.publish(denial).await
    });
    let listed = revoked.await.map_err(|error| Problem::defect(&error))??;
    tracing::info!(client = client.name, number = listed.order.number.0, "revoked");
    let floor =
        |floor: &SerialFloor| json!({ "issuer": floor.issuer.to_string(), "first": floor.first.0 });
    let body = json!({
        "keyset": listed.order.keyset.0,
        "number": listed.order.number.0,
        "floors": listed.floors.iter().map(floor).collect::<Vec<_>>(),
    });
    Ok(Json(body).into_response())
}

/// What is denied, and what of it is in a list.
pub(super) struct Lists {
    /// How often something new was denied; what was denied before the start is once.
    denials: u64,
    /// The newest list of this process, and how many of the denials it holds.
    newest: Option<(u64, Listed)>,
}

/// What is told of a list.
#[derive(Clone)]
pub(super) struct Listed {
    order: ListOrder,
    floors: Vec<SerialFloor>,
}

impl Lists {
    /// At the start: what was denied before may be in no list.
    pub(super) fn new(denied: &[Denied]) -> Self {
        Self { denials: u64::from(!denied.is_empty()), newest: None }
    }

    /// The newest list, if it holds a denial.
    fn with(&self, denial: u64) -> Option<&Listed> {
        self.newest.as_ref().filter(|(denials, _)| *denials >= denial).map(|(_, listed)| listed)
    }
}

impl<P: Parts> Running<P> {
    /// Writes down what is to be denied, unless no list could then hold all of it: that would keep
    /// whatever is revoked later out of every list, too. Returns the number of the denial.
    async fn deny(&self, denied: Denied) -> Result<u64, Problem> {
        let mut lists = self.lists.lock().await;
        let records = &self.service.records;
        let held = records.denied();
        if !held.contains(&denied) {
            let all = [held, vec![denied]].concat();
            fold(&all, &records.floors()?, &[]).map_err(Problem::full)?;
            records.deny(denied).await?;
            lists.denials += 1;
        }
        Ok(lists.denials)
    }

    /// Publishes a list of all that is denied, if the newest doesn't hold this denial yet: to doors
    /// that this service admits for, and to whoever asks. Where that fails it is tried again, after
    /// [`Limits::retry`](super::Limits::retry).
    async fn publish(&self, denial: u64) -> Result<Listed, Problem> {
        // One after the other, so that the later of two lists is kept later; and nothing is denied
        // meanwhile.
        let mut lists = self.lists.lock().await;
        if let Some(listed) = lists.with(denial) {
            return Ok(listed.clone());
        }
        let service = &self.service;
        let (keyset, at) = (self.state()?.keyset, self.now());
        let denied = || (service.records.denied(), Vec::new());
        let published = service.revoker.publish(keyset, at, denied).await?;
        // What no door takes is never kept: the next start goes on from what is kept.
        let taken = service.directory.take_list(&service.domain, &published.list);
        taken.map_err(|error| Problem::signer(&error))?;
        service.records.keep_list(&published.list).await?;
        let listed = Listed { order: published.order, floors: published.folded.floors };
        lists.newest = Some((lists.denials, listed.clone()));
        Ok(listed)
    }

    /// Publishes a list, if something is denied that may be in none.
    pub(super) async fn publish_owed(&self) -> Result<(), Problem> {
        let denials = self.lists.lock().await.denials;
        match denials {
            0 => Ok(()),
            denials => self.publish(denials).await.map(drop),
        }
    }
}

/// Nobody who is known.
pub(super) fn stranger() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "client", "UnknownClient", "no known key was sent")
}

fn forbidden(detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "client", "NotAllowed", detail)
}

const fn key_entry(entry: Revoked) -> Denied {
    Denied { entry, token: None }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(Problem::malformed)
}

fn public_key<R: role::Role>(text: &str) -> Result<PublicKey<R>, Problem> {
    text::decode_public(text).map_err(Problem::malformed)
}

fn written(object: &[u8]) -> Result<String, Problem> {
    let mut room = [0; text::MAX_TEXT];
    text::encode(object, &mut room).map(str::to_owned).map_err(Problem::malformed)
}
