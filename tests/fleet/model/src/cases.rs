//! The cases: which configuration, how many instances, what may go wrong, and what must come of it.

use crate::properties::*;
use crate::rules::{Rules, Settle};
use crate::world::Budget;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// One configuration with its limits: a model of its own.
#[derive(Clone, Debug)]
pub struct Case {
    pub name: &'static str,
    pub rules: Rules,
    pub instances: u8,
    /// Calls of each instance whose outcome matters, beside probes.
    pub calls: u8,
    /// Histories end with this number of transitions.
    pub generations: u8,
    pub budget: Budget,
    /// The clock of a replica that takes over is far behind.
    pub clock_behind: bool,
    /// The count is checked after a loss of data too, where the page makes an exception.
    pub count_after_loss: bool,
    /// The one property that is violated here; none but in controls and stated exceptions.
    pub violated: Option<&'static str>,
    /// What is violated with it, because it follows from it.
    pub also: Vec<&'static str>,
    /// Whether to stop there, as a control does.
    pub control: bool,
    /// Set when a control has found something: the checker has no such setting.
    pub stop: Arc<AtomicBool>,
    pub examples: Vec<&'static str>,
    /// Fewer states would mean that the case no longer looks at what it did.
    pub at_least: usize,
}

impl Case {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            rules: Rules::protocol(),
            instances: 2,
            calls: 2,
            generations: 4,
            budget: Budget::default(),
            clock_behind: false,
            count_after_loss: false,
            violated: None,
            also: vec![],
            control: false,
            stop: Arc::default(),
            examples: vec![OPENS],
            at_least: 1,
        }
    }

    fn control(name: &'static str, violated: &'static str) -> Self {
        Self { violated: Some(violated), control: true, examples: vec![], ..Self::new(name) }
    }

    fn rules(mut self, change: impl FnOnce(&mut Rules)) -> Self {
        change(&mut self.rules);
        self
    }

    fn budget(mut self, change: impl FnOnce(&mut Budget)) -> Self {
        change(&mut self.budget);
        self
    }

    fn size(self, instances: u8, calls: u8, generations: u8) -> Self {
        Self { instances, calls, generations, ..self }
    }

    fn also(self, violated: &'static str) -> Self {
        Self { also: vec![violated], ..self }
    }

    fn at_least(self, at_least: usize) -> Self {
        Self { at_least, ..self }
    }

    fn examples(self, examples: &[&'static str]) -> Self {
        Self { examples: examples.to_vec(), ..self }
    }
}

/// Those of `cargo test`: small, each for one part of the protocol.
pub fn short() -> Vec<Case> {
    let counted = [OPENS, CLOSES, CONFIRMED, WITHDRAWN, COALESCED];
    vec![
        Case::new("count").at_least(160_000).examples(&counted).budget(|left| left.lost_replies = 1),
        Case::new("loss").at_least(430_000).examples(&[OPENS, CLOSES, BROUGHT_BACK]).budget(|left| left.wipes = 1),
        Case::new("crash").at_least(135_000).examples(&[OPENS, CLOSES]).budget(|left| left.crashes = 1),
        Case::new("probes")
            .at_least(320_000)
            .rules(|rules| (rules.success_threshold, rules.probes) = (2, 2))
            .size(3, 1, 4)
            .examples(&[CLOSES, HALF_PROVEN]),
        Case::new("quorum").at_least(220_000).rules(|rules| rules.quorum = 2).size(3, 2, 4).examples(&[VOTED, CLOSES]),
        Case::new("one vote").at_least(1_800).rules(|rules| rules.quorum = 1).examples(&[VOTED, CLOSES]),
        Case::new("quorum and outage")
            .at_least(120_000)
            .rules(|rules| rules.quorum = 2)
            .examples(&[VOTED, CLOSES, ADOPTED])
            .budget(|left| (left.outages, left.wipes) = (1, 1)),
        Case::new("orders").at_least(215_000).examples(&[OPENS, CLOSES, ORDERED]).budget(|left| left.orders = 1),
        Case::new("edits").at_least(770_000).size(2, 2, 2).examples(&[OPENS, CLOSES]).budget(|left| left.edits = 1),
        Case::new("outage").at_least(510_000).examples(&[OPENS, CONFIRMED, ADOPTED]).budget(|left| left.outages = 1),
        Case::new("outages")
            .at_least(10_000)
            .size(2, 1, 1)
            .rules(|rules| rules.threshold = 1)
            .examples(&[ALONE])
            .budget(|left| left.outages = 2),
        Case::new("blackout")
            .at_least(200_000)
            .size(2, 1, 4)
            .rules(|rules| rules.threshold = 1)
            .examples(&[OPENS, CLOSES, OUTLASTED])
            .budget(|left| left.blackouts = 1),
        Case::new("notices").at_least(265_000).examples(&[OPENS, CLOSES]).budget(|left| left.late_notices = 1),
        Case { violated: Some(BOUND), ..Case::new("failover").at_least(6_500) }
            .size(2, 1, 4)
            .examples(&[OPENS, CLOSES, BROUGHT_BACK])
            .budget(|left| left.failovers = 1),
        Case {
            violated: Some(CONSECUTIVE),
            count_after_loss: true,
            ..Case::new("count after a loss").at_least(420_000)
        }
        .also(FOUNDED)
        .budget(|left| left.wipes = 1),
    ]
}

