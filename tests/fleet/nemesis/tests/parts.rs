//! The parts of the suite see what they are there for.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use nemesis::dependency::{Dependency, Health};
use nemesis::script::text;
use nemesis::wire::{Report, Right, Sabotage, Setup, hex, unhex};

fn call(dependency: &Dependency, id: u8, right: Right) -> UnixStream {
    let mut stream = UnixStream::connect(dependency.socket()).unwrap();
    stream.write_all(&[id, 0, 0, 0, right as u8]).unwrap();
    stream
}

fn answer(mut stream: &UnixStream) -> u8 {
    let mut byte = [9];
    stream.read_exact(&mut byte).unwrap();
    byte[0]
}

#[test]
fn a_dependency_counts_probes_at_once_by_whose_right_they_are() {
    let dependency = Dependency::new(1);
    dependency.set(Health::Sick(50));
    let calls = [(1, Right::Probe), (2, Right::Probe), (3, Right::Alone), (4, Right::Plain)];
    let streams = calls.map(|(id, right)| call(&dependency, id, right));
    assert_eq!(streams.each_ref().map(answer), [0; 4]);
    let seen = dependency.seen();
    assert_eq!((seen.plain, seen.probes, seen.alone), (1, 2, 1));
    assert!(seen.most <= 2 && seen.most_alone == 1 && seen.excesses == seen.most as u64 - 1, "{seen:?}");
    assert!(dependency.probing().is_empty());
}

#[test]
fn the_probe_of_a_process_that_is_gone_is_over() {
    let dependency = Dependency::new(1);
    dependency.set(Health::Sick(600_000));
    let stream = call(&dependency, 7, Right::Probe);
    while dependency.probing() != [7] {
        std::thread::yield_now();
    }
    drop(stream);
    while !dependency.probing().is_empty() {
        std::thread::yield_now();
    }
    assert_eq!(dependency.seen().excesses, 0);
}

#[test]
fn a_dependency_that_is_well_fails_as_often_as_it_is_told() {
    let dependency = Dependency::new(1);
    let mut stream = UnixStream::connect(dependency.socket()).unwrap();
    let mut failures = |health| {
        dependency.set(health);
        let fails = |_| {
            stream.write_all(&[1, 0, 0, 0, Right::Plain as u8]).unwrap();
            u32::from(answer(&stream) == 0)
        };
        (0..2_000).map(fails).sum::<u32>()
    };
    assert_eq!(failures(Health::Well(0)), 0);
    assert!((20..200).contains(&failures(Health::Well(32))));
    assert_eq!(failures(Health::Sick(1)), 2_000);
}

#[test]
fn every_other_script_is_another_one() {
    let all = ["comment", "clock", "no_quiet", "no_grace", "no_join"].map(text);
    for (at, one) in all.iter().enumerate() {
        assert_ne!(one, halfopen::redis::script::SCRIPT);
        assert!(all[..at].iter().all(|other| other != one));
    }
}

#[test]
fn what_a_worker_is_told_and_tells_arrives() {
    let setup = Setup { id: 3, sabotage: Sabotage::Wait, name: hex("a b=ü\0".as_bytes()), ..Setup::new("redis://x/") };
    let read = Setup::from_arguments(&setup.to_arguments());
    assert_eq!(format!("{read:?}"), format!("{setup:?}"));
    assert_eq!(unhex(&read.name), "a b=ü\0");
    let report = Report { calls: 5, alone: true, state: "H".into(), memory_kb: 9, ..Report::default() };
    let mut heard = Report::default();
    assert!(heard.read(&report.to_line()) && !heard.read("t 1 Closed Open"));
    assert_eq!(format!("{heard:?}"), format!("{:?}", Report { lines: 1, ..report }));
}
