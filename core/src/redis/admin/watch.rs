//! What changes among the circuits of a prefix, as it changes.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use std::time::Instant;

use super::{Admin, Entry, list, look};
use crate::redis::connect::{Browser, Subscription, Trouble};
use crate::redis::wire::Notice;

/// How often everything is read: counts below the threshold, places of probes and what people write are not told.
const EVERY: Duration = Duration::from_secs(1);
/// The same where there are no notices.
const EVERY_DEAF: Duration = Duration::from_millis(250);
/// How long notices are collected before what they are about is read.
const TOGETHER: Duration = Duration::from_millis(10);

/// What has changed of a key.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// What was there; `None`: nothing that was known.
    pub before: Option<Entry>,
    /// What is there now; `None`: it is gone.
    pub after: Option<Entry>,
}

/// Looks on, by notices, and by reading everything once a second.
pub struct Watch {
    admin: Admin,
    links: Option<Links>,
    known: BTreeMap<Vec<u8>, Entry>,
    read: Instant,
}

/// To read by, and to listen by where that is possible.
type Links = (Box<dyn Browser>, Option<Box<dyn Subscription>>);

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("admin", &self.admin).field("known", &self.known).finish_non_exhaustive()
    }
}

impl Watch {
    pub(super) fn new(admin: Admin) -> Self {
        Self { admin, links: None, known: BTreeMap::new(), read: Instant::now() }
    }

    /// What there is as far as is known, by name.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.known.values()
    }

    /// What has changed, as soon as something has, but no later than after `timeout`: then nothing. At first that is everything.
    ///
    /// # Errors
    ///
    /// Redis does not do it now. What is known stays, and the next call tries to connect again.
    pub fn changes(&mut self, timeout: Duration) -> Result<Vec<Change>, Trouble> {
        let changes = self.wait(timeout);
        if changes.is_err() {
            self.links = None;
        }
        changes
    }

    fn wait(&mut self, timeout: Duration) -> Result<Vec<Change>, Trouble> {
        let end = Instant::now() + timeout;
        if self.links.is_none() {
            // First listen, then look: nothing is missed.
            let subscription = self.admin.connect.subscribe(&alloc::format!("{}events", self.admin.prefix))?;
            self.links = Some((self.admin.connect.browse()?, subscription));
            return self.read_all();
        }
        loop {
            let Some((browser, subscription)) = &mut self.links else { return Ok(Vec::new()) };
            let every = if subscription.is_some() { EVERY } else { EVERY_DEAF };
            let due = self.read + every;
            let wait = due.min(end).saturating_duration_since(Instant::now());
            let changes = match hear(subscription.as_deref_mut(), wait)? {
                keys if !keys.is_empty() => {
                    let keys: Vec<Vec<u8>> = keys.into_iter().collect();
                    let found = look(&mut **browser, &self.admin.prefix, &keys)?;
                    self.take(found, |key| keys.iter().any(|known| known == key))
                }
                _ if Instant::now() >= due => self.read_all()?,
                _ => Vec::new(),
            };
            if !changes.is_empty() || Instant::now() >= end {
                return Ok(changes);
            }
        }
    }

    fn read_all(&mut self) -> Result<Vec<Change>, Trouble> {
        let Some((browser, _)) = &mut self.links else { return Ok(Vec::new()) };
        let found = list(&mut **browser, &self.admin.prefix)?;
        self.read = Instant::now();
        Ok(self.take(found, |_| true))
    }

    /// Takes over what was found, where everything was that `is_asked` is true of.
    fn take(&mut self, found: Vec<Entry>, is_asked: impl Fn(&[u8]) -> bool) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut gone: BTreeSet<Vec<u8>> = self.known.keys().filter(|key| is_asked(key)).cloned().collect();
        for after in found {
            gone.remove(after.key());
            let before = self.known.insert(after.key().to_vec(), after.clone());
            if !before.as_ref().is_some_and(|before| before.is_like(&after)) {
                changes.push(Change { before, after: Some(after) });
            }
        }
        changes.extend(gone.iter().map(|key| Change { before: self.known.remove(key), after: None }));
        changes
    }
}

/// The keys of the notices that come within `wait`, and of those that come right behind the first.
fn hear(subscription: Option<&mut (dyn Subscription + 'static)>, wait: Duration) -> Result<BTreeSet<Vec<u8>>, Trouble> {
    let mut keys = BTreeSet::new();
    let Some(subscription) = subscription else {
        std::thread::sleep(wait);
        return Ok(keys);
    };
    let mut next = subscription.next(wait)?;
    let end = Instant::now() + TOGETHER;
    while let Some(text) = next {
        if let Ok(notice) = Notice::read(&text, 0) {
            keys.insert(notice.key.as_bytes().to_vec());
        }
        let left = end.saturating_duration_since(Instant::now());
        next = if left.is_zero() { None } else { subscription.next(left)? };
    }
    Ok(keys)
}
