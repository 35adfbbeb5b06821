//! Files of an older form, which are brought up to date when they are opened.

use keyward::id::DomainId;
use redb::{ReadableTable, TableDefinition, TableHandle, WriteTransaction};

use super::{CHANGES, ENTRIES, change_key, down, joined, read};
use crate::{directory::Door, state::StateError};

/// Keys that were changed to, without the number of the change.
const DEVICES: TableDefinition<'_, [u8; 72], ()> = TableDefinition::new("devices");

/// Finds what a file of an older form lacks.
pub(super) fn bring_up_to_date(transaction: &WriteTransaction) -> Result<(), StateError> {
    let tables = transaction.list_tables().map_err(down)?;
    let tables: Vec<_> = tables.map(|table| table.name().to_owned()).collect();
    let holds = |name: &str| tables.iter().any(|table| table == name);
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
