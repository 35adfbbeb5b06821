//! `keyward show`: explains any object, and first whether it is verified.
//!
//! What can be verified with what is at hand is verified: by the domain's file, and by what stands
//! in the same input. The rest says why not. Nothing here opens anything.
//!
//! | module | what it does |
//! | --- | --- |
//! | `piece` | reads texts, and goes on behind what is damaged |
//! | `beside` | what an object can be compared with |
//! | `account`, `layout` | what is told of one object, as text and as JSON |
//! | `chain`, `caveat` | tokens |
//! | `question`, `forecast`, `denial` | what a lock would say of one now |
//! | `statement`, `cosigned`, `card`, `status` | a domain's statements |
//! | `request`, `presentation`, `receipt`, `claim` | the other kinds |
//! | `partial`, `table`, `walk` | what stands before the fault of a damaged object |
//! | `words` | keys, times and rights |

mod account;
mod beside;
mod card;
mod caveat;
mod chain;
mod claim;
mod cosigned;
mod denial;
mod forecast;
mod layout;
mod partial;
mod piece;
mod presentation;
mod question;
mod receipt;
mod request;
mod statement;
mod status;
mod table;
#[cfg(test)]
mod tests;
mod walk;
mod words;

use clap::Args;
use keyward::{
    Answer, Card, Challenge, Channel, Claim, Claimed, Entry, Epoch, Keyset, Origin, Presentation,
    Receipt, Recording, Request, Right, Status, Time, Token, Unclaimed, WitnessStatement,
    id::{LockId, Nonce},
    seal::Sealed,
    wire::{DecodeError, Kind},
};

use crate::{
    app::App,
    code::Codes,
    fail::{Failure, Result},
    name, object,
    object::Object,
    terminal::{line, plain_json, write},
    when,
};
use account::{Account, Verdict};
use beside::Beside;
use piece::{Damaged, Piece};
use question::Question;
use words::Words;

/// Explains objects of any kind, whole or damaged, and says first whether each is verified
///
/// It is verified by the domain's file, and by what stands in the same input: a token by the origin
/// beside it, a witness by its request. Of a token it says what would deny it now.
#[derive(Args, Debug)]
pub(crate) struct ShowCommand {
    /// Objects; - is standard input
    #[arg(required = true, value_name = "OBJECT")]
    objects: Vec<String>,
    #[command(flatten)]
    codes: Codes,
    #[command(flatten)]
    asked: Asked,
}

/// What is asked of a lock.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "What is asked of the lock, for tokens")]
pub(crate) struct Asked {
    /// When [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Which lock [default: the token's first that has a card in the domain's file]
    #[arg(long, value_name = "NAME")]
    lock: Option<String>,
    /// To do what [default: unlock if the token has it, else its first right]
    #[arg(long, value_name = "RIGHT")]
    right: Option<String>,
    /// Over which channel [default: radio if the token admits it, else its first]
    #[arg(long, value_name = "CHANNEL", conflicts_with = "unchallenged")]
    channel: Option<String>,
    /// Without a challenge
    #[arg(long)]
    unchallenged: bool,
    /// With this status of the domain
    #[arg(long, value_name = "OBJECT")]
    status: Option<String>,
    /// With this witness's agreement, which is taken at its word
    #[arg(long = "witness", value_name = "OBJECT")]
    witnesses: Vec<String>,
}

impl ShowCommand {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        let pieces = piece::read(&self.objects)?;
        explain(app, &pieces, &self.asked, |_| true)?;
        let texts = piece::whole(&pieces).into_iter().map(|object| object::of(&object.bytes));
        self.codes.draw(&texts.collect::<Result<Vec<_>>>()?.join("\n"), false)
    }
}

/// Explains objects that were read.
pub(crate) fn print(app: &App, objects: &[Object]) -> Result<()> {
    let pieces: Vec<_> = objects.iter().cloned().map(Piece::Whole).collect();
    explain(app, &pieces, &Asked::default(), |_| true)
}

/// Explains the tokens that an argument names, even damaged ones.
pub(crate) fn token(app: &App, argument: &str, asked: &Asked) -> Result<()> {
    let pieces = piece::read(&[argument.to_owned()])?;
    let is_token = |kind: Option<Kind>| kind.is_none_or(|kind| kind == Kind::Token);
    let some = pieces.iter().any(|piece| is_token(piece.kind()));
    match some {
        true => explain(app, &pieces, asked, is_token),
        false => Err(Failure::input(format!("{argument}: no token in it"))),
    }
}

fn explain(
    app: &App,
    pieces: &[Piece],
    asked: &Asked,
    wanted: impl Fn(Option<Kind>) -> bool,
) -> Result<()> {
    each(app, pieces, asked, &wanted)?;
    let damaged = pieces.iter().filter_map(|piece| match piece {
        Piece::Damaged(damaged) if wanted(damaged.kind) => Some(damaged),
        _ => None,
    });
    let damaged: Vec<&Damaged> = damaged.collect();
    match damaged.as_slice() {
        [] => Ok(()),
        [one] => Err(Failure::input(format!("{}: {}", one.source, one.why))),
        [first, more @ ..] => Err(Failure::input(format!(
            "{}: {}; and {} more can't be read",
            first.source,
            first.why,
            more.len()
        ))),
    }
}

