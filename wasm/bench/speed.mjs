// Nanoseconds of a call: every subject once in each round, so that what disturbs the machine disturbs all of them alike.
import { cockatiels, LEAN, opossums, ours, windows } from "./peers.mjs";

// (module (func (export "same") (param i32) (result i32) local.get 0))
const SAME = "AGFzbQEAAAABBgFgAX8BfwMCAQAHCAEEc2FtZQAACgYBBAAgAAs=";
const { same } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(SAME, "base64"))).exports;

/** Subjects whose loop is a function of its own, which the engine compiles for it alone. */
const loop = (body, names) => new Function(...Object.keys(names), `return ${body}`)(...Object.values(names));
const awaiting = (call, names) =>
  loop(`async (calls) => { for (let i = 0; i < calls; i++) await ${call}; }`, { fn: async () => 7, ...names });
const refused = (call, names) =>
  loop(
    `async (calls) => { let no = 0; for (let i = 0; i < calls; i++) try { await ${call} } catch { no++ } if (no !== calls) throw new Error("it was let through"); }`,
    { fn: async () => 7, ...names },
  );
const calling = (call, names) =>
  loop(`(calls) => { let sum = 0; for (let i = 0; i < calls; i++) sum += ${call}; return sum; }`, names);

const pair = (b) => calling(`(b.allowRequest(), b.recordSuccess().length)`, { b });
const permit = (b) => calling(`b.tryAcquire().success().length`, { b });

async function opened() {
  const [b, c, o] = [ours(), cockatiels(), opossums(async () => 7)];
  b.trip();
  for (let i = 0; i < 5; i++) await c.execute(() => Promise.reject(new Error("broken"))).catch(() => {});
  o.open();
  return { b, c, o };
}

async function subjects() {
  const { b, c, o } = await opened();
  return {
    "u32 export": calling("same(i)", { same }),
    "performance.now": calling("performance.now()", {}),
    "Date.now": calling("Date.now()", {}),
    "bare await": awaiting("fn()", {}),
    "execute ours": awaiting("b.execute(fn)", { b: ours() }),
    "execute cockatiel": awaiting("b.execute(fn)", { b: cockatiels() }),
    "execute opossum": awaiting("b.fire()", { b: opossums(async () => 7) }),
    "execute opossum lean": awaiting("b.fire()", { b: opossums(async () => 7, LEAN) }),
    "execute ours count": awaiting("b.execute(fn)", { b: ours(windows.ours.count) }),
    "execute cockatiel count": awaiting("b.execute(fn)", { b: cockatiels(windows.cockatiel.count()) }),
    "execute ours time": awaiting("b.execute(fn)", { b: ours(windows.ours.time) }),
    "execute cockatiel time": awaiting("b.execute(fn)", { b: cockatiels(windows.cockatiel.time()) }),
    "pair": pair(ours()),
    "pair count": pair(ours(windows.ours.count)),
    "pair time": pair(ours(windows.ours.time)),
    "permit": permit(ours()),
    "permit count": permit(ours(windows.ours.count)),
    "permit time": permit(ours(windows.ours.time)),
    "refused allowRequest": calling("+b.allowRequest()", { b }),
    "refused tryAcquire": calling("+(b.tryAcquire() === null)", { b }),
    "refused ours": refused("b.execute(fn)", { b }),
    "refused cockatiel": refused("b.execute(fn)", { b: c }),
    "refused opossum": refused("b.fire()", { b: o }),
  };
}

/** How often a subject is called in a round: about so many milliseconds long. */
const ROUND_MS = 8;

/** The rounds of each subject, in nanoseconds a call. */
export async function speed(rounds) {
  const all = await subjects();
  const times = Object.fromEntries(Object.keys(all).map((name) => [name, []]));
  const calls = {};
  for (const [name, run] of Object.entries(all)) {
    for (let i = 0; i < 3; i++) await run(20_000);
    calls[name] = Math.max(1_000, Math.round((ROUND_MS * 1e6) / (await timed(run, 20_000))));
  }
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(all)) times[name].push(await timed(run, calls[name]));
    // What a call of opossum leaves in its buckets is not to be collected in the round of another.
    globalThis.gc?.({ type: "minor" });
  }
  return times;
}

async function timed(run, calls) {
  const before = process.hrtime.bigint();
  await run(calls);
  return Number(process.hrtime.bigint() - before) / calls;
}
