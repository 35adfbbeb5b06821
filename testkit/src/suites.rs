//! Other people's test suites, whole, through the very calls that keyward makes; but for the cipher, which is
//! only called within `hpke` (see `cipher.rs`).
//!
//! A suite says what must be taken and what must be refused. Where keyward refuses more, as SPEC.md
//! has it, the case is counted under the name of its class, and nowhere else.

pub mod cipher;
pub mod hpke;
mod rfc8032;
pub mod signatures;
mod speccheck;
pub mod x25519;

use std::{collections::BTreeMap, fmt};

use keyward::SignatureFault;

/// What came of one suite.
#[derive(Clone, Debug)]
pub struct Tally {
    /// The suite's name.
    pub name: &'static str,
    /// Its cases.
    pub cases: u64,
    /// Those that the suite takes, or leaves open, and keyward refuses, by class.
    pub stricter: BTreeMap<&'static str, u64>,
    /// Those that came out otherwise.
    pub failures: Vec<String>,
}

/// What a suite says of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// It must be taken.
    Take,
    /// It must be refused.
    Refuse,
    /// Either will do.
    Either,
}

impl Tally {
    /// Nothing yet.
    pub const fn new(name: &'static str) -> Self {
        Self { name, cases: 0, stricter: BTreeMap::new(), failures: Vec::new() }
    }

    /// One case; its name is asked for if it fails.
    pub fn case(&mut self, holds: bool, name: impl FnOnce() -> String) {
        self.cases += 1;
        if !holds {
            self.failures.push(name());
        }
    }

    /// One case that the suite takes and keyward refuses, as it should.
    pub fn refused(&mut self, class: &'static str, refused: bool, name: impl FnOnce() -> String) {
        *self.stricter.entry(class).or_default() += 1;
        self.case(refused, name);
    }

    /// One signature: what the suite says, and what keyward did.
    pub fn signature(
        &mut self,
        says: Says,
        ours: Result<(), SignatureFault>,
        name: impl FnOnce() -> String,
    ) {
        match (says, ours) {
            (Says::Take | Says::Either, Ok(())) | (Says::Refuse, Err(_)) => self.case(true, name),
            (Says::Refuse, Ok(())) => self.case(false, name),
            (Says::Take | Says::Either, Err(fault)) => match class(fault) {
                Some(class) => self.refused(class, true, name),
                None => self.case(false, name),
            },
        }
    }
}

/// Why keyward refuses a signature that another check takes (SPEC.md section 4.2).
const fn class(fault: SignatureFault) -> Option<&'static str> {
    match fault {
        SignatureFault::WeakKey => Some("the key has small order"),
        SignatureFault::SmallOrderPoint => Some("R has small order"),
        SignatureFault::KeyNotOnCurve => Some("the key's encoding is not canonical"),
        _ => None,
    }
}

/// Name, cases, what is stricter, and failures.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stricter: u64 = self.stricter.values().sum();
        writeln!(f, "{}", self.name)?;
        writeln!(f, "  cases: {}", self.cases)?;
        writeln!(f, "  stricter: {stricter}")?;
        for (class, cases) in &self.stricter {
            writeln!(f, "    {class}: {cases}")?;
        }
        for failure in self.failures.iter().take(5) {
            writeln!(f, "  FAILURE: {failure}")?;
        }
        write!(f, "  failures: {}", self.failures.len())
    }
}

/// The suites that need no file.
pub fn bundled() -> Vec<Tally> {
    vec![
        signatures::rfc_8032(),
        signatures::wycheproof(),
        signatures::speccheck(),
        signatures::small_orders(),
        x25519::wycheproof(),
        cipher::wycheproof(),
    ]
}

/// Any bytes from their hexadecimal form.
fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
    (0..hex.len()).step_by(2).map(digit).collect()
}

/// So many bytes.
fn array<const N: usize>(hex: &str) -> [u8; N] {
    bytes(hex).try_into().expect("its length")
}
