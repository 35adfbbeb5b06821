//! `keyward domain`: the domain's statements.

use clap::Subcommand;
use serde_json::json;

use crate::{app::App, domain::DomainFile, fail::Result, files, object, object::Object, show};

/// Takes a domain's statements in, and shows them
#[derive(Subcommand, Debug)]
pub(crate) enum DomainCommand {
    /// Verifies statements and takes what is new into the domain's file, or into a new one
    Take {
        /// Epochs, keysets, lists, cards; - is standard input
        #[arg(required = true, value_name = "OBJECT")]
        objects: Vec<String>,
    },
    /// Shows what the domain says now
    Show,
}

impl DomainCommand {
    pub(crate) fn run(self, app: &App) -> Result<()> {
        match self {
            Self::Take { objects } => take(app, &objects),
            Self::Show => {
                let file = app.domain()?;
                let statements = file.statements().into_iter();
                let objects = statements.filter_map(|bytes| Object::of_bytes(&bytes).ok());
                show::print(app, &objects.collect::<Vec<_>>())
            }
        }
    }
}

fn take(app: &App, arguments: &[String]) -> Result<()> {
    let brought = object::read_all(arguments)?;
    let _alone = files::exclusive(&app.domain)?;
    let mut all = match app.domain.exists() {
        true => {
            let held = app.domain()?.statements().into_iter();
            held.filter_map(|bytes| Object::of_bytes(&bytes).ok()).collect()
        }
        false => Vec::new(),
    };
    let before = all.len();
    for object in brought {
        if !all.contains(&object) {
            all.push(object);
        }
    }
    let new = all.len() - before;
    let file = DomainFile::of(&app.domain, all)?;
    file.save()?;
    let line = format!("{}: {new} new; domain {}", app.domain.display(), file.id());
    app.say(&line, &json!({ "new": new, "domain": file.id().to_string() }));
    Ok(())
}
