// Tests the packed package in every runtime of the list, some at once; then sees that the tests can fail.
//
//   node run.mjs --tarball FILE --vectors FOLDER --work FOLDER [--only NAME]... [--without NAME]...
//
// Fails when a case fails, when a report is not complete, and when fewer runtimes ran than the list has; --without says that
// one is to be left out. The last line is `N passed, N failed, N skipped`: cases, and runtimes that could not be had.
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Browser } from "./browser.mjs";
import { Fresh, readAll } from "./fresh.mjs";
import { harnessCases } from "./harness.mjs";
import { judge, printRun } from "./judge.mjs";
import { LIST, RUNS } from "./list.mjs";
import { CASES } from "./suite.mjs";

const text = { type: "string" };
const { values } = parseArgs({
  options: { tarball: text, vectors: text, work: text, only: { ...text, multiple: true }, without: { ...text, multiple: true } },
});
const [tarball, work] = [resolve(values.tarball), resolve(values.work)];
const vectors = readAll(values.vectors);
const vectorsFolder = resolve(values.vectors);
const browser = new Browser();
let [passed, failed, ran, skipped] = [0, 0, 0, 0];

for (const name of [...(values.only ?? []), ...(values.without ?? [])]) {
  if (!LIST.some((one) => one.name === name)) wrongUsage(`there is no '${name}', but ${LIST.map((one) => `'${one.name}'`).join(", ")}`);
}
const chosen = LIST.filter(({ name }) => (values.only?.includes(name) ?? true) && !values.without?.includes(name));
const asked = chosen.length < LIST.length ? chosen.length : RUNS;

console.log("==> npm: installing the tarball into fresh folders");
const fresh = new Fresh(join(work, "right"), vectors);
await fresh.install(tarball);
console.log(`==> npm: the suite of ${Object.keys(CASES).length} cases, ${vectors.length} vectors in one of them, in ${chosen.length} ways`);
try {
  const made = new Map();
  await inParallel(chosen, async (one) => {
    const lacking = one.lacks();
    if (lacking !== undefined) {
      skipped += 1;
      console.log(`  SKIPPED  ${one.name}: ${lacking}`);
      return;
    }
    const start = performance.now();
    const judged = await judge(one, () => one.go({ name: one.name, fresh, browser, made, vectors: vectorsFolder }), vectors.length);
    ran += 1;
    count(judged);
    printRun(one.name, judged, performance.now() - start);
  });
  if (!values.only) {
    console.log("==> npm: whether the tests can fail");
    const direct = chosen.filter((one) => one.direct && one.lacks() === undefined);
    await inParallel(await harnessCases({ direct, tarball, work, folder: vectorsFolder, vectors, browser }), async ({ name, go }) => {
      const start = performance.now();
      const judged = await judge({ name, cases: [name] }, async () => ({ results: [await go()] }), 0);
      count(judged);
      printRun(name, judged, performance.now() - start);
    });
  }
} finally {
  await browser.close();
}
if (ran !== asked) {
  failed += 1;
  console.log(`  FAIL     ${ran} of ${asked} runtimes ran`);
} else {
  console.log(`  ${ran} of ${asked} runtimes ran`);
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

function count(judged) {
  passed += judged.passed;
  failed += judged.failures.length;
  skipped += judged.skipped;
}

/** Calls `run` with each, as many at once as there are cores, and one more: all of them wait now and then. */
async function inParallel(all, run) {
  const left = [...all];
  const work = async () => {
    for (let one; (one = left.shift()) !== undefined; ) await run(one);
  };
  await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));
}

function wrongUsage(why) {
  console.error(`run.mjs: ${why}`);
  process.exit(2);
}
