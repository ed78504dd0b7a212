//! Shows what an input of the fuzzer means, operation by operation, and lives it: `./x fuzz FILE`.

use std::{env, fs};

use conformance::reference::live;

fn main() {
    for file in env::args().skip(1) {
        let bytes = fs::read(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let life = halfopen_fuzz::life(&bytes);
        println!("{file}: {:?}, from {} ms", life.rules, life.start);
        let begin = |number| {
            if let Some(op) = life.ops.get(number) {
                println!("{number:>5}  {op:?}");
            }
        };
        begin(0);
        live(&life, &mut |number, told| {
            told.iter().for_each(|told| println!("       told {told:?}"));
            begin(number + 1);
        });
        println!("       the breakers agree");
    }
}
