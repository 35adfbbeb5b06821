//! `keyward why`: what a denial or a refusal means, and what to do.

use serde_json::{Value, json};

use crate::{
    app::App,
    fail::{Failure, Result},
    why::{self, Reason},
};

/// Explains what is asked for, or lists all.
pub(crate) fn run(app: &App, query: Option<&str>) -> Result<()> {
    let Some(query) = query else {
        let lines = why::all().map(|reason| format!("{} {}", reason.code, reason.name));
        let json: Vec<_> = why::all().map(told).collect();
        app.say(&lines.collect::<Vec<_>>().join("\n"), &json!({ "reasons": json }));
        return Ok(());
    };
    let found = why::explain(query).map_err(|unknown| Failure::input(unknown.to_string()))?;
    let texts: Vec<_> = found.iter().map(ToString::to_string).collect();
    let json: Vec<_> = found.into_iter().map(told).collect();
    app.say(&texts.join("\n\n"), &json!({ "reasons": json }));
    Ok(())
}

fn told(reason: &Reason) -> Value {
    json!({
        "code": reason.code,
        "name": reason.name,
        "section": reason.section,
        "means": reason.means,
        "todo": reason.todo,
        "evidence": reason.is_evidence(),
    })
}
