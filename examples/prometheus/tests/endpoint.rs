//! The program shows its circuits, and what they go through.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Ends the program, whatever happens.
struct Ended(std::process::Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_endpoint_shows_a_circuit_that_opens_and_one_that_works() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_halfopen-prometheus-example"));
    let program = program.args(["--address", "127.0.0.1:0", "--seconds", "60"]).stdout(Stdio::piped());
    let mut program = Ended(program.spawn().expect("the program"));
    let mut lines = BufReader::new(program.0.stdout.take().expect("its output")).lines().map_while(Result::ok);
    let url = lines.next().expect("where it is");
    let agent = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).build().new_agent();
    let opened = lines.find(|line| line.starts_with("payments: closed -> open (failure_rate"));
    assert!(opened.is_some());
    // It is told to the metrics first.
    let text = agent.get(&url).call().expect("an answer").body_mut().read_to_string().expect("a text");
    let value = |series: &str| -> f64 {
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("halfopen_circuitbreaker_{series} ")));
        line.unwrap_or_else(|| panic!("no {series} in {text}")).parse().expect("a number")
    };
    assert!(value("transitions_total{name=\"payments\",to=\"open\",reason=\"failure_rate\"}") >= 1.0);
    assert!(value("calls_total{name=\"mail\",kind=\"successful\"}") >= 1.0);
    assert!(value("calls_total{name=\"mail\",kind=\"failed\"}") < 1.0);
}
