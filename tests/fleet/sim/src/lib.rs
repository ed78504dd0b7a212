//! Whole fleets of the real code on one virtual clock: instances, the script, and a network and servers that fail.
//!
//! A seed decides everything: how many instances there are and how they are configured, every call and its outcome, every delay
//! and every fault. What must hold is checked at every event, from what the simulation knows and not from what the code
//! says of itself.
//!
//! ```
//! let statistics = sim::run(1, &sim::Mistake::None).unwrap();
//! assert!(statistics.calls > 0);
//! ```

mod calls;
mod chance;
mod faults;
mod instance;
mod network;
mod plan;
mod rest;
mod server;
mod truth;
mod world;

use std::fmt;
use std::ops::AddAssign;

use world::World;

const KEY_NAME: &str = "s3";

/// What is done wrong on purpose, to see that it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// Nothing.
    None,
    /// The script has the second text in place of the first.
    Script(&'static str, &'static str),
    /// Who drives a circuit does not tell it that an answer will not come.
    NotMissed,
    /// Who drives a circuit makes up the answers to renewals.
    NoRenewals,
}

macro_rules! statistics {
    ($($(#[$doc:meta])* $name:ident)*) => {
        /// What happened in a run, or in many.
        #[derive(Clone, Copy, Debug, Default)]
        pub struct Statistics { $($(#[$doc])* pub $name: u64,)* }

        impl AddAssign for Statistics {
            fn add_assign(&mut self, other: Self) { $(self.$name += other.$name;)* }
        }

        impl fmt::Display for Statistics {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                $(write!(f, "{} {}, ", self.$name, stringify!($name).replace('_', " "))?;)*
                Ok(())
            }
        }
    };
}

statistics! {
    /// Of the virtual clock.
    events
    /// Calls that were tried.
    calls
    /// Calls that were not let through.
    refused
    /// Requests to the server.
    requests
    /// Notices that came.
    notices
    /// Requests and answers that did not arrive.
    lost
    /// Requests that arrived twice.
    repeated
    /// Notices that did not come.
    unheard
    /// Answers that came too late, or not at all.
    time_outs
    /// Requests that the server did not do because of their deadline.
    expired
    /// How often an instance went alone.
    times_alone
    /// Killed.
    crashes
    /// Stopped.
    pauses
    /// Data lost, or changed by hand.
    losses
    /// Clocks.
    jumps
    /// By an instance.
    orders
    /// By hand.
    edits
    /// Circuits that an instance brought back.
    restored
    /// By the count.
    openings
    /// Of which a success before could have been a reason against it.
    openings_checked
    /// By probes.
    closings
    /// Permits of the fleet that a call took.
    probes
    /// Probes that an instance let through by itself.
    own_probes
    /// How often all places were taken.
    full
    /// Probes whose place went to another.
    places_lost
    /// Told to users.
    transitions
    /// Openings that an instance took back.
    taken_back
}

/// One run. An error says what is wrong, and what led to it.
///
/// # Errors
///
/// Something does not hold that must.
pub fn run(seed: u64, mistake: &Mistake) -> Result<Statistics, String> {
    let (what, statistics) = play(seed, mistake, false);
    if what.is_none() {
        return Ok(statistics.0);
    }
    // The same again, and this time with what there is to say of it.
    let (what, (_, story)) = play(seed, mistake, true);
    Err(format!(
        "SEED={seed}: {}\n{story}",
        what.unwrap_or_else(|| "and not when it is told: no run may differ".into())
    ))
}

fn play(seed: u64, mistake: &Mistake, traces: bool) -> (Option<String>, (Statistics, String)) {
    let mut world = World::new(seed, mistake.clone(), traces);
    world.run_until(world.faults_end - 1);
    if world.violation.is_none() {
        world.now = world.faults_end;
        world.end_faults();
        let end = world.calls_end;
        world.run_until(end);
    }
    if world.violation.is_none() {
        world.check_end();
        // What still runs ends, and whoever was killed in the middle of a probe has had its place long enough.
        let end = world.now + 2_000_000 + 2 * world.plan.lease_us();
        world.run_until(end);
        world.look_once();
        let end = world.now + 2 * world.plan.lease_us();
        world.run_until(end);
        world.look_once();
        let end = world.now + 12_000_000;
        world.run_until(end);
    }
    if world.violation.is_none() {
        world.check_rest();
    }
    let mut story = format!("{:?}\n", world.plan);
    world.lines.iter().for_each(|line| story += &format!("{line}\n"));
    (world.violation.take(), (world.statistics, story))
}
