//! Circuits of a fleet behind the layer and in a registry, here by an instance whose Redis is away.

use std::borrow::Cow;
use std::sync::Arc;

use halfopen::redis::connect::{Connect, Connection, Subscription, Trouble, TroubleKind};
use halfopen::redis::{Fleet, FleetOptions};
use halfopen::tower::CircuitBreakerLayer;
use halfopen::{CallError, CircuitBreakerRegistry, CircuitState, Config, ManualClock, RegistryConfig};
use tower_layer::Layer;

use crate::support::{RECOVERY, Script, call, ready_in};

struct Away;

impl Away {
    fn trouble<T>() -> Result<T, Trouble> {
        Err(Trouble { kind: TroubleKind::Connection, text: "away".to_owned() })
    }
}

impl Connect for Away {
    fn connect(&self) -> Result<Box<dyn Connection>, Trouble> {
        Self::trouble()
    }

    fn subscribe(&self, _: &str) -> Result<Option<Box<dyn Subscription>>, Trouble> {
        Self::trouble()
    }
}

fn fleet() -> (Arc<ManualClock>, Fleet<Arc<ManualClock>>) {
    let clock = Arc::new(ManualClock::new());
    (clock.clone(), Fleet::inline(Away, FleetOptions::new(), clock).unwrap())
}

fn config() -> Config {
    Config::new().failure_threshold(1).recovery_timeout(RECOVERY)
}

#[test]
fn a_shared_circuit_sheds_and_comes_back() {
    let (clock, fleet) = fleet();
    let circuit = Arc::new(fleet.breaker("mail", config()).unwrap());
    let script = Script::<u32, _>::new().then(1, || Err("down")).then(1, || Ok(1));
    let mut service = CircuitBreakerLayer::new(circuit.clone()).layer(script);
    assert_eq!(ready_in(1, call(&mut service, "a")), Err(CallError::Inner("down")));
    let Err(CallError::Open(refused)) = ready_in(1, call(&mut service, "a")) else { panic!("not shed") };
    assert_eq!((&*refused.operation_name, refused.state), ("mail", CircuitState::Open));
    clock.advance(RECOVERY);
    assert_eq!(ready_in(1, call(&mut service, "a")), Ok(1));
    assert_eq!(circuit.state(), CircuitState::Closed);
}

#[test]
fn a_registry_holds_the_circuits_of_a_fleet_by_the_same_calls() {
    let (_, fleet) = fleet();
    let circuits = CircuitBreakerRegistry::try_with_factory(RegistryConfig::new().defaults(config()), fleet).unwrap();
    let circuits = Arc::new(circuits);
    let script = Script::<u32, _>::new().then(1, || Err("down")).then(1, || Ok(1));
    let layer = CircuitBreakerLayer::keyed(circuits.clone(), |request: &&'static str| Some(Cow::Borrowed(*request)));
    let mut service = layer.layer(script);
    assert_eq!(ready_in(1, call(&mut service, "sick")), Err(CallError::Inner("down")));
    assert!(matches!(ready_in(1, call(&mut service, "sick")), Err(CallError::Open(_))));
    assert_eq!(ready_in(1, call(&mut service, "well")), Ok(1));
    assert_eq!(circuits.len(), 2);
    assert_eq!(circuits.retire_idle(std::time::Duration::ZERO), 1, "the one that is well");
    assert_eq!(circuits.get("sick").unwrap().state(), CircuitState::Open);
}

#[test]
fn what_a_fleet_cannot_do_is_told_when_the_registry_is_made() {
    let (_, fleet) = fleet();
    let config = RegistryConfig::new().circuit("mail", Config::new().failure_threshold(0));
    let error = CircuitBreakerRegistry::try_with_factory(config, fleet).unwrap_err();
    assert_eq!(error.to_string(), "circuit 'mail': failure_threshold is 0, must be 1 to 1023");
}
