//! The script: what is done to the service and to Redis, and when it goes on.

use std::io;
use std::time::{Duration, Instant};

use crate::args::Args;
use crate::redis::Redis;
use crate::screen::Screen;
use crate::service::Service;
use crate::summary;
use crate::tally::{Tally, Totals};
use crate::worker::RECOVERY;
use crate::workers::{COUNT, Ended, Said, Workers};

/// How long something may take that is waited for: a machine may be busy.
const PATIENCE: Duration = Duration::from_secs(10);
/// Until what was on its way has come.
const SLACK: Duration = Duration::from_millis(150);
/// Nobody listens there.
const NOWHERE: &str = "redis://127.0.0.1:1/";

/// Runs it, and gives the promises that were broken.
pub(crate) fn run(args: &Args) -> io::Result<Vec<String>> {
    let (redis, service) = (Redis::start(&args.redis_server)?, Service::start()?);
    let mut screen = Screen::new(args.no_color);
    screen.text(summary::INTRODUCTION);
    let url = if args.alone { NOWHERE.to_owned() } else { redis.url() };
    let workers = Workers::start(&url, service.address())?;
    let mut stage = Stage {
        shares_from_now_on: !args.alone,
        redis,
        service,
        workers,
        screen,
        started: Instant::now(),
        members: Default::default(),
        sick: false,
        calm: false,
        without_redis: args.alone,
        all_refuse: false,
        tally: Tally::default(),
        totals: Totals::default(),
    };
    stage.play()?;
    let (text, broken) = summary::of(&stage.totals);
    stage.screen.text(&text);
    if args.record && broken.is_empty() {
        summary::record(stage.screen.shown())?;
    }
    Ok(broken)
}

/// What is known of a worker.
#[derive(Debug, Default)]
struct Member {
    state: Option<String>,
    opened: Option<Instant>,
    shares: Option<bool>,
    gone: bool,
}

struct Stage {
    shares_from_now_on: bool,
    redis: Redis,
    service: Service,
    workers: Workers,
    screen: Screen,
    started: Instant,
    members: [Member; COUNT],
    sick: bool,
    /// The service is well and every circuit closed: no call has a reason not to be answered.
    calm: bool,
    without_redis: bool,
    all_refuse: bool,
    /// Since it was shown last.
    tally: Tally,
    totals: Totals,
}

impl Stage {
    fn play(&mut self) -> io::Result<()> {
        self.tell("service", "is well");
        if self.shares_from_now_on {
            self.wait("all workers share the circuit", |members| members.iter().all(|it| it.shares == Some(true)));
        }
        self.calm_down();
        self.listen(secs(1.5));

        self.fall_sick();
        self.wait_for_all("open");
        self.note_spread();
        // Long enough for one probe, which fails.
        self.listen(RECOVERY + secs(0.5));
        self.recover();
        self.listen(secs(1.0));

        self.count_probes(false);
        self.show_calls();
        if self.shares_from_now_on {
            self.redis.kill();
            self.tell("redis", "is killed, and has forgotten everything");
            self.without_redis = true;
            self.wait("all workers go on alone", |members| members.iter().all(|it| it.shares == Some(false)));
        }
        self.listen(secs(1.0));
        self.show_calls();
        self.fall_sick();
        self.wait_for_all("open");
        self.listen(secs(0.5));
        self.recover();
        self.listen(secs(1.0));
        self.show_calls();
        self.count_probes(true);

        if self.shares_from_now_on {
            self.redis.start_again()?;
            self.tell("redis", "is back, and knows nothing");
            self.wait("all workers share the circuit again", |members| {
                members.iter().all(|it| it.shares == Some(true))
            });
            self.without_redis = false;
        }
        self.listen(secs(1.0));
        self.fall_sick();
        self.wait_for_all("open");
        self.note_spread();
        self.listen(secs(0.5));
        self.recover();
        self.listen(secs(1.0));
        self.show_calls();
        self.count_probes(false);
        self.totals.sent_while_sick = self.service.sent_while_sick();
        Ok(())
    }

    fn tell(&mut self, who: &str, what: &str) {
        self.screen.event(self.started.elapsed(), who, what);
    }

