//! What the front page shows of a fleet is what compiles, and does what it says.

use std::process::{Command, Output};

use rig::{Kind, Redis, Server};

#[test]
fn each_line_of_the_example_on_the_front_page_is_in_the_program_that_compiles() {
    let page = include_str!("../../../../README.md");
    let program = include_str!("../examples/readme.rs");
    let (_, rest) = page.split_once("## Fleet\n\n```rust,ignore\n").expect("the example");
    let (example, _) = rest.split_once("```").expect("its end");
    let lines: Vec<_> = example.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert!(lines.len() >= 10);
    let mut rest = program.lines().map(str::trim);
    for line in lines {
        assert!(rest.any(|other| other == line), "not in examples/readme.rs, or not in this order: {line}");
    }
}

#[path = "../examples/readme.rs"]
mod example;

#[test]
#[ignore = "it is what the others run, in a process of its own"]
fn the_example() {
    example::main().expect("it ends well");
}

fn run(url: &str) -> Output {
    let mut tests = Command::new(std::env::current_exe().expect("this test"));
    let only = ["--exact", "the_example", "--ignored", "--nocapture", "--quiet"];
    tests.args(only).env("REDIS_URL", url).output().expect("it runs")
}

fn said(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout);
    let own = |line: &&str| line.starts_with(|first: char| first.is_ascii_digit()) || line.contains(", failures: ");
    said.lines().filter(own).map(String::from).collect()
}

#[test]
fn three_failures_open_the_circuit_and_the_fleet_hears_of_it_before_the_process_ends() {
    let kind = Kind::ALL.into_iter().find(|kind| kind.program().is_some()).expect("./x fleet test installs servers");
    let server = Server::start(kind, &[]).expect("a server");
    let said = said(&run(&server.url()));
    assert!(said[..3].iter().all(|line| line.contains(": failed: ")), "{said:?}");
    assert!(said[3].starts_with("4: circuit 's3_upload' is open, retry after "), "{said:?}");
    assert_eq!(said[4..], ["open, failures: 3"]);
    let hash = server.connect().expect("it answers").hash(b"circuit_breaker:s3_upload");
    let field = |name: &str| hash.get(name.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned());
    assert_eq!((field("state").as_deref(), field("failures").as_deref()), (Some("open"), Some("3")));
}

#[test]
fn without_redis_it_does_the_same() {
    // Nobody listens on the port of a service that is for nothing.
    let said = said(&run("redis://127.0.0.1:9/"));
    assert!(said[3].starts_with("4: circuit 's3_upload' is open, retry after "), "{said:?}");
    assert_eq!(said[4..], ["open, failures: 3"]);
}