/// Those of `--long`: more of everything, and things that go wrong together.
pub fn long() -> Vec<Case> {
    let counted = [OPENS, CLOSES, CONFIRMED, WITHDRAWN, COALESCED];
    let failover = || Case { violated: Some(BOUND), ..Case::new("") }.examples(&[OPENS, CLOSES, BROUGHT_BACK]);
    vec![
        Case { name: "long count", ..Case::new("") }
            .at_least(2_950_000)
            .size(2, 3, 4)
            .examples(&counted)
            .budget(|left| left.lost_replies = 1),
        Case::new("long count of three").at_least(680_000).size(3, 1, 4).budget(|left| left.lost_replies = 1),
        Case::new("long loss").at_least(2_980_000).budget(|left| (left.wipes, left.lost_replies) = (1, 1)),
        Case::new("long losses").at_least(920_000).size(2, 2, 3).budget(|left| left.wipes = 2),
        Case::new("long probes")
            .at_least(1_310_000)
            .rules(|rules| (rules.success_threshold, rules.probes) = (2, 2))
            .size(3, 1, 3)
            .budget(|left| left.wipes = 1),
        Case::new("long quorum")
            .at_least(240_000)
            .rules(|rules| rules.quorum = 2)
            .size(3, 2, 2)
            .examples(&[VOTED])
            .budget(|left| left.crashes = 1),
        Case::new("long orders").at_least(66_000).size(2, 1, 4).budget(|left| (left.orders, left.wipes) = (2, 1)),
        Case::new("long edits").at_least(990_000).size(2, 2, 3).budget(|left| left.edits = 1),
        Case::new("long outage")
            .at_least(4_900_000)
            .size(2, 2, 3)
            .examples(&[OPENS, CLOSES, BROUGHT_BACK, CONFIRMED, WITHDRAWN, ADOPTED])
            .budget(|left| (left.outages, left.wipes) = (1, 1)),
        Case::new("long outages").at_least(800_000).size(2, 2, 2).budget(|left| left.outages = 2),
        Case::new("long blackout")
            .at_least(1_250_000)
            .size(2, 2, 3)
            .examples(&[OPENS, CONFIRMED, ADOPTED, OUTLASTED])
            .budget(|left| left.blackouts = 1),
        Case::new("long blackouts")
            .at_least(2_050_000)
            .size(2, 1, 4)
            .rules(|rules| rules.threshold = 1)
            .examples(&[OPENS, CLOSES, OUTLASTED])
            .budget(|left| left.blackouts = 2),
        Case::new("long blackout and loss")
            .at_least(4_700_000)
            .size(2, 1, 4)
            .rules(|rules| rules.threshold = 1)
            .examples(&[OPENS, CLOSES, OUTLASTED])
            .budget(|left| (left.blackouts, left.wipes) = (1, 1)),
        Case::new("long blackout, loss and crash")
            .at_least(8_500_000)
            .size(2, 1, 3)
            .rules(|rules| rules.threshold = 1)
            .examples(&[OPENS, CLOSES])
            .budget(|left| (left.blackouts, left.wipes, left.crashes) = (1, 1, 1)),
        // The page's exception: what asks has begun after all that, and nothing that is left tells of the probe which runs.
        Case::control("long new process after a loss and an outage", BOUND)
            .size(2, 1, 4)
            .rules(|rules| rules.threshold = 1)
            .budget(|left| (left.blackouts, left.wipes, left.crashes) = (1, 1, 1)),
        Case::new("long blackouts and crash")
            .at_least(7_600_000)
            .size(2, 1, 4)
            .rules(|rules| rules.threshold = 1)
            .examples(&[OPENS, CLOSES, OUTLASTED])
            .budget(|left| (left.blackouts, left.crashes) = (2, 1)),
        Case { name: "long failover", ..failover() }.at_least(1_060_000).budget(|left| left.failovers = 1),
        Case { name: "long failover, clock behind", clock_behind: true, ..failover() }
            .at_least(1_130_000)
            .budget(|left| left.failovers = 1),
    ]
}

