//! Numbers in a HASH as the script reads them, whoever has written them.

use alloc::string::String;

/// Above this, a double does not hold every whole number.
const MOST: u64 = (1 << 53) - 1;

/// What the script takes a text for, and whether it would have written it so.
pub(super) fn number(text: &[u8]) -> (Option<u64>, bool) {
    let text = String::from_utf8_lossy(text);
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(number) if plain => {
            let own = number > 0 && !text.starts_with('0');
            return (Some(number).filter(|number| *number <= MOST), own);
        }
        _ => {}
    }
    let text = text.trim_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let value = match hex {
        Some(digits) if !digits.starts_with('+') => u64::from_str_radix(digits, 16).ok().map(|number| number as f64),
        Some(_) => None,
        None => text.parse::<f64>().ok(),
    };
    let whole = value.filter(|value| *value >= 0.0 && *value <= MOST as f64 && *value % 1.0 == 0.0);
    (whole.map(|value| value as u64), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_script_writes_is_read_and_is_its_own() {
        for (text, value) in [("1", 1), ("1764240000000000", 1_764_240_000_000_000), ("9007199254740991", MOST)] {
            assert_eq!(number(text.as_bytes()), (Some(value), true), "{text}");
        }
    }

    #[test]
    fn what_a_person_writes_counts_as_in_the_script() {
        for (text, value) in [("0", 0), ("-0", 0), ("007", 7), (" 5 ", 5), ("5.0", 5), ("1e3", 1_000), ("0x10", 16)] {
            assert_eq!(number(text.as_bytes()), (Some(value), false), "{text}");
        }
        for text in ["", "abc", "-7", "1.5", "nan", "inf", "9007199254740992", "1e300", "0x", "0x+1", "5 5", "\u{ff}"] {
            assert_eq!(number(text.as_bytes()).0, None, "{text}");
        }
    }
}
