//! The table against the core and SPEC.md.

use std::collections::{BTreeMap, BTreeSet};

use keyward::{Answer, Denial, Refusal};

use super::{Reason, all, explain, of, samples};

const SPEC: &str = include_str!("../../../SPEC.md");

/// What `keyward` can do; a command of two words needs one of the second.
const COMMANDS: &[(&str, &[&str])] = &[
    ("key", &["new", "show"]),
    ("epoch", &["new", "cosign", "next"]),
    ("keyset", &["new", "cosign", "show"]),
    ("card", &[]),
    ("token", &["issue", "delegate", "invite", "show", "check"]),
    ("present", &[]),
    ("witness", &[]),
    ("status", &[]),
    ("revoke", &[]),
    ("lock", &["new", "claim", "open", "sync", "secure", "release", "show", "log"]),
    ("receipts", &["audit", "export", "erase"]),
    ("seal", &[]),
    ("open", &[]),
    ("show", &[]),
    ("why", &[]),
    ("domain", &["take", "show"]),
    ("demo", &[]),
];

fn sentences(reason: &Reason) -> Vec<&'static str> {
    let split = |text: &'static str| text.trim_end_matches('.').split(". ");
    [reason.means, reason.todo].into_iter().flat_map(split).collect()
}

/// The text of a section of SPEC.md, up to the next heading.
fn section(number: &str) -> Option<&'static str> {
    let mut sections = SPEC.split("\n##").skip(1);
    sections.find(|text| {
        let heading = text.trim_start_matches('#').trim_start();
        heading.strip_prefix(number).is_some_and(|rest| {
            let rest = rest.strip_prefix('.').unwrap_or(rest);
            rest.starts_with(' ') && heading.starts_with(char::is_numeric)
        })
    })
}

/// Whether a text names a rule: by its code, or by its name as code.
fn treats(text: &str, reason: &Reason) -> bool {
    let code = reason.code.to_string();
    text.split(|letter: char| !letter.is_ascii_digit()).any(|word| word == code)
        || text.contains(&format!("`{}`", reason.name))
}

/// The row of a code in the tables of sections 15 and 19.
fn row(reason: &Reason) -> &'static str {
    let table = section(if reason.code < 600 { "15" } else { "19" }).unwrap();
    let start = format!("| {} | `{}` |", reason.code, reason.name);
    table.lines().find(|line| line.starts_with(&start)).expect("no row")
}

/// The words behind each `keyward` of a text.
fn commands(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let word = |text| <str>::trim_matches(text, |letter: char| !letter.is_alphanumeric());
    text.split("keyward ").skip(1).map(move |rest| {
        let rest = rest.split('`').next().unwrap_or(rest);
        rest.split(' ').map(word).collect()
    })
}

fn is_command(words: &[&str]) -> bool {
    let found = COMMANDS.iter().find(|(command, _)| words.first() == Some(command));
    found.is_some_and(|(command, verbs)| match *verbs {
        [] => *command == "why" || words.len() == 1,
        verbs => words.len() == 2 && verbs.contains(&words[1]),
    })
}

#[test]
fn the_table_and_the_enums_are_one_set_in_one_order() {
    let table: Vec<_> = all().map(|reason| (reason.code, reason.name)).collect();
    assert_eq!(table, [Denial::ALL, Refusal::ALL].concat());
}

#[test]
fn every_section_is_a_heading_that_treats_the_rule() {
    for reason in all() {
        let text = section(reason.section).unwrap_or_else(|| panic!("no section: {reason}"));
        let by_row = row(reason).contains(&format!("(section {})", reason.section));
        assert!(treats(text, reason) || by_row, "not in {}: {reason}", reason.section);
    }
}

#[test]
fn a_table_of_all_rules_is_cited_where_no_section_has_the_rule() {
    let tables = all().filter(|reason| ["15", "19"].contains(&reason.section));
    let codes: Vec<_> = tables.map(|reason| reason.code).collect();
    assert_eq!(codes, [506, 690]);
}

#[test]
fn no_sentence_is_said_of_two_rules() {
    let mut said = BTreeMap::<_, BTreeSet<_>>::new();
    for reason in all() {
        for sentence in sentences(reason) {
            said.entry(sentence).or_default().insert(reason.name);
        }
    }
    let doubled: Vec<_> = said.iter().filter(|(_, names)| names.len() > 1).collect();
    assert!(doubled.is_empty(), "{doubled:#?}");
}

#[test]
fn no_rule_says_the_same_twice_or_means_what_another_means() {
    for reason in all() {
        let said = sentences(reason);
        assert_eq!(said.iter().collect::<BTreeSet<_>>().len(), said.len(), "{reason}");
    }
    let texts: BTreeSet<_> = all().map(|reason| (reason.means, reason.todo)).collect();
    assert_eq!(texts.len(), all().count());
}

#[test]
fn every_text_is_of_short_whole_sentences() {
    for reason in all() {
        for text in [reason.means, reason.todo] {
            assert!(text.ends_with('.') && !text.contains("  "), "{reason}");
            let begins_well =
                |text: &str| text.starts_with(|it: char| it == '`' || it.is_uppercase());
            assert!(text.split(". ").all(begins_well), "{reason}");
            assert!(text.split(". ").all(|sentence| sentence.len() <= 200), "{reason}");
            assert!(text.matches('`').count() % 2 == 0, "{reason}");
        }
        assert!(reason.means.split(". ").count() <= 2, "{reason}");
        assert!(reason.todo.split(". ").count() <= 4, "{reason}");
    }
}

