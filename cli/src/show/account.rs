//! What is told of one object: first whether it is verified, then field by field.

use keyward::wire::Kind;
use serde_json::{Map, Value, json};

use super::{
    layout::hang,
    words::{count, plain},
};
use crate::object;

/// Whether an object is believed, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// By what the domain's file says.
    Verified(String),
    /// Its signatures hold, by keys that only its own input names.
    Genuine(String),
    /// Why not.
    Not(String),
}

impl Verdict {
    /// An object that carries no signature.
    pub(super) fn unsigned(why: &str) -> Self {
        Self::Not(why.into())
    }

    /// In words.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Verified(by) => format!("verified: {by}"),
            Self::Genuine(by) => format!("genuine {by}"),
            Self::Not(why) => format!("NOT VERIFIED: {why}"),
        }
    }

    /// The same verdict with more behind it.
    pub(super) fn and(self, more: &str) -> Self {
        match self {
            Self::Verified(by) => Self::Verified(format!("{by}{more}")),
            Self::Genuine(by) => Self::Genuine(format!("{by}{more}")),
            Self::Not(why) => Self::Not(format!("{why}{more}")),
        }
    }
}

/// One field: its name in JSON, and its lines for people.
#[derive(Clone, Debug)]
struct Field {
    name: String,
    lines: Vec<String>,
    value: Value,
}

/// All that is told of one object.
#[derive(Clone, Debug)]
pub(super) struct Account {
    kind: Kind,
    verdict: Verdict,
    fields: Vec<Field>,
    /// Lines behind the fields, laid out already.
    behind: Vec<String>,
    /// Further members of the JSON.
    more: Map<String, Value>,
}

impl Account {
    pub(super) fn new(kind: Kind, bytes: &[u8], verdict: Verdict) -> Self {
        let (fields, behind, more) = (Vec::new(), Vec::new(), Map::new());
        let mut account = Self { kind, verdict, fields, behind, more };
        account.more.insert("bytes".into(), bytes.len().into());
        account
    }

    /// A field of one line.
    pub(super) fn field(
        &mut self,
        name: impl Into<String>,
        line: impl Into<String>,
        value: impl Into<Value>,
    ) {
        self.lines(name, vec![line.into()], value);
    }

    /// A field of some lines.
    pub(super) fn lines(
        &mut self,
        name: impl Into<String>,
        lines: Vec<String>,
        value: impl Into<Value>,
    ) {
        self.fields.push(Field { name: name.into(), lines, value: value.into() });
    }

    /// Lines behind the fields, at most 80 columns wide.
    pub(super) fn behind(&mut self, lines: impl IntoIterator<Item = String>) {
        self.behind.extend(lines);
    }

    /// A further member of the JSON.
    pub(super) fn member(&mut self, name: &str, value: Value) {
        self.more.insert(name.into(), value);
    }

    /// For people, without a newline at its end.
    pub(super) fn text(&self) -> String {
        let kind = object::name(self.kind);
        let mut lines = vec![hang(&format!("{kind}, "), &plain(&self.verdict.told()))];
        let size = self.more.get("bytes").and_then(Value::as_u64).unwrap_or(0);
        let size = count(usize::try_from(size).unwrap_or(usize::MAX), "byte", "bytes");
        let widest = self.fields.iter().map(|field| field.name.len()).max().unwrap_or(0).max(4);
        lines.push(hang(&format!("  {:widest$}  ", "size"), &size));
        for Field { name, lines: told, .. } in &self.fields {
            let mut label = name.replace('_', " ");
            for line in told {
                lines.push(hang(&format!("  {label:widest$}  "), &plain(line)));
                label.clear();
            }
        }
        lines.extend(self.behind.iter().flat_map(|line| line.split('\n')).map(plain));
        lines.join("\n")
    }

    /// For machines: the shape that `cli/JSON.md` has.
    pub(super) fn json(&self) -> Value {
        let mut out = Map::new();
        out.insert("kind".into(), object::name(self.kind).into());
        let (verified, genuine, name, why) = match &self.verdict {
            Verdict::Verified(by) => (true, true, "verified_by", by),
            Verdict::Genuine(by) => (false, true, "why_not", by),
            Verdict::Not(why) => (false, false, "why_not", why),
        };
        out.insert("verified".into(), verified.into());
        out.insert("genuine".into(), genuine.into());
        out.insert(name.into(), plain(why).into());
        let fields = self.fields.iter().map(|field| (field.name.clone(), field.value.clone()));
        out.insert("fields".into(), json!(fields.collect::<Map<_, _>>()));
        out.extend(self.more.clone());
        Value::Object(out)
    }
}
