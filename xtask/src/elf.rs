//! What an image for a 32-bit little-endian machine holds: its bytes of flash, and whose they are.

use std::{fs, path::Path};

/// An image, as the linker wrote it.
pub struct Elf {
    sections: Vec<Section>,
    symbols: Vec<Symbol>,
}

struct Section {
    address: u32,
    kind: u32,
    flags: u32,
    /// What the file has of it.
    bytes: Vec<u8>,
}

/// A function or a constant.
pub struct Symbol {
    /// Its mangled name.
    pub name: String,
    /// Where it starts, without the bit that says Thumb.
    pub address: u32,
    /// Its bytes.
    pub size: u32,
    /// Whether it is a function.
    pub is_code: bool,
}

impl Symbol {
    /// The crate that the symbol was written in, by Rust's second way of mangling; `core` for what
    /// has no crate.
    pub fn written_in(&self) -> &str {
        let mut rest = self.name.strip_prefix("_R").unwrap_or_default();
        // A crate's root is C, a number to tell it from its like, and a length and a name.
        while let Some(at) = rest.find('C') {
            rest = &rest[at + 1..];
            let name = match rest.strip_prefix('s').and_then(|rest| rest.split_once('_')) {
                Some((number, name)) if number.chars().all(|c| c.is_ascii_alphanumeric()) => name,
                _ => rest,
            };
            let digits = name.len() - name.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let length: usize = name[..digits].parse().unwrap_or(0);
            let found = name[digits..].trim_start_matches('_').get(..length);
            if let Some(found) = found.filter(|found| !found.is_empty()) {
                return found;
            }
        }
        "core"
    }
}

impl Elf {
    /// Reads an image.
    ///
    /// # Errors
    /// Where there is none.
    pub fn read(path: &Path) -> Result<Self, String> {
        let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::parse(&bytes).ok_or(format!("{}: not an ELF image", path.display()))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        const SYMBOLS: u32 = 2;
        const NO_BITS: u32 = 8;
        let (table, width, count) = (word(bytes, 0x20)?, half(bytes, 0x2e)?, half(bytes, 0x30)?);
        let (mut sections, mut links) = (Vec::new(), Vec::new());
        for index in 0..usize::from(count) {
            let at = usize::try_from(table).ok()? + index * usize::from(width);
            let field = |number: usize| word(bytes, at + 4 * number);
            let (kind, flags, address) = (field(1)?, field(2)?, field(3)?);
            let (offset, size) =
                (usize::try_from(field(4)?).ok()?, usize::try_from(field(5)?).ok()?);
            let size = if kind == NO_BITS { 0 } else { size };
            let content = bytes.get(offset..offset + size)?.to_vec();
            sections.push(Section { address, kind, flags, bytes: content });
            links.push(usize::try_from(field(6)?).ok()?);
        }
        let mut symbols = Vec::new();
        for (section, link) in sections.iter().zip(links) {
            if section.kind == SYMBOLS {
                let names = &sections.get(link)?.bytes;
                symbols.extend(
                    section.bytes.chunks_exact(16).filter_map(|entry| symbol(entry, names)),
                );
            }
        }
        symbols.sort_by_key(|symbol| symbol.address);
        Some(Self { sections, symbols })
    }

    /// The bytes that flash must hold: loaded sections with content, which are code, constants and
    /// initial values. The unwind index isn't among them, for an image that aborts leaves it out.
    pub fn flash(&self) -> u64 {
        const PROGBITS: u32 = 1;
        const ALLOC: u32 = 2;
        let loaded = |section: &&Section| section.kind == PROGBITS && section.flags & ALLOC != 0;
        let sizes = self.sections.iter().filter(loaded).map(|section| section.bytes.len() as u64);
        sizes.sum()
    }

    /// The bytes of functions and constants that were written in each crate, the largest first;
    /// what has no name is under `-`.
    pub fn by_crate(&self) -> Vec<(String, u64)> {
        let mut sums = std::collections::BTreeMap::<String, u64>::new();
        let mut end = 0;
        for symbol in self.symbols.iter().filter(|symbol| self.is_in_flash(symbol)) {
            // Two names of one place are counted once.
            let from = symbol.address.max(end);
            let until = symbol.address + symbol.size;
            *sums.entry(symbol.written_in().to_owned()).or_default() +=
                u64::from(until.saturating_sub(from));
            end = end.max(until);
        }
        let named: u64 = sums.values().sum();
        sums.insert("-".into(), self.flash().saturating_sub(named));
        let mut sums: Vec<_> = sums.into_iter().filter(|(_, bytes)| *bytes > 0).collect();
        sums.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        sums
    }

    /// Where a function starts.
    ///
    /// # Errors
    /// Where there is none of this name.
    pub fn address(&self, name: &str) -> Result<u32, String> {
        let found = self.symbols.iter().find(|symbol| symbol.name == name);
        found.map(|symbol| symbol.address).ok_or(format!("the image has no {name}"))
    }

    /// All functions, and their bytes.
    pub fn functions(&self) -> impl Iterator<Item = (&Symbol, &[u8])> {
        self.symbols.iter().filter(|symbol| symbol.is_code).filter_map(|symbol| {
            let section = self.sections.iter().find(|section| holds(section, symbol))?;
            let start = (symbol.address - section.address) as usize;
            Some((symbol, section.bytes.get(start..start + symbol.size as usize)?))
        })
    }

    fn is_in_flash(&self, symbol: &Symbol) -> bool {
        self.sections.iter().any(|section| holds(section, symbol))
    }
}

fn holds(section: &Section, symbol: &Symbol) -> bool {
    let length = u32::try_from(section.bytes.len()).unwrap_or(0);
    section.flags & 2 != 0
        && (section.address..section.address.saturating_add(length)).contains(&symbol.address)
}

fn symbol(entry: &[u8], names: &[u8]) -> Option<Symbol> {
    const OBJECT: u8 = 1;
    const FUNCTION: u8 = 2;
    let kind = entry[12] & 0xf;
    let name = names.get(word(entry, 0)? as usize..)?.split(|byte| *byte == 0).next()?;
    let (name, size) = (String::from_utf8_lossy(name).into_owned(), word(entry, 8)?);
    let address = word(entry, 4)? & if kind == FUNCTION { !1 } else { !0 };
    let counts = matches!(kind, OBJECT | FUNCTION);
    counts.then_some(Symbol { name, address, size, is_code: kind == FUNCTION })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
