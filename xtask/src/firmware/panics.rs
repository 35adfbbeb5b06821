//! Who can panic in a whole image: every call from outside of `core` by which the panic handler can
//! be reached, held to a list in which each is explained.
//!
//! The calls are read from the image's instructions, for Thumb-2 alone. What a function pointer
//! calls isn't seen, and nothing in `core` that panics is called by one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use crate::{elf::Elf, toolchain::root};

/// Where they are explained.
const LIST: &str = "firmware/emulated/panics.txt";

/// What the compiler calls the panic handler.
const HANDLER: &str = "rust_begin_unwind";

/// Compares the calls of an image with the list; returns how many there are. The list of another
/// compiler says nothing.
///
/// # Errors
/// Names those that aren't explained.
pub fn check(image: &Elf, compiler: &str) -> Result<usize, String> {
    let found = reachable(image);
    if found.is_empty() {
        return Err("no call can panic, the crypto crates' neither: they aren't found".into());
    }
    let list = fs::read_to_string(root().join(LIST)).map_err(|error| error.to_string())?;
    if !list.lines().any(|line| line.strip_prefix("# ") == Some(compiler)) {
        println!("{LIST} is of another compiler than {compiler}: nothing is compared.");
        return Ok(found.len());
    }
    let is_call = |line: &&str| !line.starts_with('#') && !line.is_empty();
    let explained: BTreeSet<&str> = list.lines().filter(is_call).collect();
    let new: Vec<_> = found.iter().filter(|call| !explained.contains(call.as_str())).collect();
    for call in explained.iter().filter(|call| !found.contains(**call)) {
        println!("no longer there: {call}");
    }
    if new.is_empty() {
        return Ok(found.len());
    }
    let new: Vec<_> = new.iter().map(|call| format!("  {call}\n")).collect();
    Err(format!("calls that can panic, and that {LIST} doesn't explain:\n{}", new.concat()))
}

/// Each call into the part of `core` from which the handler can be reached, as caller and callee.
fn reachable(image: &Elf) -> BTreeSet<String> {
    let functions: BTreeMap<u32, (String, bool)> = image
        .functions()
        .map(|(symbol, _)| {
            let name = plain(&symbol.name);
            let in_core = is_of_core(&name) || name.contains(HANDLER);
            (symbol.address, (name, in_core))
        })
        .collect();
    let mut callers = BTreeMap::<u32, BTreeSet<u32>>::new();
    for (symbol, code) in image.functions() {
        for target in branches(symbol.address, code) {
            if target != symbol.address && functions.contains_key(&target) {
                callers.entry(target).or_default().insert(symbol.address);
            }
        }
    }
    let handler = functions.iter().filter(|(_, (name, _))| name.contains(HANDLER));
    let mut panicking: Vec<u32> = handler.map(|(address, _)| *address).collect();
    let (mut seen, mut found) = (BTreeSet::new(), BTreeSet::new());
    while let Some(callee) = panicking.pop() {
        if !seen.insert(callee) {
            continue;
        }
        for caller in callers.get(&callee).into_iter().flatten() {
            match (&functions[caller], &functions[&callee]) {
                ((_, true), _) => panicking.push(*caller),
                ((caller, false), (callee, _)) => {
                    found.insert(format!("{caller} -> {callee}"));
                }
            }
        }
    }
    found
}

/// Where a function's branches with link, and its branches to elsewhere, go.
fn branches(address: u32, code: &[u8]) -> Vec<u32> {
    let halves: Vec<u32> =
        code.chunks_exact(2).map(|half| u16::from_le_bytes([half[0], half[1]]).into()).collect();
    let (mut targets, mut at) = (Vec::new(), 0);
    while at < halves.len() {
        let here = address + 2 * u32::try_from(at).unwrap_or(0) + 4;
        let (first, second) = (halves[at], halves.get(at + 1).copied().unwrap_or(0));
        let is_wide = first >> 11 >= 0b1_1101;
        if first >> 11 == 0b1_1110 && matches!(second >> 12 & 0b1101, 0b1101 | 0b1001) {
            // BL, and B in its widest form.
            let sign = first >> 10 & 1;
            let (i1, i2) = (1 ^ sign ^ (second >> 13 & 1), 1 ^ sign ^ (second >> 11 & 1));
            let bits = sign << 24 | i1 << 23 | i2 << 22 | (first & 0x3ff) << 12;
            targets.push(here.wrapping_add(signed(bits | (second & 0x7ff) << 1, 25)));
        } else if first >> 11 == 0b1_1100 {
            targets.push(here.wrapping_add(signed((first & 0x7ff) << 1, 12)));
        } else if first >> 12 == 0b1101 && first >> 8 & 0xf < 0xe {
            targets.push(here.wrapping_add(signed((first & 0xff) << 1, 9)));
        }
        at += if is_wide { 2 } else { 1 };
    }
    targets
}

/// A number of so many bits with a sign, as one of 32.
fn signed(bits: u32, width: u32) -> u32 {
    let sign = 1 << (width - 1);
    (bits ^ sign).wrapping_sub(sign)
}

/// Whether all paths in a name start in `core`: a function of `core` for another crate's types may
/// hold that crate's code.
fn is_of_core(name: &str) -> bool {
    let mut before = ' ';
    let mut starts = name.char_indices().filter(|(_, c)| {
        let is_start = !before.is_alphanumeric() && !matches!(before, '_' | ':');
        before = *c;
        is_start && c.is_alphabetic()
    });
    starts.all(|(at, _)| {
        let word = name[at..].split(|c: char| !c.is_alphanumeric() && c != '_').next();
        let word = word.unwrap_or_default();
        let is_path = name[at + word.len()..].starts_with("::");
        !is_path || matches!(word, "core" | "compiler_builtins" | "closure")
    })
}

/// A name as it is written, without what tells two crates of one name apart, and without numbers
/// that are types, which fill lines.
fn plain(name: &str) -> String {
    const NUMBER: &str = "typenum::";
    let name = format!("{:#}", rustc_demangle::demangle(name));
    let (mut out, mut rest) = (String::new(), name.as_str());
    while let Some(at) = rest.find(NUMBER) {
        out.push_str(&rest[..at]);
        out.push('N');
        let mut depth = 0;
        let end = rest[at..].find(|c| {
            depth += i32::from(c == '<') - i32::from(c == '>');
            depth < 0 || depth == 0 && matches!(c, ',' | ' ')
        });
        rest = end.map_or("", |end| &rest[at + end..]);
    }
    out + rest
}
