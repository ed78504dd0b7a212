//! Names for instances, as short as they can be: what bears one is stored with each failure that is counted.

use alloc::string::String;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

/// A name for this process and this life of it, that nobody else has.
pub(super) fn of_this_process() -> String {
    static LIVES: AtomicUsize = AtomicUsize::new(0);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    // What the standard library seeds its maps with is random; nothing else in it is.
    let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), since);
    short(seed % 36_u64.pow(10)) + &short(LIVES.fetch_add(1, Ordering::Relaxed) as u64)
}

/// A number by digits and letters.
pub(super) fn short(mut number: u64) -> String {
    let mut digits = String::new();
    loop {
        digits.insert(0, char::from_digit((number % 36) as u32, 36).unwrap_or_default());
        number /= 36;
        if number == 0 {
            return digits;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_by_digits_and_letters() {
        assert_eq!([0, 9, 35, 36, 100_000].map(short), ["0", "9", "z", "10", "255s"]);
        assert_eq!(short(u64::MAX), "3w5e11264sgsf");
    }

    #[test]
    fn two_lives_of_a_process_have_different_names_of_eleven_characters_or_little_more() {
        let names = [of_this_process(), of_this_process()];
        assert_ne!(names[0], names[1]);
        assert!(names.iter().all(|name| name.len() <= 13 && name.bytes().all(|byte| byte.is_ascii_alphanumeric())));
    }
}
