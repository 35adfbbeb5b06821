//! What the text of a symbolic model must have, so that its verdict says what the README says of it:
//! the attacker that is promised, and of a weakened model nothing else changed than its weakness.

use std::collections::BTreeSet;

/// The secret keys of couriers and other holders that models leak.
const HOLDERS: &[&str] = &["sk_c", "sk_c2", "sk_h1", "sk_h2"];

/// Weakened models that differ from their base in more than a field left out, and why.
const OTHERWISE: &[(&str, &str)] = &[
    ("claimed_weak_device_key", "the answer is signed by another key, and the label has none"),
    ("epoch_weak_next_by_roots", "the commitment lies in a keyset, which the base has not"),
    ("epoch_weak_no_next", "a comparison is left out, not a field"),
    ("epoch_weak_roots_before", "the keyset is under the roots of the epoch before"),
    ("recovered_weak_keyset_kept", "the lock seals to the keyset of the epoch before"),
];

/// Weakened models that leave a field out of more than one thing, and why.
const TWICE: &[(&str, &str)] = &[
    ("context_weak_no_domain", "core and chain hash have it, and either would do"),
    ("context_weak_no_epoch", "core and chain hash have it, and either would do"),
    ("sealed_weak_no_nonce", "core and associated data have it, and either would do"),
];

/// The model that a weakened or redundant one is to be compared with, by name without ending;
/// nothing for one that stands for itself.
pub(super) fn base(name: &str) -> Option<&str> {
    let cut = name.find("_weak_").or_else(|| name.find("_redundant_"))?;
    let listed = OTHERWISE.iter().any(|(other, _)| *other == name);
    (!listed).then(|| name.get(..cut)).flatten()
}

/// The attacker is active, and has the key of a courier or of another holder, and an old challenge
/// with what was signed for it.
///
/// # Errors
/// What is missing.
pub(super) fn attacker(text: &str) -> Result<(), &'static str> {
    let words = words(text);
    let leaked = listed(&words, "leaks");
    let known: BTreeSet<_> = leaked.iter().chain(&sent(&words)).copied().collect();
    for (there, what) in [
        (words.windows(4).any(|four| four == ["attacker", "[", "active", "]"]), "active attacker"),
        (leaked.iter().any(|name| HOLDERS.contains(name)), "leaked key of a holder"),
        (listed(&words, "generates").contains(&"n_old"), "old challenge"),
        (signed_over(&words, "n_old").iter().any(|name| known.contains(name)), ANSWERED),
    ] {
        if !there {
            return Err(what);
        }
    }
    Ok(())
}

const ANSWERED: &str = "signature over the old challenge that the attacker has";

/// A model is its base with `nil` in the place of fields, everywhere where they stand; a weakened
/// one, of one field, but for [`TWICE`].
///
/// # Errors
/// How it differs otherwise.
pub(super) fn weakened(name: &str, text: &str, base: &str) -> Result<(), String> {
    let (left, kept) = left_out(&words(text), &words(base))?;
    if let Some(place) = left.intersection(&kept).next() {
        return Err(format!("{place} is left out here and not there"));
    }
    let twice = TWICE.iter().any(|(other, _)| *other == name);
    match left.len() {
        0 => Err("it leaves nothing out".into()),
        1 if !twice => Ok(()),
        2 if twice => Ok(()),
        _ if name.contains("_redundant_") => Ok(()),
        _ => Err(format!("it leaves out {left:?}")),
    }
}

/// The places of what is `nil` in a model and something in its base, and the places of what isn't.
fn left_out<'a>(text: &[&str], base: &[&'a str]) -> Result<(Places, Places), String> {
    let (mut left, mut kept) = (Places::new(), Places::new());
    let mut calls: Vec<Call<'a>> = Vec::new();
    let (mut ours, mut at) = (text.iter(), 0);
    while let Some(&word) = base.get(at) {
        let found = ours.next().copied().unwrap_or("the end");
        let begins = matches!(base.get(at.wrapping_sub(1)), Some(&("(" | ",")));
        let place = if begins { place(&calls) } else { None };
        if found != word {
            let place = place.filter(|_| found == "nil" && hides(&calls));
            let differs = || format!("`{word}`, word {at} of the base, is `{found}`");
            left.insert(place.ok_or_else(differs)?);
            at += expression(base.get(at..).unwrap_or_default()).len();
            continue;
        }
        kept.extend(place);
        match word {
            "(" => {
                let function = base.get(at.wrapping_sub(1)).copied().unwrap_or_default();
                let first = base.get(at + 1).copied().unwrap_or_default();
                calls.push(Call { function, first, argument: 0 });
            }
            ")" => drop(calls.pop()),
            "," => calls.iter_mut().next_back().into_iter().for_each(|call| call.argument += 1),
            _ => {}
        }
        at += 1;
    }
    ours.next().map_or(Ok((left, kept)), |more| Err(format!("`{more}` is more than the base has")))
}

