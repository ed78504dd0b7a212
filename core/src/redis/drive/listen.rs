//! A thread that hears what is told on a channel.

use alloc::string::ToString;
use alloc::sync::{Arc, Weak};
use core::time::Duration;

use super::hub::Hub;
use crate::redis::connect::{Connect, Subscription};

/// After a connection that broke.
pub(super) const PAUSE: Duration = Duration::from_millis(200);
/// How soon it sees that it is over.
pub(super) const LOOK: Duration = Duration::from_millis(250);

pub(super) fn start(hub: &Arc<Hub>, connect: &Arc<dyn Connect>, channel: &str) {
    let (hub, connect, channel) = (Arc::downgrade(hub), Arc::clone(connect), channel.to_string());
    // Without a thread circuits learn of others by their polls.
    let name = "halfopen-notices".to_string();
    drop(std::thread::Builder::new().name(name).spawn(move || listen(&hub, &*connect, &channel)));
}

fn listen(hub: &Weak<Hub>, connect: &dyn Connect, channel: &str) {
    while let Some(fleet) = hub.upgrade().filter(|fleet| !fleet.is_ending()) {
        match connect.subscribe(channel) {
            Ok(Some(mut subscription)) => {
                // What was told before this is lost.
                fleet.each(|member| member.look_again());
                drop(fleet);
                hear(hub, &mut *subscription);
            }
            Ok(None) => return fleet.go_deaf(),
            Err(_) => drop(fleet),
        }
        std::thread::sleep(PAUSE);
    }
}

/// Until the connection breaks or the fleet is gone.
fn hear(hub: &Weak<Hub>, subscription: &mut dyn Subscription) {
    loop {
        let Ok(heard) = subscription.next(LOOK) else { return };
        let Some(fleet) = hub.upgrade().filter(|fleet| !fleet.is_ending()) else { return };
        if let Some(text) = heard {
            fleet.noticed(&text);
        }
    }
}
