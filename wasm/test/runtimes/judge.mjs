// What is made of a runtime's report: a case counts as passed only where the report says so, once.

/** How many of the vectors may be ignored, in percent, because a package for JavaScript lacks what they are about. */
const MOST_IGNORED_PERCENT = 2;
const OUTPUT_LINES = 60;

/**
 * Gets the report by `go` and compares it with the cases that must be in it; `vectors` is how many conformance vectors there
 * are. Gives `{ passed, failures: [{ name, error }], skipped, output, note }`.
 */
export async function judge({ cases }, go, vectors) {
  let report;
  try {
    report = await go();
  } catch (error) {
    const failures = [{ name: "it gives a report", error: String(error.stack ?? error) }];
    return { passed: 0, failures, skipped: 0, output: error.output ?? "", note: "" };
  }
  const failures = [];
  let passed = report.counts?.passed ?? 0;
  for (let at = 1; at <= (report.counts?.failed ?? 0); at++) failures.push({ name: `test ${at} of those that failed`, error: "see below" });
  for (const name of cases) {
    const found = report.results.filter((result) => result.name === name);
    const error = found.length === 1 ? found[0].error : `it is ${found.length} times in the report`;
    if (error === undefined) passed += 1;
    else failures.push({ name, error });
  }
  for (const { name } of report.results) {
    if (!cases.includes(name)) failures.push({ name, error: "nobody expects this case" });
  }
  const skipped = report.counts?.skipped ?? 0;
  let note = skipped > 0 ? `${skipped} SKIPPED` : "";
  if (cases.includes(VECTORS)) {
    const { passed: good, failed, ignored, checks } = report.vectors ?? { passed: 0, failed: 0, ignored: [], checks: 0 };
    note = `${good} vectors`;
    const complete = good + failed + ignored.length === vectors && checks > good;
    if (!complete || ignored.length * 100 > vectors * MOST_IGNORED_PERCENT) {
      failures.push({ name: VECTORS, error: `${good} of ${vectors} passed, ${ignored.length} were ignored, in ${checks} checks` });
    }
  }
  return { passed, failures, skipped, output: report.output ?? "", note };
}

const VECTORS = "the conformance vectors";

/** Prints a line for a run; for one that failed, also which cases, why, and what the runtime printed last. */
export function printRun(name, { passed, failures, output, note }, millis) {
  const time = `${(millis / 1_000).toFixed(1)} s`;
  if (failures.length === 0) {
    console.log(`  ok       ${name.padEnd(60)} ${String(passed).padStart(4)} passed ${time.padStart(7)}  ${note}`);
    return;
  }
  const lines = [`  FAIL     ${name}: ${passed} passed, ${failures.length} failed, ${time}`];
  for (const failure of failures) lines.push(`    ${failure.name}: ${indented(failure.error)}`);
  const said = output.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("REPORT "));
  if (said.length > 0) lines.push("    what it printed, at most the last lines:", ...said.slice(-OUTPUT_LINES).map((line) => `      ${line}`));
  console.log(lines.join("\n"));
}

function indented(text) {
  return text.trimEnd().replaceAll("\n", "\n      ");
}
