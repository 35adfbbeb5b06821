//! Any text whatever is read or refused in one line, and what is read keeps the limits.

use keyward::limits::MAX_TIME;
use proptest::{collection::vec, prelude::*};

use super::{super::*, clocks};

/// Words of the grammar, and what comes near.
const WORDS: &str = "now today tomorrow fri Sunday 2026-12-24 1970-01-01 9999-12-31 2026-10-25 \
    02:30 9:00 24:00 09:00:30 T Z +01:00 -23:59 [UTC] [Europe/Berlin] [ ] + in @ 0 15 \
    18446744073709551616 min h d w months y every weeks week_of mon-fri - .. , daily next_day é";

/// Up to eight of those words in any order, with spaces or without.
fn babble() -> impl Strategy<Value = String> {
    let words: Vec<String> = WORDS.split(' ').map(|word| word.replace('_', " ")).collect();
    let word = (proptest::sample::select(words), any::<bool>());
    let word = word.prop_map(|(word, space)| if space { word + " " } else { word });
    vec(word, 0..9).prop_map(|words| words.concat())
}

/// Reads a text every way there is.
fn reads(text: &str, clock: &Clock) {
    let told = |misread: Misread| assert!(!misread.to_string().contains('\n'));
    match instant(text, clock) {
        Ok(time) => assert!(time.0 <= MAX_TIME),
        Err(misread) => told(misread),
    }
    match duration(text) {
        Ok(duration) => assert!(duration.0 > 0),
        Err(misread) => told(misread),
    }
    match every(text) {
        Ok(window) => assert_eq!(every(&tell_window(&window, clock)), Ok(window)),
        Err(misread) => told(misread),
    }
    match except(text, clock) {
        Ok(dates) => assert_eq!(except(&tell_dates(&dates), clock), Ok(dates)),
        Err(misread) => told(misread),
    }
    let text = Some(text);
    for (from, until, lasts) in [(None, text, None), (None, None, text), (text, None, text)] {
        match valid(from, until, lasts, clock) {
            Ok(span) => assert!(span.lasts.0 > 0 && span.until().0 <= MAX_TIME),
            Err(misread) => told(misread),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_characters(text in any::<String>(), clock in clocks()) {
        reads(&text, &clock);
    }

    #[test]
    fn words_of_the_grammar_in_any_order(text in babble(), clock in clocks()) {
        reads(&text, &clock);
    }
}