#[test]
fn every_command_that_is_named_exists() {
    let mut named = BTreeSet::new();
    for reason in all() {
        for words in commands(reason.todo).chain(commands(reason.means)) {
            assert!(is_command(&words), "{words:?}: {reason}");
            named.insert(words[0]);
        }
        for words in commands(reason.logged()) {
            assert!(is_command(&words), "{words:?}: {}", reason.logged());
        }
    }
    assert!(named.len() > 10, "{named:?}");
}

#[test]
fn what_is_no_command_is_seen() {
    let all_right = |text| commands(text).all(|words| is_command(&words));
    assert!(all_right("so `keyward lock sync`, `keyward status` and `keyward why 193` say"));
    for text in ["`keyward lock`", "`keyward lock reset`", "keyward status now", "`keyward doc`"] {
        assert!(!all_right(text), "{text}");
    }
}

#[test]
fn the_phone_is_told_what_the_core_answers() {
    let mut told = BTreeMap::<u16, BTreeSet<u8>>::new();
    for denial in samples::denials() {
        told.entry(denial.code()).or_default().insert(denial.answer().byte());
    }
    for refusal in samples::refusals() {
        told.entry(refusal.code()).or_default().insert(refusal.answer().byte());
    }
    let bytes = |reason: &Reason| reason.told().iter().map(|(answer, _)| answer.byte()).collect();
    let table: BTreeMap<u16, BTreeSet<u8>> =
        all().map(|reason| (reason.code, bytes(reason))).collect();
    assert_eq!(table, told);
}

#[test]
fn only_the_last_answer_is_told_without_a_case() {
    for reason in all() {
        let ((_, last), cases) = reason.told().split_last().unwrap();
        assert!(last.is_empty() && cases.iter().all(|(_, when)| !when.is_empty()), "{reason}");
    }
    let [(first, case), _] = explain("420").unwrap()[0].told() else { panic!() };
    assert_eq!((*first, *case), (Answer::Denied, "where it has certainly not begun"));
    let [(first, _), (last, _)] = explain("451").unwrap()[0].told() else { panic!() };
    assert_eq!((*first, *last), (Answer::NeedTime, Answer::NeedStatus));
    let [(first, _), (last, _)] = explain("610").unwrap()[0].told() else { panic!() };
    assert_eq!((*first, *last), (Answer::NeedKeyset, Answer::Denied));
}

#[test]
fn evidence_is_what_the_core_and_the_specification_call_so() {
    for denial in samples::denials() {
        let reason = of(denial.code()).unwrap();
        assert_eq!(reason.is_evidence(), denial.is_evidence(), "{reason}");
        let yes = row(reason).trim_end().ends_with("| yes |");
        assert_eq!(reason.is_evidence(), yes, "{reason}");
    }
    assert!(all().filter(|reason| reason.code >= 600).all(|reason| !reason.is_evidence()));
}

#[test]
fn every_denial_and_refusal_is_found_by_its_number_name_and_display() {
    let display = |code: u16, text: String, name: &str| {
        let by_number = explain(&code.to_string()).unwrap();
        assert_eq!(by_number.len(), 1);
        assert_eq!((by_number[0].code, by_number[0].name), (code, name));
        assert_eq!(of(code), Some(by_number[0]));
        assert_eq!(explain(&text).unwrap(), by_number, "{text}");
        for name in [name.into(), name.to_uppercase(), name.to_lowercase(), format!(" {name}\n")] {
            let by_name = explain(&name).unwrap();
            assert!(by_name.contains(&by_number[0]), "{name}");
            assert!(by_name.iter().all(|reason| reason.name == by_number[0].name), "{name}");
        }
    };
    for denial in samples::denials() {
        display(denial.code(), denial.to_string(), denial.name());
    }
    for refusal in samples::refusals() {
        display(refusal.code(), refusal.to_string(), refusal.name());
    }
}

#[test]
fn a_shared_name_has_both_reasons() {
    let codes = |query| explain(query).unwrap().iter().map(|reason| reason.code).collect();
    let found: Vec<u16> = codes("storefailed");
    assert_eq!(found, [502, 690]);
    let found: Vec<u16> = codes("Too early");
    assert_eq!(found, [420]);
    let found: Vec<u16> = codes("the courier, a quarter of an hour late   denied: Expired (421)");
    assert_eq!(found, [421]);
}

#[test]
fn an_unknown_query_is_answered_by_what_is_near() {
    let near = |query: &str| {
        let unknown = explain(query).unwrap_err();
        assert_eq!(unknown.query, query);
        unknown.nearest.iter().map(|reason| reason.code).collect::<Vec<_>>()
    };
    assert_eq!(near("Exipred").first(), Some(&421));
    assert_eq!(near("TooEraly").first(), Some(&420));
    assert_eq!(near("Odler").first(), Some(&611));
    assert_eq!(near("witness"), [302, 403, 441, 442]);
    assert_eq!(near("427")[..2], [426, 425]);
    assert!(near("65535").is_empty() && near("99999").is_empty() && near("").is_empty());
    assert!(near("xyzzyxyzzy").is_empty());
    let unknown = explain("Exipred").unwrap_err().to_string();
    assert_eq!(unknown, "no denial or refusal is called \"Exipred\"; near it: 421 Expired");
    let unknown = explain("xyzzyxyzzy").unwrap_err().to_string();
    assert_eq!(unknown, "no denial or refusal is called \"xyzzyxyzzy\"");
}

#[test]
fn a_reason_is_shown_in_six_lines() {
    let shown = explain("610").unwrap()[0].to_string();
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines.len(), 6);
    assert_eq!(lines[0], "610 OtherEpoch (SPEC.md section 17.3)");
    let answer = "NeedKeyset where its epoch is the higher, otherwise Denied";
    assert_eq!(lines[3], format!("  Answer:    {answer}; the phone is told nothing else."));
}
