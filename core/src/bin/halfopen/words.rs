//! Times and names as people read them.

use std::time::Duration;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A time with two digits that matter, or three: `0.4s`, `29.3s`, `3m05s`, `2h13m`, `4d02h`.
pub(crate) fn time(time: Duration) -> String {
    let tenths = time.as_millis() / 100;
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{}.{}s", tenths / 10, tenths % 10),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h{:02}m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// Text without anything that a terminal would act on, or that nobody could see.
pub(crate) fn safe(bytes: &[u8]) -> String {
    let mut safe = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\'' | '"' => safe.push(character),
                // Seen only where there is something before it.
                _ if character.width() == Some(0) => safe.extend(character.escape_unicode()),
                '\0'..' ' | '\x7f' if !matches!(character, '\n' | '\r' | '\t') => {
                    safe.push_str(&format!("\\x{:02x}", u32::from(character)));
                }
                _ => safe.extend(character.escape_debug()),
            }
        }
        for byte in chunk.invalid() {
            safe.push_str(&format!("\\x{byte:02x}"));
        }
    }
    // At an end a space is not seen.
    if safe.is_empty() || safe.starts_with(' ') || safe.ends_with(' ') { format!("\"{safe}\"") } else { safe }
}

/// Columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text, or its beginning and `…`, so that it takes no more than `most` columns.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut taken = 0;
    let fits = |character: &char| {
        taken += character.width().unwrap_or(0);
        taken < most
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_the_digits_that_matter() {
        let of = |millis| time(Duration::from_millis(millis));
        assert_eq!([of(0), of(449), of(29_350), of(59_999)], ["0.0s", "0.4s", "29.3s", "59.9s"]);
        assert_eq!([of(60_000), of(185_000), of(7_980_000), of(352_800_000)], ["1m00s", "3m05s", "2h13m", "4d02h"]);
    }

    #[test]
    fn a_name_is_shown_so_that_it_does_nothing_and_is_seen() {
        assert_eq!(safe("s3/upload 'ü' 日本".as_bytes()), "s3/upload 'ü' 日本");
        assert_eq!(safe(b"a\x1b[31m\n\0\\"), "a\\x1b[31m\\n\\x00\\\\");
        assert_eq!(safe("\u{202e}a\u{200b}".as_bytes()), "\\u{202e}a\\u{200b}");
        assert_eq!(safe(b"\xff\xfe!"), "\\xff\\xfe!");
        assert_eq!([safe(b""), safe(b" a"), safe(b"a ")], ["\"\"", "\" a\"", "\"a \""]);
    }

    #[test]
    fn a_text_is_cut_by_its_columns() {
        assert_eq!(cut("payments", 8), "payments");
        assert_eq!(cut("payments", 5), "paym…");
        assert_eq!((cut("日本語", 5), width(&cut("日本語", 4))), ("日本…".into(), 3));
    }
}