type Places = BTreeSet<String>;

/// A call whose arguments are being read: a function, its first argument, and which one it is at.
struct Call<'a> {
    function: &'a str,
    first: &'a str,
    argument: usize,
}

/// Where an argument stands: the label of the innermost call that has one, or else the outermost
/// function, and the numbers of the arguments from there. Encryption and decryption are one.
fn place(calls: &[Call<'_>]) -> Option<String> {
    let labelled = calls.iter().rposition(|call| call.first.starts_with("l_"));
    let within = calls.get(labelled.unwrap_or(0)..)?;
    let outer = within.first()?;
    let name = match outer.function {
        _ if labelled.is_some() => outer.first,
        "AEAD_ENC" | "AEAD_DEC" => "AEAD",
        function => function,
    };
    // In a core the nonce of one mode stands where the other has its counter.
    let number = |call: &Call<'_>| match (call.first, call.argument) {
        (mode @ ("challenged" | "unchallenged"), argument @ 1..) => format!(" {mode} {argument}"),
        (_, argument) => format!(" {argument}"),
    };
    Some(within.iter().map(number).fold(name.to_owned(), |place, number| place + &number))
}

/// Whether an argument may be left out here: a field, or all of the associated data.
fn hides(calls: &[Call<'_>]) -> bool {
    calls.last().is_some_and(|call| match call.function {
        "CONCAT" | "HASH" => true,
        "AEAD_ENC" | "AEAD_DEC" => call.argument == 3,
        _ => false,
    })
}

/// Names and signs, without comments and blanks.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for line in text.lines() {
        let mut rest = line.split("//").next().unwrap_or_default().trim_start();
        while let Some(first) = rest.chars().next() {
            let named = |letter: char| letter.is_alphanumeric() || letter == '_';
            let name = rest.find(|letter| !named(letter)).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(name.max(first.len_utf8()));
            words.push(word);
            rest = behind.trim_start();
        }
    }
    words
}

/// The name that stands first, with what it is called on, if it is a call.
fn expression<'a, 'b>(words: &'b [&'a str]) -> &'b [&'a str] {
    let mut depth = 0_usize;
    let end = words.iter().skip(1).position(|word| {
        match *word {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    });
    // One behind the bracket that closes the call, or at the word behind a name alone.
    let call = words.get(1) == Some(&"(");
    words.get(..end.map_or(words.len(), |end| end + 1 + usize::from(call))).unwrap_or_default()
}

/// The names in the lists behind a keyword.
fn listed<'a>(words: &[&'a str], keyword: &str) -> BTreeSet<&'a str> {
    let at = words.iter().enumerate().filter(|(_, word)| **word == keyword);
    at.flat_map(|(at, _)| {
        let list = words.get(at + 1..).unwrap_or_default().chunks(2);
        let more = list.clone().take_while(|pair| pair.get(1) == Some(&",")).count();
        list.take(more + 1).filter_map(|pair| pair.first().copied())
    })
    .collect()
}

/// What is sent where it can be read and changed: the names without brackets in messages.
fn sent<'a>(words: &[&'a str]) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::new();
    for (at, _) in words.iter().enumerate().filter(|(_, word)| **word == ":") {
        if at.checked_sub(5).and_then(|at| words.get(at)) == Some(&"?") {
            continue; // Asked, not sent.
        }
        let mut rest = words.get(at + 1..).unwrap_or_default();
        loop {
            let guarded = rest.first() == Some(&"[");
            if let (false, Some(name)) = (guarded, rest.first()) {
                names.insert(*name);
            }
            let width = if guarded { 3 } else { 1 };
            if rest.get(width) != Some(&",") {
                break;
            }
            rest = rest.get(width + 1..).unwrap_or_default();
        }
    }
    names
}

/// The names of signatures over something, or over what is made of it.
fn signed_over<'a>(words: &[&'a str], what: &'a str) -> BTreeSet<&'a str> {
    let (mut made, mut signed) = (BTreeSet::from([what]), BTreeSet::new());
    for (at, _) in words.iter().enumerate().filter(|(_, word)| **word == "=") {
        let value = expression(words.get(at + 1..).unwrap_or_default());
        let name = at.checked_sub(1).and_then(|at| words.get(at).copied());
        if let (Some(name), true) = (name, value.iter().any(|word| made.contains(word))) {
            made.insert(name);
            if value.first() == Some(&"SIGN") {
                signed.insert(name);
            }
        }
    }
    signed
}
