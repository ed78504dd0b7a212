//! Looking on.

mod common;

use std::process::{Command, Stdio};

use common::{Running, World, key};

#[test]
fn a_line_is_written_for_each_change_and_after_redis_was_away_too() {
    let mut world = World::new();
    world.hset("mail", &[("v", "1"), ("failures", "2")]);
    let mut watch = Running::start(world.command(&["watch"]));
    watch.hears("mail closed failures=2\n");
    world.ok(&["open", "pay\nments", "--reason", "bank"]);
    watch.hears("pay\\nments forced open failures=0 reason=isolated: bank\n");
    world.hset("mail", &[("forced", "closed")]);
    watch.hears("mail forced closed failures=2\n");
    world.hset("mail", &[("failures", "many")]);
    watch.hears("*failures=many\n");
    world.live.command(&[b"DEL", key("mail").as_bytes()]).unwrap();
    watch.hears("mail gone\n");
    world.server.kill().unwrap();
    world.server.restart().unwrap();
    watch.hears("pay\\nments gone\n");
    world.ok(&["trip", "late"]);
    watch.hears("late open failures=0 remaining=");
}

#[test]
fn a_change_is_an_object_with_what_was_and_what_is() {
    let world = World::new();
    world.ok(&["trip", "a"]);
    let mut watch = Running::start(world.command(&["watch", "--json"]));
    watch.hears("\"name\":\"a\",\"before\":null,\"after\":{\"name\":\"a\"");
    watch.hears("\n");
    world.ok(&["reset", "a"]);
    watch.hears("\"before\":{\"name\":\"a\",\"name_bytes\":null,\"state\":\"open\"");
    watch.hears("\"after\":{\"name\":\"a\",\"name_bytes\":null,\"state\":\"closed\"");
    watch.hears("}}\n");
}

/// `script` gives it a terminal.
fn on_a_terminal(world: &World, words: &str) -> Running {
    let mut command = Command::new("script");
    let run = format!("stty cols 100 rows 20; exec {} {words}", env!("CARGO_BIN_EXE_halfopen"));
    command.args(["-qfec", &run, "/dev/null"]).stdin(Stdio::null());
    command.env("REDIS_URL", world.server.url()).env("TERM", "xterm").env_remove("NO_COLOR");
    Running::start(command)
}

#[test]
fn on_a_terminal_a_table_is_drawn_over_and_over() {
    let mut world = World::new();
    world.hset(&"n".repeat(150), &[("v", "1"), ("failures", "2")]);
    let mut watch = on_a_terminal(&world, "watch");
    watch.hears("\x1b[H\x1b[J");
    watch.hears("1 stored");
    watch.hears("NAME");
    watch.hears("n…");
    world.ok(&["open", "a", "--reason", "b"]);
    watch.hears("2 stored");
    watch.hears("\x1b[31mopen");
    world.server.kill().unwrap();
    watch.hears("Redis is away");
    world.server.restart().unwrap();
    watch.hears("0 stored");
}

#[test]
fn without_colours_the_table_is_still_drawn_in_its_place() {
    let world = World::new();
    world.ok(&["open", "a", "--reason", "b"]);
    let mut watch = on_a_terminal(&world, "watch --color never");
    watch.hears("\x1b[H");
    watch.hears("a     open   open");
    watch.hears("\x1b[H");
}
