use std::sync::LazyLock;

use keyward::{
    Presentation,
    seal::{SealFault, Sealed, open},
};
use keyward_testkit::seal::{Case, cases, keys};

use crate::mutated::edited_among;

/// Sealed objects that open.
static SOUND: LazyLock<Vec<Case>> =
    LazyLock::new(|| cases().into_iter().filter(|case| case.verdict.is_ok()).collect());

/// The first byte picks a sealed object, the rest edits it, or is opened as it is: only the bytes as
/// they were open, and what isn't opened stays as it came.
pub fn unseal(data: &[u8]) {
    let Some((pick, edits)) = data.split_first() else { return };
    let case = &SOUND[usize::from(*pick) % SOUND.len()];
    let others: Vec<_> = SOUND.iter().map(|other| other.sealed.as_slice()).collect();
    for bytes in [edited_among(&others, &case.sealed, edits), edits.to_vec()] {
        let (mut text, context) = (bytes.clone(), case.place.context());
        let opened = open(&keys(&case.secrets), &context, &mut text);
        match opened {
            Ok(opened) => {
                let genuine = |other: &Case| {
                    other.sealed == bytes && other.verdict.as_deref() == Ok(opened.bytes())
                };
                assert!(SOUND.iter().any(genuine), "{bytes:02x?}");
                // What came sealed is read as what comes in the clear.
                let (sealed, clear) =
                    (Presentation::unsealed(&opened), Presentation::decode(opened.bytes()));
                assert_eq!(sealed.err(), clear.err());
            }
            Err(fault) => {
                assert_ne!(bytes, case.sealed, "{fault:?}");
                let malformed = Sealed::decode(&bytes).err().map(SealFault::Malformed);
                assert!(malformed.is_none_or(|malformed| malformed == fault), "{fault:?}");
                assert_eq!(text, bytes, "{fault:?}");
            }
        }
    }
}
