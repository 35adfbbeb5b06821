//! Files of an older form, which are brought up to date when they are opened.

use keyward::{Scope, id::DomainId};
use redb::{ReadableTable, TableDefinition, TableHandle, WriteTransaction};

use super::{
    CHANGES, DENIED, ENTRIES, LISTS, change_key, denied_key, down, joined, read, scope_key,
};
use crate::{directory::Door, state::StateError};

/// What was denied, in whatever domain and epoch.
const OLD_DENIED: TableDefinition<'_, [u8; 16], &[u8]> = TableDefinition::new("denied");

/// What was denied by the whole name of a link or key.
const DENIED_WHOLE: TableDefinition<'_, [u8; 56], &[u8]> = TableDefinition::new("denied by epoch");

/// The newest list, likewise.
const LIST: TableDefinition<'_, (), &[u8]> = TableDefinition::new("list");

/// Keys that were changed to, without the number of the change.
const DEVICES: TableDefinition<'_, [u8; 72], ()> = TableDefinition::new("devices");

/// Finds what a file of an older form lacks. What it denies is denied in `scope` from now on: better
/// too much than too little.
pub(super) fn bring_up_to_date(
    transaction: &WriteTransaction,
    scope: &Scope,
) -> Result<(), StateError> {
    let tables = transaction.list_tables().map_err(down)?;
    let tables: Vec<_> = tables.map(|table| table.name().to_owned()).collect();
    let holds = |name: &str| tables.iter().any(|table| table == name);
    if holds(OLD_DENIED.name()) {
        let mut new = transaction.open_table(DENIED).map_err(down)?;
        for row in transaction.open_table(OLD_DENIED).map_err(down)?.iter().map_err(down)? {
            let (entry, token) = row.map_err(down)?;
            let entry = joined(&[entry.value().get(..8).unwrap_or_default()]);
            new.insert(denied_key(scope, entry), token.value()).map_err(down)?;
        }
        transaction.delete_table(OLD_DENIED).map_err(down)?;
    }
    if holds(DENIED_WHOLE.name()) {
        let mut new = transaction.open_table(DENIED).map_err(down)?;
        for row in transaction.open_table(DENIED_WHOLE).map_err(down)?.iter().map_err(down)? {
            let (key, token) = row.map_err(down)?;
            // Domain and epoch, and the beginning of the name.
            let key = joined(&[key.value().get(..48).unwrap_or_default()]);
            new.insert(key, token.value()).map_err(down)?;
        }
        transaction.delete_table(DENIED_WHOLE).map_err(down)?;
    }
    if holds(LIST.name()) {
        let mut new = transaction.open_table(LISTS).map_err(down)?;
        if let Some(list) = transaction.open_table(LIST).map_err(down)?.get(()).map_err(down)? {
            new.insert(scope_key(scope), list.value()).map_err(down)?;
        }
        transaction.delete_table(LIST).map_err(down)?;
    }
    if holds(DEVICES.name()) {
        read_changes(transaction)?;
        transaction.delete_table(DEVICES).map_err(down)?;
    }
    Ok(())
}

/// Changes of a lock's key stand in its log.
fn read_changes(transaction: &WriteTransaction) -> Result<(), StateError> {
    let entries = transaction.open_table(ENTRIES).map_err(down)?;
    let mut changes = transaction.open_table(CHANGES).map_err(down)?;
    for row in entries.iter().map_err(down)? {
        let (key, entry) = row.map_err(down)?;
        let receipt = read(entry.value())?;
        let public = receipt.unverified();
        let door = Door { domain: DomainId(joined(&[&key.value()[..]])), lock: public.lock };
        if let Ok(Some([old, new])) = receipt.rotation(&door.domain) {
            let keys = joined(&[old.as_bytes(), new.as_bytes()]);
            changes.insert(change_key(&door, public.sequence.0), keys).map_err(down)?;
        }
    }
    Ok(())
}
