//! Orders of people or of the application, in force here before the fleet has heard of them.

use super::{Ahead, Circuit, Why};
use crate::redis::wire::{Operation, Order};
use crate::transition::Reason;

impl Circuit {
    /// Gives an order to the whole fleet. It is in force here at once, and elsewhere when Redis has heard of it.
    pub fn order(&mut self, now: u64, operation: Operation) {
        self.tick(now);
        self.used = true;
        let (failures, successes) = (self.failure_count(), self.view.successes);
        let reason = match &operation {
            Operation::Force(Some(Order::Open), _) => Reason::Isolated,
            Operation::Force(Some(Order::Closed), _) => Reason::Disabled,
            Operation::Trip { .. } => Reason::Tripped,
            _ => Reason::Reset,
        };
        match &operation {
            Operation::Force(order, _) => {
                self.view.forced = *order;
                self.forget_own();
                if order.is_none() {
                    self.begin_closed();
                }
            }
            Operation::Reset => {
                self.view.forced = None;
                self.begin_closed();
            }
            // It waits anew even where it is OPEN already.
            Operation::Trip { .. } if self.view.forced.is_none() => {
                self.ahead = Some(Ahead { since: now, why: Why::Ordered });
                self.forget_own();
            }
            _ => return,
        }
        self.orders.push_back(operation);
        self.tell_of(reason, failures, successes);
    }
}