/// The protocol with a part of it taken out, each with the property that then must be violated.
pub fn controls() -> Vec<Case> {
    vec![
        Case::control("no settle time", CONSECUTIVE).rules(|rules| rules.settle = Settle::Never),
        Case::control("settle time from the first failure", CONSECUTIVE)
            .rules(|rules| rules.settle = Settle::FromFirstFailure),
        Case::control("resends count again", CONSECUTIVE)
            .also(FOUNDED)
            .rules(|rules| rules.dedupe = false)
            .budget(|left| left.lost_replies = 1),
        Case::control("no quiet time after a loss", BOUND)
            .rules(|rules| rules.quiet = false)
            .budget(|left| left.wipes = 1),
        Case::control("transitions drop the places", BOUND)
            .rules(|rules| (rules.keep_leases, rules.probes) = (false, 2))
            .size(3, 1, 5),
        Case::control("the first vote opens", QUORUM).rules(|rules| (rules.quorum, rules.count_votes) = (2, false)),
        Case::control("no join", KNOWS).rules(|rules| rules.join = false).budget(|left| left.wipes = 1),
        Case::control("requests run after their deadline", PROVEN)
            .rules(|rules| (rules.deadline, rules.success_threshold) = (false, 2))
            .budget(|left| left.zombies = 1),
        Case::control("older notices are believed", FORWARD)
            .also(FOUNDED)
            .rules(|rules| rules.ordered_views = false)
            .budget(|left| left.late_notices = 1),
        Case::control("a count without a time counts", CONSECUTIVE)
            .also(FOUNDED)
            .rules(|rules| rules.timed_base = false)
            .budget(|left| left.edits = 1),
        Case::control("a success is dropped though its failure is on its way", CONSECUTIVE)
            .rules(|rules| rules.keep_refutation = false),
        Case::control("an old vote is sent again", QUORUM)
            .rules(|rules| (rules.quorum, rules.votes_of_the_moment) = (2, false))
            .budget(|left| left.outages = 1),
        Case::control("what opened alone trips the fleet", CONSECUTIVE)
            .also(FOUNDED)
            .rules(|rules| rules.return_by_report = false)
            .budget(|left| left.outages = 1),
        Case::control("a refuted report is sent again", IN_TIME)
            .rules(|rules| rules.drop_refuted = false)
            .budget(|left| left.outages = 1),
        Case::control("leases run out in an outage", BOUND)
            .rules(|rules| (rules.outlast_outages, rules.threshold) = (false, 1))
            .size(2, 1, 4)
            .budget(|left| (left.blackouts, left.crashes) = (1, 1)),
        Case::control("a lease is put off only once", BOUND)
            .rules(|rules| (rules.put_off_again, rules.threshold) = (false, 1))
            .size(2, 1, 4)
            .budget(|left| (left.blackouts, left.crashes) = (2, 1)),
        Case::control("the quiet time runs out in an outage", BOUND)
            .rules(|rules| (rules.quiet_outlasts, rules.threshold) = (false, 1))
            .size(2, 1, 4)
            .budget(|left| (left.blackouts, left.wipes, left.crashes) = (1, 1, 1)),
        Case::control("who has Redis back asks for a permit at once", BOUND)
            .rules(|rules| (rules.wait_after_return, rules.threshold) = (false, 1))
            .size(2, 1, 4)
            .budget(|left| (left.blackouts, left.wipes) = (1, 1)),
        Case::control("who has a permit asks seldom whether Redis is back", BOUND)
            .rules(|rules| (rules.ask_often, rules.threshold) = (false, 1))
            .size(2, 1, 4)
            .budget(|left| left.blackouts = 1),
        Case::control("orders are not obeyed", OBEYS)
            .rules(|rules| rules.obey_orders = false)
            .budget(|left| left.orders = 1),
        Case::control("refuted failures are not forgotten", FOUNDED).rules(|rules| rules.forget_own = false),
        Case::control("nobody asks again after settle", ANSWERED).rules(|rules| rules.ask_again = false),
    ]
}
