// The tests of the tests: what is wrong must be seen to be.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fresh, HERE } from "./fresh.mjs";
import { judge } from "./judge.mjs";
import { run, runForReport } from "./process.mjs";

/** Cases that a breaker which never opens must fail, and one that it must not. */
const MUST_FAIL = ["failures open the circuit, and a refusal says when to come back", "the conformance vectors"];
const MUST_PASS = "healthy calls are let through and read no clock";
/** A runtime that a variable can hide. */
const SKIPPED = "Chromium, without a bundler";

/** The cases: each has a name and `go`, which gives its result. */
export async function harnessCases({ direct, tarball, work, folder, vectors, browser }) {
  const wrong = new Fresh(join(work, "wrong"), vectors);
  await wrong.install(tarball, neverOpen);
  return [
    ...direct.map((one) =>
      asCase(`a breaker that never opens fails in ${one.name}`, async () => {
        const { failures } = await judge(one, () => one.go({ name: one.name, fresh: wrong, browser, made: new Map() }), vectors.length);
        const names = failures.map((failure) => failure.name);
        const unnoticed = MUST_FAIL.find((name) => !names.includes(name));
        if (unnoticed !== undefined) throw new Error(`it passes '${unnoticed}'; it fails ${names.join(", ")}`);
        if (names.includes(MUST_PASS)) throw new Error(`it fails '${MUST_PASS}' too: ${failures[0].error}`);
      }),
    ),
    asCase("a program that hangs is ended, and has failed", async () => {
      const { failures } = await judge({ cases: ["any"] }, () => node("setInterval(() => {}, 1_000)", { timeoutMs: 300 }), 0);
      expectOne(failures, "ended with timeout");
    }),
    asCase("a program that ends well without a report has failed", async () => {
      const { failures } = await judge({ cases: ["any"] }, () => node("console.log('all is well')"), 0);
      expectOne(failures, "0 reports");
    }),
    asCase("a program that fails after its report has failed", async () => {
      const { failures } = await judge({ cases: ["any"] }, () => node(`${printed([{ name: "any" }])}; process.exit(3)`), 0);
      expectOne(failures, "ended with 3");
    }),
    asCase("a case that did not run has failed, and so has one that nobody expects", async () => {
      const { passed, failures } = await judge({ cases: ["one", "two"] }, () => node(printed([{ name: "one" }, { name: "three" }])), 0);
      if (passed !== 1 || failures.map(({ name }) => name).join() !== "two,three") throw new Error(JSON.stringify(failures));
    }),
    asCase("vectors that were left out have failed", async () => {
      const counts = { passed: 9, failed: 0, ignored: [], checks: 20 };
      const report = { results: [{ name: MUST_FAIL[1] }], vectors: counts };
      expectOne((await judge({ cases: [MUST_FAIL[1]] }, async () => report, 10)).failures, "9 of 10 passed");
      if ((await judge({ cases: [MUST_FAIL[1]] }, async () => report, 9)).failures.length > 0) throw new Error("all of them have failed too");
    }),
    asCase("tests of Node's that were skipped are counted, and told", async () => {
      const counts = { passed: 1, failed: 0, skipped: 2 };
      const { passed, skipped, note } = await judge({ cases: [] }, async () => ({ results: [], counts }), 0);
      if (passed !== 1 || skipped !== 2 || note !== "2 SKIPPED") throw new Error(JSON.stringify({ passed, skipped, note }));
    }),
    asCase("a runtime that cannot be had is skipped by its name, and that fails", async () => {
      const args = ["--tarball", tarball, "--vectors", folder, "--work", join(work, "skipped"), "--only", SKIPPED, "--only", "Node, import"];
      const options = { env: { CHROMIUM: join(work, "nowhere") } };
      const { code, output } = await run("node", [join(HERE, "run.mjs"), ...args], options);
      const last = output.trimEnd().split("\n").at(-1);
      const isSo = code === 1 && output.includes(`SKIPPED  ${SKIPPED}:`) && / passed, 1 failed, 1 skipped$/.test(last);
      if (!isSo) throw new Error(`it ended with ${code}:\n${output}`);
    }),
    asCase("a program that is ended takes its children with it", async () => {
      const { output } = await run("sh", ["-c", "sleep 60 & echo $!; wait"], { timeoutMs: 300 });
      const child = Number.parseInt(output, 10);
      for (let wait = 0; wait < 100 && isAlive(child); wait++) await new Promise((done) => setTimeout(done, 20));
      if (isAlive(child)) throw new Error(`process ${child} lives`);
    }),
  ];
}

function asCase(name, go) {
  return { name, go: () => go().then(() => ({ name }), (error) => ({ name, error: String(error.stack ?? error) })) };
}

/** The files of a package in which the breaker is: that of each module system, and Node's. */
const COPIES = 3;

/** Makes the package in `folder` take every failure for a success. */
function neverOpen(folder) {
  const dist = join(folder, "dist");
  let copies = 0;
  for (const name of readdirSync(dist, { recursive: true }).filter((name) => name.endsWith(".js"))) {
    const file = join(dist, name);
    const text = readFileSync(file, "utf8");
    const changed = text.replace(/(#(?:record|settle)\([^)]*outcome[^)]*\) \{)/g, "$1\n        if (outcome === 1) outcome = 0;");
    if (changed === text) continue;
    if (changed.split("outcome = 0").length !== 3) throw new Error(`${file} has changed: it is to be made wrong in two places`);
    writeFileSync(file, changed);
    copies += 1;
  }
  if (copies !== COPIES) throw new Error(`the breaker is in ${copies} files, not in ${COPIES}`);
}

function node(program, options) {
  return runForReport("node", ["-e", program], options);
}

function printed(results) {
  return `console.log('REPORT ' + ${JSON.stringify(JSON.stringify({ results }))})`;
}

function expectOne(failures, text) {
  if (failures.length !== 1 || !failures[0].error.includes(text)) throw new Error(`expected '${text}', found ${JSON.stringify(failures)}`);
}

/** Whether it runs; a zombie, which waits for its parent to notice, does not. */
function isAlive(process) {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${process}/status`, "utf8"));
  } catch {
    return false;
  }
}
