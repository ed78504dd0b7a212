//! Names for instances, as short as they can be: what bears one is stored with each failure that is counted.

use alloc::string::String;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

const LENGTH: u32 = 7;
const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A name for one circuit of this process and this life of it. Names are by chance: that two of 1,000 instances which share a
/// circuit have the same is as likely as 1 to 7 million, and then they have to give the same number at the same time.
pub(super) fn by_chance() -> String {
    static GIVEN: AtomicUsize = AtomicUsize::new(0);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    // What the standard library seeds its maps with is random; nothing else in it is.
    let given = GIVEN.fetch_add(1, Ordering::Relaxed);
    let chance = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), (since, std::process::id(), given));
    letters(chance)
}

fn letters(chance: u64) -> String {
    (0..LENGTH).map(|at| letter(chance / 62_u64.pow(at))).collect()
}

/// A number, as short as letters and digits make it.
pub(super) fn number(mut number: u64) -> String {
    let mut digits = String::new();
    loop {
        digits.insert(0, letter(number));
        number /= 62;
        if number == 0 {
            return digits;
        }
    }
}

fn letter(number: u64) -> char {
    char::from(LETTERS[(number % 62) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_of_a_name_is_as_likely_as_any_other_and_the_lowest_is_first() {
        assert_eq!([0, 1, 61, 62, 62_u64.pow(6)].map(letters), ["0000000", "1000000", "z000000", "0100000", "0000001"]);
        assert_eq!(letters(62_u64.pow(7)), "0000000");
    }

    #[test]
    fn numbers_are_written_by_letters_and_digits() {
        assert_eq!([0, 9, 61, 62, 3_843, 3_844].map(number), ["0", "9", "z", "10", "zz", "100"]);
        assert_eq!(number(u64::MAX), "LygHa16AHYF");
    }

    #[test]
    fn names_are_different_and_of_seven_letters_and_digits() {
        let names: alloc::collections::BTreeSet<String> = (0..1_000).map(|_| by_chance()).collect();
        assert_eq!(names.len(), 1_000);
        assert!(names.iter().all(|name| name.len() == 7 && name.bytes().all(|byte| byte.is_ascii_alphanumeric())));
    }
}
