//! The configuration of a fleet, and the parts of the protocol that a negative control takes out.

/// From when on the settle time is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Settle {
    /// There is none: the script opens at the threshold. A control.
    Never,
    /// From the first failure of the streak. A control.
    FromFirstFailure,
    /// From the failure that reached the threshold: the protocol.
    FromThreshold,
}

/// The configuration, then one switch for each part of the protocol, which is on except in a control.
#[derive(Clone, Debug)]
pub struct Rules {
    pub threshold: u8,
    pub success_threshold: u8,
    pub probes: usize,
    /// How many instances must have tripped by themselves; 0 where the fleet counts together.
    pub quorum: u8,

    /// When an opening by the count may happen.
    pub settle: Settle,
    /// A report that comes twice counts once.
    pub dedupe: bool,
    /// After a loss of data no new probe starts for one lease.
    pub quiet: bool,
    /// A place stays taken whatever the circuit does.
    pub keep_leases: bool,
    /// The server takes over what a caller knows and it does not.
    pub join: bool,
    /// Votes are counted; otherwise the first one opens.
    pub count_votes: bool,
    /// A request that its sender gave up on does nothing.
    pub deadline: bool,
    /// An older view changes nothing.
    pub ordered_views: bool,
    /// A count of which nothing says when it was is no count.
    pub timed_base: bool,
    /// The script does nothing against an order.
    pub obey_orders: bool,
    /// A success is kept while a failure that it refutes is still on its way, even where the count is 0.
    pub keep_refutation: bool,
    /// Own failures that somebody has refuted are forgotten.
    pub forget_own: bool,
    /// A vote that is sent again after an outage is that of the own circuit by then.
    pub votes_of_the_moment: bool,
    /// What opened alone is reported like any failures, and the count decides. Otherwise it trips the fleet.
    pub return_by_report: bool,
    /// Of a report that is sent again and that a later success has refuted, the success is sent instead.
    pub drop_refuted: bool,
    /// A lease that ran out while nobody could renew it lasts one lease more.
    pub outlast_outages: bool,
    /// As often as that happens between two renewals.
    pub put_off_again: bool,
    /// So does the quiet time.
    pub quiet_outlasts: bool,
    /// Who has Redis back asks for a probe's permit one lease later.
    pub wait_after_return: bool,
    /// Who has a permit asks every third of a lease whether Redis is back.
    pub ask_often: bool,
    /// The answer `settle` is followed by an empty report.
    pub ask_again: bool,
}

impl Rules {
    /// The protocol, with a threshold of 2 and one probe at a time.
    pub fn protocol() -> Self {
        Self {
            threshold: 2,
            success_threshold: 1,
            probes: 1,
            quorum: 0,
            settle: Settle::FromThreshold,
            dedupe: true,
            quiet: true,
            keep_leases: true,
            join: true,
            count_votes: true,
            deadline: true,
            ordered_views: true,
            timed_base: true,
            obey_orders: true,
            keep_refutation: true,
            forget_own: true,
            votes_of_the_moment: true,
            return_by_report: true,
            drop_refuted: true,
            outlast_outages: true,
            put_off_again: true,
            quiet_outlasts: true,
            wait_after_return: true,
            ask_often: true,
            ask_again: true,
        }
    }
}
