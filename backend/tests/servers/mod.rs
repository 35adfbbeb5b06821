//! Servers of their own for tests: on free ports, in folders that go with them.
#![allow(dead_code)]

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// Says that a test is left out, for want of a program; fails it where all must be there.
pub fn skipped(what: &str) {
    assert!(std::env::var_os("CI").is_none(), "{what} is missing");
    println!("SKIPPED: {what} is missing");
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until something listens.
pub fn listens(port: u16) {
    let since = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(since.elapsed() < Duration::from_secs(20), "nothing listens at {port}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A Redis or Valkey server.
pub struct Redis {
    pub port: u16,
    folder: TempDir,
    settings: Vec<(String, String)>,
    process: Option<Child>,
}

impl Redis {
    /// A server that keeps what it confirms, with further settings, or none where no program is.
    pub fn start(settings: &[(&str, &str)]) -> Option<Self> {
        let program = redis_program()?;
        let folder = tempfile::tempdir().unwrap();
        let always = [("appendonly", "yes"), ("appendfsync", "always"), ("save", "")];
        let settings = always.iter().chain(settings);
        let settings = settings.map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let mut server = Self { port: free_port(), folder, settings, process: None };
        server.run(&program);
        Some(server)
    }

    /// Starts it again over its own files.
    pub fn restart(&mut self) {
        let program = redis_program().unwrap();
        self.run(&program);
    }

    fn run(&mut self, program: &Path) {
        let mut command = Command::new(program);
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"]);
        command.arg("--dir").arg(self.folder.path());
        for (name, value) in &self.settings {
            command.arg(format!("--{name}")).arg(value);
        }
        let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
        self.process = Some(quiet.spawn().unwrap());
        listens(self.port);
        // It listens before it has loaded.
        while !self.ask(&["PING"]).contains("PONG") {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills it: SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Lets a replica that was promoted start as a master again, as a supervisor would write it.
    pub fn promote_settings(&mut self) {
        self.settings.retain(|(name, _)| name != "replicaof");
    }

    /// Asks it something, as its own client would.
    pub fn ask(&self, words: &[&str]) -> String {
        let run = || -> redis::RedisResult<redis::Value> {
            let mut connection = redis::Client::open(self.url().as_str())?.get_connection()?;
            let mut command = redis::cmd(words[0]);
            words[1..].iter().for_each(|word| {
                command.arg(*word);
            });
            command.query(&mut connection)
        };
        format!("{:?}", run())
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Where its append-only files lie.
    pub fn files(&self) -> PathBuf {
        self.folder.path().join("appendonlydir")
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

fn redis_program() -> Option<PathBuf> {
    let programs = ["valkey-server", "redis-server"]
        .into_iter()
        .flat_map(|name| ["/usr/bin", "/usr/local/bin"].map(|folder| Path::new(folder).join(name)));
    programs.into_iter().find(|program| program.exists())
}

/// A Postgres server.
pub struct Postgres {
    pub port: u16,
    folder: TempDir,
    programs: PathBuf,
    process: Option<Child>,
}

impl Postgres {
    /// A new server, with further settings, or none where no program is.
    pub fn start(settings: &[&str]) -> Option<Self> {
        let programs = postgres_programs()?;
        let folder = tempfile::tempdir().unwrap();
        own(folder.path());
        let mut server = Self { port: free_port(), folder, programs, process: None };
        let mut init = server.program("initdb");
        init.args(["--auth=trust", "--username=postgres", "--no-sync", "-D"]).arg(server.data());
        assert!(init.stdout(Stdio::null()).status().unwrap().success());
        server.set(settings);
        server.restart();
        Some(server)
    }

    /// A standby of this server.
    pub fn standby(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        own(folder.path());
        let programs = self.programs.clone();
        let mut standby = Self { port: free_port(), folder, programs, process: None };
        let mut copy = standby.program("pg_basebackup");
        copy.args(["-h", "127.0.0.1", "-U", "postgres", "--write-recovery-conf", "-p"]);
        copy.arg(self.port.to_string()).arg("--checkpoint=fast").arg("-D").arg(standby.data());
        assert!(copy.status().unwrap().success());
        standby.restart();
        standby
    }

    /// Makes a standby the primary.
    pub fn promote(&self) {
        let mut promote = self.program("pg_ctl");
        promote.args(["promote", "-w", "-D"]).arg(self.data()).stdout(Stdio::null());
        assert!(promote.status().unwrap().success());
    }

    /// Adds settings for the next start.
    pub fn set(&self, settings: &[&str]) {
        let file = self.data().join("postgresql.conf");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text + "\n" + &settings.join("\n") + "\n").unwrap();
    }

    /// Starts it over its own files.
    pub fn restart(&mut self) {
        let mut run = self.program("postgres");
        run.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-k"]);
        run.arg(self.folder.path()).arg("-D").arg(self.data());
        self.process = Some(run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        listens(self.port);
        let since = Instant::now();
        let mut ready = self.program("pg_isready");
        ready.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]).stdout(Stdio::null());
        while !ready.status().unwrap().success() {
            assert!(since.elapsed() < Duration::from_secs(20), "Postgres doesn't get ready");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills it, all of its processes: SIGKILL to the first makes the others end at once.
    pub fn kill(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        let id = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        if let Some(id) = id.lines().next() {
            let _gone = Command::new("kill").args(["-KILL", id]).status();
        }
        process.wait().unwrap();
        // Who still writes for it would stop a new one from starting.
        std::thread::sleep(Duration::from_millis(300));
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// One of its programs, run by its own user where root runs the tests.
    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        if !is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program).current_dir("/");
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Gives a folder to the user who runs Postgres.
fn own(folder: &Path) {
    if is_root() {
        assert!(Command::new("chown").arg("postgres").arg(folder).status().unwrap().success());
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.starts_with(b"0\n")
}

fn postgres_programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.flatten().map(|version| version.path().join("bin"));
    folders.filter(|folder| folder.join("initdb").exists()).max()
}
