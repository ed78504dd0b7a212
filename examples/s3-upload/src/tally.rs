//! What is counted of attempts, between two lines of the log and in all.

use std::collections::BTreeMap;
use std::fmt;

/// Attempts by how they ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) stored: u32,
    failed: BTreeMap<&'static str, u32>,
}

impl Tally {
    pub(crate) fn add(&mut self, failed: Option<&'static str>) {
        match failed {
            None => self.stored += 1,
            Some(words) => *self.failed.entry(words).or_default() += 1,
        }
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.stored + self.failed.values().sum::<u32>()
    }
}

/// In a few words.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stored = Some(("stored", self.stored)).filter(|_| self.stored > 0);
        let failed = self.failed.iter().map(|(words, times)| (*words, *times));
        for (i, (words, times)) in stored.into_iter().chain(failed).enumerate() {
            write!(f, "{}{words} ×{times}", if i > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}