    fn fall_sick(&mut self) {
        self.calm = false;
        self.members.iter_mut().for_each(|member| member.opened = None);
        self.service.set_sick(true);
        self.sick = true;
        self.tell("service", "falls sick: it answers 503");
    }

    fn recover(&mut self) {
        self.show_calls();
        self.service.set_sick(false);
        self.all_refuse = false;
        self.sick = false;
        self.tell("service", "is well");
        self.wait_for_all("closed");
        self.calm_down();
    }

    fn calm_down(&mut self) {
        self.listen(SLACK);
        self.calm = true;
    }

    fn wait_for_all(&mut self, state: &str) {
        let what = format!("all circuits are {state}");
        self.wait(&what, |members| members.iter().all(|member| member.state.as_deref() == Some(state)));
        if state == "open" {
            self.listen(SLACK);
            self.service.all_refuse();
            self.all_refuse = true;
        }
    }

    fn note_spread(&mut self) {
        let times = || self.members.iter().filter_map(|member| member.opened);
        if let (Some(first), Some(last)) = (times().min(), times().max()) {
            self.totals.spreads.push(last - first);
        }
    }

    fn count_probes(&mut self, alone: bool) {
        let (probes, most) = self.service.take_probes();
        let totals = &mut self.totals;
        let (all, at_once) = match alone {
            true => (&mut totals.probes_alone, &mut totals.most_probes_alone),
            false => (&mut totals.probes_shared, &mut totals.most_probes_shared),
        };
        *all += probes;
        *at_once = most.max(*at_once);
    }

    fn show_calls(&mut self) {
        let words = std::mem::take(&mut self.tally).words();
        self.tell("all", &words);
    }

    /// Listens until something is so.
    fn wait(&mut self, what: &str, is_so: impl Fn(&[Member; COUNT]) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_so(&self.members) {
            if Instant::now() > end {
                self.totals.missed.push(format!("{what} within {} s", PATIENCE.as_secs()));
                return;
            }
            self.hear(Duration::from_millis(20));
        }
    }

    fn listen(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let left @ 1.. = end.saturating_duration_since(Instant::now()).as_micros() {
            self.hear(Duration::from_micros(u64::try_from(left).unwrap_or(u64::MAX)));
        }
    }

    fn hear(&mut self, within: Duration) {
        let Some((number, at, said)) = self.workers.next(within) else { return };
        let who = format!("worker {number}");
        let time = at.saturating_duration_since(self.started);
        let member = &mut self.members[number - 1];
        let mut show = |what: &str| self.screen.event(time, &who, what);
        match said {
            Said::State { to, text } => {
                show(&text);
                if to == "open" {
                    member.opened = member.opened.or(Some(at));
                }
                member.state = Some(to);
            }
            Said::Shares(shares) => {
                show(if shares { "shares the circuit" } else { "goes on alone" });
                member.shares = Some(shares);
            }
            Said::Call(ended, waited) => {
                match ended {
                    Ended::Ok { probe: true } => show("probe: 200"),
                    Ended::Failed { probe: true } => show("probe: 503"),
                    Ended::Failed { probe: false } if self.all_refuse => show("503, and no probe"),
                    _ => {}
                }
                let spoiled = self.calm && !matches!(ended, Ended::Ok { .. });
                if spoiled && self.totals.spoiled < 5 {
                    show(&format!("a call without a reason to fail: {ended:?}"));
                }
                self.count(ended, waited, spoiled);
            }
            Said::Gone if !member.gone => {
                member.gone = true;
                show("is gone");
                self.totals.missed.push(format!("{who} stays"));
            }
            Said::Gone => {}
        }
    }

    fn count(&mut self, ended: Ended, waited: Duration, spoiled: bool) {
        let totals = &mut self.totals;
        self.tally.add(ended);
        totals.all.add(ended);
        totals.made_while_sick += u32::from(self.sick);
        totals.made_without_redis += u32::from(self.without_redis);
        totals.spoiled += u32::from(spoiled);
        let is_probe = matches!(ended, Ended::Ok { probe: true } | Ended::Failed { probe: true });
        // A refusal of one that would have been a probe may have waited for its permit too.
        if !is_probe && ended != Ended::Refused {
            totals.longest_wait = totals.longest_wait.max(waited);
        }
    }
}

fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}
