//! Reads the memory of a process in which a secret has lived.

pub mod needles;

use std::{
    env,
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    os::unix::fs::FileExt,
    process::{Command, Stdio},
};

use self::needles::Needle;
use crate::lives::{self, End};

/// Lives each life once. The secret and what is as good as it must be gone where a key is dropped,
/// and found where it is forgotten.
pub fn memory() -> Result<(), String> {
    let (mut left, mut unseen) = (0, 0);
    for (name, end, _) in lives::LIVES {
        let Found { forms, read } = live(name)?;
        println!("{name} ({} KiB read)", read / 1024);
        for (needle, whereabouts) in &forms {
            println!("    {needle}: {whereabouts}");
        }
        match end {
            End::Forgotten(controls) => {
                let is_there = |control: &&&str| forms.iter().any(|(needle, _)| needle == *control);
                let found = controls.iter().filter(is_there).count();
                println!("  control_found: {found} of {}", controls.len());
                unseen += controls.len() - found;
            }
            End::Dropped => {
                println!("  left_in_memory: {}", forms.len());
                left += forms.len();
            }
            End::Moved => println!("  left_by_moves: {}", forms.len()),
        }
    }
    match (left, unseen) {
        (0, 0) => Ok(()),
        (_, 0) => Err(format!("{left} secrets outlived their keys")),
        _ => Err("a secret that is there was not found".into()),
    }
}

/// What was found, and where.
struct Found {
    forms: Vec<(&'static str, String)>,
    /// Bytes that were read.
    read: usize,
}

/// One life, and what is found behind it.
fn live(name: &str) -> Result<Found, String> {
    let failed = |error: std::io::Error| error.to_string();
    let mut secret = [0; 32];
    File::open("/dev/urandom").and_then(|mut from| from.read_exact(&mut secret)).map_err(failed)?;
    let own = env::current_exe().map_err(failed)?;
    let mut child = Command::new(own)
        .args(["life", name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut input = child.stdin.take().ok_or("no standard input")?;
    let mut output = BufReader::new(child.stdout.take().ok_or("no standard output")?);
    input.write_all(&secret).map_err(failed)?;
    let mut line = String::new();
    output.read_line(&mut line).map_err(failed)?;
    let found = search(child.id(), &needles::of(&secret));
    drop(input);
    let status = child.wait().map_err(failed)?;
    if line != "done\n" || !status.success() {
        return Err(format!("{name}: it ended by {status}"));
    }
    found.map_err(failed)
}

/// Searches all that a process can write to.
fn search(process: u32, needles: &[Needle]) -> Result<Found, std::io::Error> {
    let mut found = Found { forms: Vec::new(), read: 0 };
    let memory = File::open(format!("/proc/{process}/mem"))?;
    for line in fs::read_to_string(format!("/proc/{process}/maps"))?.lines() {
        let mut fields = line.split_ascii_whitespace();
        let (Some(range), Some(rights)) = (fields.next(), fields.next()) else { continue };
        if !rights.starts_with("rw") {
            continue;
        }
        let name = fields.nth(3).unwrap_or("memory without a name");
        let Some((from, to)) = range.split_once('-') else { continue };
        let [from, to] = [from, to].map(|end| u64::from_str_radix(end, 16).unwrap_or(0));
        let mut bytes = vec![0; usize::try_from(to - from).expect("a part of memory")];
        memory.read_exact_at(&mut bytes, from)?;
        found.read += bytes.len();
        for Needle { name: needle, bytes: looked_for } in needles {
            let places = bytes.windows(looked_for.len()).filter(|part| part == looked_for);
            found.forms.extend(places.map(|_| (*needle, name.to_owned())));
        }
    }
    Ok(found)
}
