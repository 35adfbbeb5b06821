//! QEMU, with a pipe to the image in it, a counter of its instructions, and a switch for its power.

use std::{
    fs::{self, File},
    io::{BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use super::Target;
use crate::{
    elf::Elf,
    toolchain::{clean, install, root, text},
};

/// Instructions that an image may take: one that hangs is an error, not a night.
const LIMIT: u64 = 20_000_000_000;

/// QEMU and the counter, ready to be started.
pub struct Emulator {
    plugin: PathBuf,
}

/// When power fails: in front of the block that holds this instruction, counted from the start or
/// from the so many-th time that the image changes its flash.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    pub flash: u64,
    pub instruction: u64,
}

/// An image that runs.
pub struct Machine {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    told: PathBuf,
}

/// Nobody answers: power has failed, or the image has ended.
#[derive(Debug)]
pub struct Off;

/// What the counter tells of a run that ended by itself.
#[derive(Debug, Default)]
pub struct Counts {
    /// The instructions of each measured stretch.
    pub stretches: Vec<u64>,
    /// How often the image changed its flash.
    pub flash: u64,
    /// All instructions.
    pub total: u64,
}

impl Emulator {
    /// QEMU for the targets, installed where that can be done; `None` where it can't be had.
    ///
    /// # Errors
    /// Where the counter doesn't compile.
    pub fn find(targets: &[Target]) -> Result<Option<Self>, String> {
        let missing = |target: &&Target| {
            let program = target.machine.and_then(<[_]>::first);
            program.is_some_and(|program| text(clean(program).arg("--version")).is_none())
        };
        if targets.iter().any(|target| missing(&target)) {
            println!("Installing QEMU with apt-get.");
            let _tried = install(&["qemu-system-arm", "qemu-system-misc", "gcc", "libc6-dev"]);
        }
        if targets.iter().any(|target| missing(&target)) {
            return Ok(None);
        }
        let plugin = root().join("target/baremetal/count.so");
        fs::create_dir_all(root().join("target/baremetal")).map_err(|error| error.to_string())?;
        let source = root().join("firmware/emulated/plugin/count.c");
        let mut compiler = clean("cc");
        compiler.args(["-O2", "-shared", "-fPIC", "-o"]).arg(&plugin).arg(source);
        text(&mut compiler).ok_or("the instruction counter doesn't compile")?;
        Ok(Some(Self { plugin }))
    }

    /// Starts an image. Its flash is the file `flash` in a folder.
    ///
    /// # Errors
    /// Where QEMU doesn't start.
    pub fn start(
        &self,
        target: &Target,
        image: &Path,
        folder: &Path,
        cut: Option<Cut>,
    ) -> Result<Machine, String> {
        let Some([program, arguments @ ..]) = target.machine else {
            return Err("nothing emulates the target".into());
        };
        let elf = Elf::read(image)?;
        let mut plugin = self.plugin.display().to_string();
        for (index, name) in ["mark_begin", "mark_end", "mark_flash"].into_iter().enumerate() {
            if let Ok(address) = elf.address(name) {
                plugin.push_str(&format!(",mark{index}={address:#x}"));
            }
        }
        let Cut { flash, instruction } = cut.unwrap_or(Cut { flash: 0, instruction: LIMIT });
        plugin.push_str(&format!(",from={flash},stop={instruction}"));
        let told = folder.join("told");
        let file = File::create(&told).map_err(|error| error.to_string())?;
        let mut child = Command::new(program)
            .args(arguments)
            .arg("-kernel")
            .arg(fs::canonicalize(image).map_err(|error| error.to_string())?)
            .args(["-nographic", "-monitor", "none", "-serial", "none"])
            .args(["-semihosting-config", "enable=on,target=native", "-plugin", &plugin])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .map_err(|error| format!("{program}: {error}"))?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let output = BufReader::new(output.ok_or("QEMU has no output")?);
        Ok(Machine { child, input, output, told })
    }
}

impl Machine {
    /// Sends a frame.
    ///
    /// # Errors
    /// [`Off`].
    pub fn send(&mut self, kind: u8, body: &[u8]) -> Result<(), Off> {
        let input = self.input.as_mut().ok_or(Off)?;
        let length = u16::try_from(body.len()).map_err(|_| Off)?.to_le_bytes();
        let frame = [&[kind], &length[..], body].concat();
        input.write_all(&frame).and_then(|()| input.flush()).map_err(|_| Off)
    }

    /// Waits for a frame.
    ///
    /// # Errors
    /// [`Off`].
    pub fn receive(&mut self) -> Result<(u8, Vec<u8>), Off> {
        let mut head = [0; 3];
        self.output.read_exact(&mut head).map_err(|_| Off)?;
        let mut body = vec![0; usize::from(u16::from_le_bytes([head[1], head[2]]))];
        self.output.read_exact(&mut body).map_err(|_| Off)?;
        Ok((head[0], body))
    }

    /// Lets the image end, once its pipe is closed.
    ///
    /// # Errors
    /// Where it doesn't end well: with a panic, by a trap, or not at all.
    pub fn end(mut self) -> Result<Counts, String> {
        self.input = None;
        let status = self.child.wait().map_err(|error| error.to_string())?;
        let told = fs::read_to_string(&self.told).map_err(|error| error.to_string())?;
        if !status.success() {
            return Err(format!("the image ends with {status}: {}", told.trim()));
        }
        Counts::read(&told).ok_or(format!("the counter says {told}"))
    }

    /// Waits until power has failed.
    ///
    /// # Errors
    /// Where the image has ended otherwise.
    pub fn dead(mut self) -> Result<(), String> {
        self.input = None;
        let status = self.child.wait().map_err(|error| error.to_string())?;
        let told = fs::read_to_string(&self.told).unwrap_or_default();
        match status.code() {
            None => Ok(()),
            Some(_) => Err(format!("the image ends with {status}: {}", told.trim())),
        }
    }

    /// Power fails now, wherever the image is.
    pub fn kill(mut self) {
        let _gone = self.child.kill();
        let _waited = self.child.wait();
    }
}

impl Counts {
    fn read(told: &str) -> Option<Self> {
        let (mut counts, mut begin) = (Self::default(), 0);
        for line in told.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["mark", "0", at] => begin = at.parse().ok()?,
                ["mark", "1", at] => {
                    let end: u64 = at.parse().ok()?;
                    counts.stretches.push(end.checked_sub(begin)?);
                }
                ["flash", count] => counts.flash = count.parse().ok()?,
                ["total", count] => counts.total = count.parse().ok()?,
                _ => {}
            }
        }
        (counts.total > 0).then_some(counts)
    }
}
