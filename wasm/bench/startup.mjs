// From import to the first call: milliseconds in fresh processes, beside a module in which there is nothing.
import { execFileSync } from "node:child_process";

const ours = new URL("../dist/esm/node.js", import.meta.url).href;
const empty = new URL("empty.mjs", import.meta.url).href;
const CALLS = {
  empty: [empty, ""],
  ours: [ours, `await new it.CircuitBreaker("b").execute(fn)`],
  cockatiel: [
    import.meta.resolve("cockatiel"),
    `await it.circuitBreaker(it.handleAll, { halfOpenAfter: 1000, breaker: new it.ConsecutiveBreaker(5) }).execute(fn)`,
  ],
  opossum: [import.meta.resolve("opossum"), `await new it.default(fn).fire()`],
};

/** The milliseconds of each process, by kind. */
export function startup(rounds) {
  const times = Object.fromEntries(Object.keys(CALLS).map((kind) => [kind, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [kind, [module, call]] of Object.entries(CALLS)) {
      const code = `const fn = async () => 7;
        const before = performance.now();
        const it = await import(${JSON.stringify(module)});
        ${call};
        console.log(performance.now() - before);
        process.exit(0);`;
      times[kind].push(Number(execFileSync(process.execPath, ["--input-type=module", "--eval", code], { encoding: "utf8" })));
    }
  }
  return times;
}
