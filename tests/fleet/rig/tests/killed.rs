//! No server outlives the process that has started it, however that ends.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rig::{Kind, Server};

/// In the environment of the process that is killed: the name of the server that it is to start.
const STARTS: &str = "RIG_STARTS";
/// Begins the line by which that process tells which one it is, and where.
const STARTED: &str = "started: ";

#[test]
fn a_server_goes_with_its_folder_when_the_process_that_started_it_is_killed() {
    let installed: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| kind.program().is_some()).collect();
    assert!(!installed.is_empty(), "./x fleet test installs servers");
    for kind in installed {
        let mut owner = owner_of(kind);
        let (pid, folder) = started(&mut owner);
        let process = format!("/proc/{pid}");
        assert!(runs(&process) && Path::new(&folder).is_dir(), "{}: it runs", kind.name());
        owner.kill().expect("it can be killed");
        owner.wait().expect("it has ended");
        let end = Instant::now() + Duration::from_secs(10);
        while runs(&process) || Path::new(&folder).exists() {
            assert!(Instant::now() < end, "{}: process {pid} or its folder {folder} is left behind", kind.name());
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// What [`owner_of`] runs; a test that does nothing otherwise.
#[test]
fn the_process_that_is_killed() {
    let Ok(name) = std::env::var(STARTS) else { return };
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name).expect("a kind of server");
    let server = Server::start(kind, &[]).expect("a server that starts");
    println!("\n{STARTED}{} {}", server.pid(), server.folder().display());
    // Long after the other test has given up.
    thread::sleep(Duration::from_secs(60));
}

fn owner_of(kind: Kind) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "the_process_that_is_killed", "--nocapture"])
        .env(STARTS, kind.name())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts")
}

fn started(owner: &mut Child) -> (String, String) {
    let lines = BufReader::new(owner.stdout.take().expect("a pipe")).lines();
    let line = lines.map_while(Result::ok).find_map(|line| line.strip_prefix(STARTED).map(str::to_owned));
    let line = line.expect("it tells of its server");
    let (pid, folder) = line.split_once(' ').expect("a process and a folder");
    (pid.to_owned(), folder.to_owned())
}

/// Whether it is there and no zombie, which a machine without an init would keep.
fn runs(process: &str) -> bool {
    let stat = std::fs::read_to_string(format!("{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}