/// Tells of one object after the other: what is told of many takes far more room than they do.
fn each(
    app: &App,
    pieces: &[Piece],
    asked: &Asked,
    wanted: impl Fn(Option<Kind>) -> bool,
) -> Result<()> {
    let mut first = true;
    accounts(app, pieces, asked, wanted, |account| {
        write(match (std::mem::take(&mut first), app.json) {
            (true, true) => "{\"objects\":[",
            (true, false) => "",
            (false, true) => ",",
            (false, false) => "\n\n",
        });
        write(&if app.json { plain_json(&account.json()) } else { account.text() });
    })?;
    if !first {
        line(if app.json { "]}" } else { "" });
    }
    Ok(())
}

fn accounts(
    app: &App,
    pieces: &[Piece],
    asked: &Asked,
    wanted: impl Fn(Option<Kind>) -> bool,
    then: impl FnMut(Account),
) -> Result<()> {
    let asked = asked.read(app)?;
    let objects = piece::whole(pieces);
    let clock = app.clock.moved(asked.at);
    let words = Words { book: &app.book, clock: &clock, now: asked.at };
    let beside = Beside::new(app, &objects, words);
    let told = pieces.iter().filter(|piece| wanted(piece.kind())).filter_map(|piece| match piece {
        Piece::Whole(object) => Some(account(object, &asked, &beside)),
        Piece::Damaged(damaged) => partial::account(damaged, &beside),
    });
    told.for_each(then);
    Ok(())
}

impl Piece {
    fn kind(&self) -> Option<Kind> {
        match self {
            Self::Whole(object) => Some(object.kind),
            Self::Damaged(damaged) => damaged.kind,
        }
    }
}

/// What is asked, understood.
struct Read {
    at: Time,
    is_now: bool,
    lock: Option<LockId>,
    right: Option<Right>,
    channel: Option<Channel>,
    unchallenged: bool,
    status: Option<Vec<u8>>,
    witnesses: Vec<Vec<u8>>,
}

impl Asked {
    fn read(&self, app: &App) -> Result<Read> {
        let at = match &self.at {
            Some(text) => when::instant(text, &app.clock).map_err(|why| why.of("--at"))?,
            None => app.now(),
        };
        let status = self.status.as_deref().map(|status| object::one(status, Kind::Status));
        let witnesses = self.witnesses.iter().map(|witness| object::one(witness, Kind::Witness));
        Ok(Read {
            at,
            is_now: self.at.is_none(),
            lock: self.lock.as_deref().map(name::lock).transpose()?,
            right: self.right.as_deref().map(name::right).transpose()?,
            channel: self.channel.as_deref().map(name::channel).transpose()?,
            unchallenged: self.unchallenged,
            status: status.transpose()?,
            witnesses: witnesses.collect::<Result<_>>()?,
        })
    }
}

impl Read {
    /// What is asked by this token, with the defaults that suit it.
    fn of(&self, token: &Token<'_>, beside: &Beside<'_>) -> Question {
        Question {
            at: self.at,
            is_now: self.is_now,
            lock: self.lock.or_else(|| Question::lock(token, beside)),
            right: self.right.unwrap_or_else(|| Question::right(token)),
            channel: self.channel.unwrap_or_else(|| Question::channel(token)),
            nonce: Nonce([0; 16]),
            unchallenged: self.unchallenged,
            status: self.status.clone(),
            witnesses: self.witnesses.clone(),
        }
    }
}

/// All that is told of an object; one that was read decodes.
fn account(object: &Object, asked: &Read, beside: &Beside<'_>) -> Account {
    told(object, asked, beside).unwrap_or_else(|error| {
        Account::new(object.kind, &object.bytes, Verdict::Not(error.to_string()))
    })
}

fn told(
    object: &Object,
    asked: &Read,
    beside: &Beside<'_>,
) -> std::result::Result<Account, DecodeError> {
    let bytes = object.bytes.as_slice();
    Ok(match object.kind {
        Kind::Token => {
            let token = Token::decode(bytes)?;
            chain::account(bytes, &token, &asked.of(&token, beside), beside)
        }
        Kind::Origin => request::origin(bytes, &Origin::decode(bytes)?, beside),
        Kind::Status => status::account(object, &Status::decode(bytes)?, beside),
        Kind::Challenge => request::challenge(bytes, &Challenge::decode(bytes)?, beside),
        Kind::Request => {
            let request = Request::decode(bytes)?;
            let question = asked.of(request.token(), beside);
            request::request(bytes, &request, &question, beside)
        }
        Kind::Witness => request::witness(bytes, &WitnessStatement::decode(bytes)?, beside),
        Kind::Presentation => {
            let presented = Presentation::decode(bytes)?;
            let question = asked.of(presented.unverified_token(), beside);
            presentation::account(bytes, &presented, question, beside)
        }
        Kind::Answer => request::answer(bytes, Answer::decode(bytes)?),
        Kind::Epoch => statement::epoch(object, &Epoch::decode(bytes)?, beside),
        Kind::Keyset => statement::keyset(object, &Keyset::decode(bytes)?, beside),
        Kind::Card => card::account(object, &Card::decode(bytes)?, beside),
        Kind::Unclaimed => claim::unclaimed(bytes, &Unclaimed::decode(bytes)?, beside),
        Kind::Claim => claim::claim(bytes, &Claim::decode(bytes)?, beside),
        Kind::Claimed => claim::claimed(bytes, &Claimed::decode(bytes)?, beside),
        Kind::Sealed => claim::sealed(bytes, &Sealed::decode(bytes)?),
        Kind::Receipt => receipt::receipt(bytes, &Receipt::decode(bytes)?, beside),
        Kind::Entry => receipt::entry(bytes, &Entry::decode(bytes)?, beside),
        Kind::Recording => receipt::recording(bytes, &Recording::decode(bytes)?, beside),
        _ => return Err(DecodeError::WrongKind(object.kind.byte())),
    })
}
