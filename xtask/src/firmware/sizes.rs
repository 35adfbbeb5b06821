//! Figures beside those that are recorded, and beside what they are to reach.

use std::{collections::BTreeMap, fs};

use crate::toolchain::root;

/// Where they are recorded.
const RECORD: &str = "firmware/emulated/sizes.txt";

/// How many percent a figure may grow by, without being recorded anew.
const TOLERANCE: u64 = 2;

/// Figures by target, opt-level and name.
#[derive(Default)]
pub struct Figures(BTreeMap<[String; 3], u64>);

impl Figures {
    /// Adds a figure, and prints it.
    pub fn add(&mut self, target: &str, level: &str, name: &str, value: u64) {
        println!("{target}.{name}: {value}");
        self.0.insert([target.into(), level.into(), name.into()], value);
    }

    /// A figure, if it was measured.
    pub fn of(&self, target: &str, level: &str, name: &str) -> Option<u64> {
        self.0.get(&[target.into(), level.into(), name.into()]).copied()
    }

    /// Prints what differs from the record.
    ///
    /// # Errors
    /// Names what has grown by more than 2 %, or isn't recorded.
    pub fn compare(&self, compiler: &str) -> Result<(), String> {
        let text = fs::read_to_string(root().join(RECORD)).unwrap_or_default();
        let recorded = Self::read(&text);
        if !text.lines().any(|line| line.strip_prefix("# ") == Some(compiler)) {
            println!("{RECORD} is of another compiler than {compiler}: nothing is compared.");
            return Ok(());
        }
        let mut grown = Vec::new();
        for (key, value) in &self.0 {
            let before = recorded.0.get(key).copied();
            if before == Some(*value) {
                continue;
            }
            let name = key.join(" ");
            println!("{name}: {value}, recorded {}", before.map_or("-".into(), |b| b.to_string()));
            if before.is_none_or(|before| *value * 100 > before * (100 + TOLERANCE)) {
                grown.push(name);
            }
        }
        match grown.is_empty() {
            true => Ok(()),
            false => Err(format!(
                "grown by more than {TOLERANCE} %, and not recorded in {RECORD} (--record): {}",
                grown.join(", ")
            )),
        }
    }

    /// Records what was measured, and leaves the rest as it was.
    ///
    /// # Errors
    /// Where the file can't be written.
    pub fn record(&self, compiler: &str) -> Result<(), String> {
        let path = root().join(RECORD);
        let mut all = Self::read(&fs::read_to_string(&path).unwrap_or_default()).0;
        all.extend(self.0.iter().map(|(key, value)| (key.clone(), *value)));
        let mut text = format!("# {compiler}\n# target opt-level figure value\n");
        for (key, value) in all {
            text.push_str(&format!("{} {value}\n", key.join(" ")));
        }
        fs::write(path, text).map_err(|error| error.to_string())
    }

    fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let figures = lines.filter_map(|line| {
            let mut words = line.split(' ').map(str::to_owned);
            let key = [words.next()?, words.next()?, words.next()?];
            Some((key, words.next()?.parse().ok()?))
        });
        Self(figures.collect())
    }
}
