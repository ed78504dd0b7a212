//! What the script answers, taken apart.
//!
//! ```
//! use rig::Reply;
//!
//! let words = ["ok", "17", "closed", "0", "2", "0", "", "0", "1764240000000", "0", "-1", "reset"];
//! let reply = Reply::from_words(words.iter().map(|word| word.as_bytes().to_vec()).collect()).unwrap();
//! assert_eq!((reply.view().generation, reply.failures, reply.failure_age_ms), (17, 2, -1));
//! assert_eq!(reply.into_words(), words);
//! ```

/// The twelve elements of an answer, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "docs/fleet-protocol.md has them")]
pub struct Reply {
    pub result: String,
    pub generation: u64,
    pub state: String,
    pub streak: u64,
    pub failures: u64,
    pub remaining_ms: u64,
    pub forced: String,
    pub extra: i64,
    pub now_ms: u64,
    pub successes: u64,
    pub failure_age_ms: i64,
    pub reason: String,
}

/// What a caller knows of a circuit, as arguments 9 to 14 say it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "docs/fleet-protocol.md has them")]
pub struct View {
    pub generation: u64,
    pub state: String,
    pub streak: u64,
    pub failures: u64,
    pub remaining_ms: u64,
    pub forced: String,
}

impl View {
    /// That of somebody who has heard of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { generation: 0, state: "closed".into(), streak: 0, failures: 0, remaining_ms: 0, forced: String::new() }
    }
}

impl Default for View {
    fn default() -> Self {
        Self::new()
    }
}

impl Reply {
    /// Reads the elements, integers as their digits.
    ///
    /// # Errors
    ///
    /// They are no answer: says which is wrong.
    pub fn from_words(words: Vec<Vec<u8>>) -> Result<Self, String> {
        let count = words.len();
        let words: Vec<String> = words
            .into_iter()
            .map(|word| String::from_utf8(word).map_err(|error| format!("not text: {error}")))
            .collect::<Result<_, _>>()?;
        let wrong = |at: usize| format!("element {} is wrong in {words:?}", at + 1);
        if count != 12 {
            return Err(format!("{count} elements instead of 12: {words:?}"));
        }
        let number = |at: usize| words[at].parse::<u64>().map_err(|_| wrong(at));
        let signed = |at: usize| words[at].parse::<i64>().map_err(|_| wrong(at));
        Ok(Self {
            result: words[0].clone(),
            generation: number(1)?,
            state: words[2].clone(),
            streak: number(3)?,
            failures: number(4)?,
            remaining_ms: number(5)?,
            forced: words[6].clone(),
            extra: signed(7)?,
            now_ms: number(8)?,
            successes: number(9)?,
            failure_age_ms: signed(10)?,
            reason: words[11].clone(),
        })
    }

    /// The elements as texts, as a connection hands them to the library.
    #[must_use]
    pub fn into_words(self) -> Vec<String> {
        vec![
            self.result,
            self.generation.to_string(),
            self.state,
            self.streak.to_string(),
            self.failures.to_string(),
            self.remaining_ms.to_string(),
            self.forced,
            self.extra.to_string(),
            self.now_ms.to_string(),
            self.successes.to_string(),
            self.failure_age_ms.to_string(),
            self.reason,
        ]
    }

    /// What whoever gets this answer then knows.
    #[must_use]
    pub fn view(&self) -> View {
        View {
            generation: self.generation,
            state: self.state.clone(),
            streak: self.streak,
            failures: self.failures,
            remaining_ms: self.remaining_ms,
            forced: self.forced.clone(),
        }
    }
}
