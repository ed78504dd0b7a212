// Many circuits by name, by a manual clock.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CircuitBreakerRegistry, ManualClock } from "halfopen";

/** A registry whose circuits open at the first failure, and its clock. */
function setUp(options = {}, config = { failureThreshold: 1 }) {
  const clock = new ManualClock(1_000);
  return { clock, registry: new CircuitBreakerRegistry(config, { clock, ...options }) };
}

const names = (registry) => [...registry].map(([name]) => name);

describe("a registry", () => {
  test("makes a breaker when it is asked for, and gives the same one again", () => {
    const { registry } = setUp();
    const one = registry.get("one");
    assert.equal(one.operationName, "one");
    assert.equal(registry.get("one"), one);
    assert.notEqual(registry.get("two"), one);
    assert.deepEqual([registry.has("one"), registry.has("three"), registry.size], [true, false, 2]);
    one.recordFailure();
    assert.deepEqual([one.state, registry.get("two").state], ["open", "closed"]);
    assert.deepEqual([...registry], [["two", registry.get("two")], ["one", registry.get("one")]].reverse());
  });

  test("configures each by its name, where a function does", () => {
    const { registry } = setUp({}, (name) => ({ failureThreshold: name.length }));
    for (const name of ["a", "abc"]) {
      for (const _ of name) registry.get(name).recordFailure();
      assert.deepEqual([registry.get(name).state, registry.get(name).failureCount], ["open", name.length]);
    }
    assert.throws(() => registry.get(""), new RangeError("failure_threshold is 0, must be 1 to 1023"));
    assert.equal(registry.has(""), false);
  });

  test("makes another one where somebody has freed its own, and is not spoilt by that", () => {
    const { registry } = setUp({ maxSize: 2 });
    const one = registry.get("one");
    one.recordFailure();
    one.free();
    assert.notEqual(registry.get("one"), one);
    assert.equal(registry.get("one").failureCount, 0);
    registry.get("two").recordFailure();
    registry.get("one").free();
    assert.deepEqual([Object.keys(registry.snapshots()), [...registry].map(([name]) => name)], [["two"], ["two"]]);
    assert.equal(registry.get("three").state, "closed");
    registry.get("three").free();
    assert.deepEqual([registry.retireIdle(0), registry.size], [1, 1]);
  });

  test("tells what is wrong with its configuration at once", () => {
    assert.throws(() => setUp({}, { failureThreshold: 0 }), new RangeError("failure_threshold is 0, must be 1 to 1023"));
    assert.throws(() => setUp({}, { failureTreshold: 1 }), /^TypeError: unknown field `failureTreshold`/);
    for (const maxSize of [0, 2.5, NaN, Infinity]) {
      assert.throws(() => setUp({ maxSize }), new RangeError(`maxSize is ${maxSize}, must be a whole number, 1 or more`));
    }
    assert.throws(() => setUp().registry.retireIdle(NaN), new RangeError("olderThanMs is NaN, must be 0 or more"));
  });

  test("that is full leaves out the idle one that was asked for longest ago", () => {
    const { registry } = setUp({ maxSize: 3 });
    const [open, old] = ["open", "old", "young"].map((name) => registry.get(name));
    open.recordFailure();
    registry.get("young");
    registry.get("new");
    assert.deepEqual(names(registry), ["open", "young", "new"]);
    assert.equal(old.allowRequest(), true, "who holds it may use it");
    registry.get("young");
    registry.get("newer");
    assert.deepEqual(names(registry), ["open", "young", "newer"]);
  });

  test("that is full leaves out none for one that cannot be made", () => {
    const configure = (name) => (name === "wrong" ? { failureThreshold: 0 } : {});
    const registry = new CircuitBreakerRegistry(configure, { maxSize: 2 });
    for (const name of ["one", "two"]) registry.get(name);
    assert.throws(() => registry.get("wrong"), RangeError);
    assert.deepEqual(names(registry), ["one", "two"]);
  });

  test("that is full of circuits in use refuses another one, and works on", () => {
    const uses = {
      counted: (breaker) => breaker.recordFailure(),
      open: (breaker) => breaker.trip(),
      isolated: (breaker) => breaker.isolate(),
      disabled: (breaker) => breaker.disable(),
    };
    const { registry, clock } = setUp({ maxSize: 4 }, { failureThreshold: 2 });
    for (const [name, use] of Object.entries(uses)) use(registry.get(name));
    clock.advance(40_000); // half open is in use, too
    const full = new RangeError("no place for circuit 'more': all 4 of the registry are in use, see maxSize");
    assert.throws(() => registry.get("more"), full);
    assert.deepEqual(names(registry), Object.keys(uses));
    registry.get("counted").recordSuccess();
    assert.equal(registry.get("more").state, "closed");
    assert.equal(registry.has("counted"), false);
  });

  test("never outgrows its size", () => {
    const { registry } = setUp({ maxSize: 10 });
    for (let at = 0; at < 1_000; at++) registry.get(`host ${at}`);
    assert.deepEqual(names(registry), Array.from({ length: 10 }, (_, at) => `host ${990 + at}`));
  });

  test("retires what nobody asked for, but nothing that is in use or ramps up", () => {
    const { registry, clock } = setUp({}, (name) => ({ failureThreshold: 1, ...(name === "ramping" && { rampUpSeconds: 100 }) }));
    for (const name of ["idle", "open", "ramping", "looked at"]) registry.get(name);
    registry.get("open").recordFailure();
    registry.get("ramping").recordFailure();
    clock.advance(30_000);
    registry.get("ramping").acquire().success();
    clock.advance(4_999);
    registry.get("young");
    assert.ok(registry.has("looked at") && names(registry).includes("looked at"));
    assert.equal(registry.retireIdle(35_000), 0);
    clock.advance(1);
    assert.equal(registry.retireIdle(35_000), 2);
    assert.deepEqual(names(registry), ["open", "ramping", "young"]);
    assert.equal(registry.retireIdle(5_000), 0);
    clock.advance(100_000);
    registry.get("young");
    assert.equal(registry.retireIdle(1), 1);
    assert.deepEqual(names(registry), ["open", "young"]);
    registry.get("another");
    assert.equal(registry.retireIdle(0), 2);
    assert.deepEqual(names(registry), ["open"]);
  });

  test("whose clock went back retires nothing before its time", () => {
    const { registry, clock } = setUp();
    registry.get("one");
    clock.set(0);
    assert.equal(registry.retireIdle(500), 0);
    clock.advance(499);
    assert.equal(registry.retireIdle(500), 0);
    clock.advance(1);
    assert.equal(registry.retireIdle(500), 1);
  });

  test("tells the transitions of all its circuits, older and newer ones, until the listener leaves", () => {
    const { registry } = setUp();
    registry.get("older");
    const told = [];
    const leave = registry.onStateChange(({ operationName, to }) => told.push([operationName, to]));
    const leaveToo = registry.onStateChange(() => told.push("second"));
    leaveToo();
    registry.get("older").recordFailure();
    registry.get("newer").recordFailure();
    leave();
    registry.get("newer").reset();
    assert.deepEqual(told, [["older", "open"], ["newer", "open"]]);
  });

  test("tells nothing of one that was left out, which another one of its name has replaced", () => {
    const { registry, clock } = setUp({ maxSize: 2 });
    const told = [];
    const held = [registry.get("deleted"), registry.get("retired")];
    registry.onStateChange(({ operationName, from, to }) => told.push([operationName, from, to]));
    registry.delete("deleted");
    clock.advance(10);
    registry.retireIdle(10);
    held.push(registry.get("displaced"));
    registry.get("one");
    registry.get("two");
    for (const breaker of held) breaker.trip();
    registry.get("one").trip();
    assert.deepEqual(told, [["one", "closed", "open"]]);
  });

  test("gives snapshots, and takes them over, whatever the names are", () => {
    const { registry } = setUp();
    for (const name of ["one", "__proto__", "constructor"]) registry.get(name).recordFailure();
    registry.get("well");
    const text = JSON.stringify(registry.snapshots());
    for (const snapshots of [text, JSON.parse(text)]) {
      const { registry: other, clock } = setUp();
      other.restore(snapshots);
      assert.deepEqual(names(other), ["one", "__proto__", "constructor", "well"]);
      clock.advance(29_999);
      assert.deepEqual([...other].map(([, { state }]) => state), ["open", "open", "open", "closed"]);
    }
  });

  test("takes over what it can, and tells what it cannot", () => {
    const { registry } = setUp();
    registry.get("bad").recordFailure();
    registry.get("good").recordFailure();
    const snapshots = registry.snapshots();
    const { registry: other } = setUp({ maxSize: 2 });
    other.get("here").trip();
    const damaged = { bad: { ...snapshots.bad, state: "ajar" }, good: snapshots.good, more: snapshots.good, here: 5 };
    const error = (() => { try { other.restore(damaged); } catch (caught) { return caught; } })();
    assert.ok(error instanceof AggregateError);
    assert.deepEqual(error.errors.map(({ message }) => message), [
      "circuit 'bad': snapshot is damaged: state is missing or has a value that no breaker can have",
      "circuit 'more': no place for circuit 'more': all 2 of the registry are in use, see maxSize",
      "circuit 'here': snapshot version is undefined, must be 1",
    ]);
    assert.deepEqual([...other].map(([name, { state }]) => [name, state]), [["good", "open"], ["here", "open"]]);
    const { registry: empty } = setUp();
    assert.throws(() => empty.restore({ bad: damaged.bad }), AggregateError);
    assert.equal(empty.has("bad"), false);
    for (const odd of ["null", "[]", "5", null, undefined]) assert.throws(() => other.restore(odd), TypeError);
    assert.throws(() => other.restore("{"), SyntaxError);
  });

  test("forgets one that is deleted, and frees all it has", () => {
    const { registry } = setUp();
    const [one, two] = [registry.get("one"), registry.get("two")];
    one.recordFailure();
    assert.deepEqual([registry.delete("one"), registry.delete("one")], [true, false]);
    assert.equal(registry.get("one").state, "closed");
    registry[Symbol.dispose ?? Symbol.for("Symbol.dispose")]();
    assert.equal(registry.size, 0);
    assert.throws(() => two.state, new Error("circuit 'two' was freed"));
    assert.equal(one.state, "open");
    assert.equal(registry.get("two").state, "closed");
  });
});
