//! Runs this program under valgrind and reads what it reports.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    process::{self, Command},
};

use crate::jobs;

/// Runs all jobs, then the plants. A report that [`BY_DESIGN`] doesn't name is a leak.
pub fn leaks() -> Result<(), String> {
    let (done, sites) = watch("jobs")?;
    let jobs = jobs::JOBS.iter().filter(|(name, _)| done.lines().any(|line| line == *name));
    if jobs.count() != jobs::JOBS.len() {
        return Err(format!("not all jobs were done:\n{done}"));
    }
    let (mut told, mut leaks) = (BTreeMap::<&str, u64>::new(), 0);
    for site in &sites {
        match BY_DESIGN.iter().find(|known| known.names(site)) {
            Some(known) => *told.entry(known.reason).or_default() += 1,
            None => {
                leaks += 1;
                println!("  LEAK: {site}");
            }
        }
    }
    println!("  jobs: {}", jobs::JOBS.len());
    for (reason, sites) in &told {
        println!("  by design at {sites} sites: {reason}");
    }
    let (_, planted) = watch("planted")?;
    let found = |name: &str| planted.iter().filter(|site| site.mentions(name)).count();
    let (branches, addresses) = (found("planted_branch"), found("planted_address"));
    println!("secret_dependent: {leaks}");
    println!("planted_found: {branches}");
    println!("planted_address_found: {addresses}");
    match (leaks, branches, addresses) {
        (0, 1, 1) => Ok(()),
        (0, ..) => Err("what was planted was not found, each at one site".into()),
        _ => Err("time depends on secrets".into()),
    }
}

/// A place in the code that is reported and tells no more than whoever asks is told anyway.
struct Known {
    /// How the name of the function at the place begins: empty where valgrind knows none.
    function: &'static str,
    /// The end of the name of the file that the function is in.
    file: &'static str,
    /// What must stand in a caller's name: empty for any.
    caller: &'static str,
    reason: &'static str,
}

impl Known {
    /// By the innermost function alone: what was inlined into it has a name of its own.
    fn names(&self, site: &Site) -> bool {
        site.0.first().is_some_and(|here| {
            here.function.starts_with(self.function) && here.file.ends_with(self.file)
        }) && site.mentions(self.caller)
    }
}

/// Where a whole function of keyward was inlined, valgrind knows the job alone that called it.
const BY_DESIGN: &[Known] = &[
    Known {
        function: "",
        file: "src/dhkex/x25519.rs",
        caller: "hpke_",
        reason: "whether the other side's point has small order, which it chose (RFC 9180, 7.1.4)",
    },
    Known {
        // The `?` on the line above.
        function: "branch<(hpke::kem::SharedSecret",
        file: "result.rs",
        caller: "hpke_",
        reason: "whether the other side's point has small order, which it chose (RFC 9180, 7.1.4)",
    },
    Known {
        function: "decrypt_inout_detached",
        file: "src/cipher.rs",
        caller: "hpke_open",
        reason: "whether it opens",
    },
    Known {
        // What the line above returned.
        function: "open_inout_detached",
        file: "src/aead.rs",
        caller: "hpke_open",
        reason: "whether it opens",
    },
    Known {
        function: "run_utf8_validation",
        file: "validations.rs",
        caller: "encode_secret",
        reason: "whether base64 has bytes above 127, which it never has",
    },
    Known {
        // Behind a loop over all characters that collects what is wrong without branches.
        function: "<T as base64ct::encoding::Encoding>::decode",
        file: "src/encoding.rs",
        caller: "decode_secret",
        reason: "whether a text is base64",
    },
    Known {
        // Whether the last characters are those that their bytes would give.
        function: "validate_last_block",
        file: "src/encoding.rs",
        caller: "decode_secret",
        reason: "whether a text is base64",
    },
    Known {
        function: "run_utf8_validation",
        file: "validations.rs",
        caller: "opening_text",
        reason: "whether base64 has bytes above 127, which it never has",
    },
    Known {
        function: "<T as base64ct::encoding::Encoding>::decode",
        file: "src/encoding.rs",
        caller: "opening_text",
        reason: "whether a text is base64",
    },
    Known {
        function: "validate_last_block",
        file: "src/encoding.rs",
        caller: "opening_text",
        reason: "whether a text is base64",
    },
];

/// Runs one mode; what it printed, and the distinct sites that were reported.
fn watch(mode: &str) -> Result<(String, BTreeSet<Site>), String> {
    let own = env::current_exe().map_err(|error| error.to_string())?;
    let report = env::temp_dir().join(format!("keyward-secrets-{}-{mode}.xml", process::id()));
    let output = Command::new("valgrind")
        .args(["--tool=memcheck", "--xml=yes", "--error-limit=no", "--num-callers=40"])
        .arg(format!("--xml-file={}", report.display()))
        .arg(own)
        .arg(mode)
        .output()
        .map_err(|error| format!("valgrind (Debian: apt-get install valgrind): {error}"))?;
    let xml = fs::read_to_string(&report).map_err(|error| error.to_string())?;
    let _gone = fs::remove_file(&report);
    if !output.status.success() || !xml.contains("<state>FINISHED</state>") {
        return Err(format!("valgrind: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let sites = xml.split("<error>").skip(1).map(Site::read).collect();
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), sites))
}

/// Where a report was made, from within to without.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Site(Vec<Frame>);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Frame {
    function: String,
    file: String,
    line: String,
}

impl Site {
    fn read(error: &str) -> Self {
        let error = error.split("</error>").next().unwrap_or(error);
        let field = |frame: &str, name: &str| {
            let (open, close) = (format!("<{name}>"), format!("</{name}>"));
            let text = frame.split_once(&open).and_then(|(_, rest)| rest.split_once(&close));
            let text = text.map_or("", |(text, _)| text);
            text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        };
        let frames = error.split("<frame>").skip(1).map(|frame| Frame {
            function: field(frame, "fn"),
            file: field(frame, "file"),
            line: field(frame, "line"),
        });
        // What is behind the job is the same for all.
        Self(frames.take_while(|frame| frame.function != "all").collect())
    }

    /// Whether a function of the row is of this name.
    fn mentions(&self, name: &str) -> bool {
        self.0.iter().any(|frame| frame.function.contains(name))
    }
}

impl std::fmt::Display for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, Frame { function, file, line, .. }) in self.0.iter().take(12).enumerate() {
            let function = function.get(..100).unwrap_or(function);
            write!(f, "{}{function} ({file}:{line})", if at == 0 { "" } else { "\n    in " })?;
        }
        Ok(())
    }
}
