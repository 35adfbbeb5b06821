//! How far an audit is, for whoever wants to know.

/// What an audit is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Lines are read.
    Reading,
    /// Signatures are verified.
    Verifying,
    /// Entries are told or exported.
    Telling,
    /// Nothing more.
    Done,
}

/// Is told how far an audit is. `()` listens to nothing.
pub trait Progress {
    /// So many of the stage's steps are done, of so many where that is known.
    fn step(&mut self, stage: Stage, done: u64, of: Option<u64>);
}

impl Progress for () {
    fn step(&mut self, _stage: Stage, _done: u64, _of: Option<u64>) {}
}

/// A bar on the terminal of standard error; nothing where that is none.
#[cfg(feature = "bar")]
#[derive(Debug)]
pub struct Bar {
    bar: indicatif::ProgressBar,
    stage: Stage,
}

#[cfg(feature = "bar")]
impl Bar {
    /// A bar that appears with the first step.
    pub fn new() -> Self {
        use std::io::IsTerminal;

        let bar = match std::io::stderr().is_terminal() {
            true => indicatif::ProgressBar::no_length(),
            false => indicatif::ProgressBar::hidden(),
        };
        Self { bar, stage: Stage::Done }
    }
}

#[cfg(feature = "bar")]
impl Default for Bar {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "bar")]
impl Progress for Bar {
    fn step(&mut self, stage: Stage, done: u64, of: Option<u64>) {
        if stage != self.stage {
            self.stage = stage;
            self.bar.set_message(match stage {
                Stage::Reading => "lines read",
                Stage::Verifying => "signatures verified",
                Stage::Telling => "entries told",
                Stage::Done => "done",
            });
            match of {
                Some(of) => self.bar.set_length(of),
                None => self.bar.unset_length(),
            }
            let template = match of {
                Some(_) => "{wide_bar} {pos} of {len} {msg}",
                None => "{spinner} {pos} {msg}",
            };
            if let Ok(style) = indicatif::ProgressStyle::with_template(template) {
                self.bar.set_style(style);
            }
        }
        self.bar.set_position(done);
        if stage == Stage::Done {
            self.bar.finish_and_clear();
        }
    }
}
