//! The fields of a HASH one by one, whoever has written them, and what is odd about them.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::number::number;
use super::record::Odd;

/// Takes fields one by one, and notes what is odd about them.
pub(super) struct Reader<'a> {
    pub(super) fields: BTreeMap<String, &'a [u8]>,
    pub(super) odd: Vec<Odd>,
}

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, field: &str) -> Option<&'a [u8]> {
        self.fields.remove(field)
    }

    pub(super) fn mark(&mut self, field: &str, value: &[u8], counts: &str) {
        let value = String::from_utf8_lossy(value).into_owned();
        self.odd.push(Odd { field: field.into(), value, counts: counts.into() });
    }

    pub(super) fn number(&mut self, field: &str) -> Option<u64> {
        let value = self.take(field)?;
        self.checked(field, value, value)
    }

    /// `digits`, as part of `value`, which is the whole.
    pub(super) fn checked(&mut self, field: &str, digits: &[u8], value: &[u8]) -> Option<u64> {
        let (number, own) = number(digits);
        match number {
            None => self.mark(field, value, "as missing"),
            Some(number) if !own => self.mark(field, value, &alloc::format!("as {number}")),
            Some(_) => {}
        }
        number
    }

    /// An end, and by how many milliseconds it was put off; `None`: it is not to be.
    pub(super) fn ending(&mut self, field: &str, value: &[u8]) -> (Option<u64>, Option<u64>) {
        let Some(plus) = value.iter().position(|byte| *byte == b'+') else {
            return (self.checked(field, value, value), Some(0));
        };
        let (end, by) = (&value[..plus], &value[plus + 1..]);
        if by.is_empty() {
            return (self.checked(field, end, value), None);
        }
        let by = self.checked(field, by, value);
        (by.and_then(|_| self.checked(field, end, value)), by.or(Some(0)))
    }

    pub(super) fn word<T>(&mut self, field: &str, known: fn(&[u8]) -> Option<T>) -> Option<T> {
        let value = self.take(field)?;
        let word = known(value);
        if word.is_none() {
            self.mark(field, value, "as missing");
        }
        word
    }

    pub(super) fn text(&mut self, field: &str) -> String {
        String::from_utf8_lossy(self.take(field).unwrap_or_default()).into_owned()
    }
}
