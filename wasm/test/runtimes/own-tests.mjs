// The package's tests in wasm/test, which need Node: its test runner, a collection of garbage on demand.
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { HERE } from "./fresh.mjs";
import { run } from "./process.mjs";

/** The run of the list; its report has `counts` in the place of results. */
export const OWN_TESTS = {
  name: "Node, the tests in wasm/test",
  async go({ fresh, name, vectors }) {
    const folder = fresh.folder(name);
    const tests = join(HERE, "..");
    cpSync(tests, folder, { recursive: true, filter: (file) => !file.startsWith(HERE.replace(/[\\/]$/, "")) });
    for (const peer of ["cockatiel", "opossum"]) {
      cpSync(join(tests, "..", "bench", "node_modules", peer), join(folder, "node_modules", peer), { recursive: true });
    }
    const files = readdirSync(tests, { recursive: true }).filter((file) => /\.test\.[mc]?js$/.test(file) && !file.startsWith(`runtimes${sep}`));
    const args = [
      ...["--expose-gc", "--test", "--test-reporter=spec", "--test-reporter-destination=stdout"],
      ...["--test-reporter=tap", "--test-reporter-destination=report.tap", ...files.filter((file) => file.includes(".test."))],
    ];
    const { code, output } = await run("node", args, { cwd: folder, env: { VECTORS: join(vectors, "/"), REPOSITORY: join(tests, "..", "..") }, timeoutMs: 300_000 });
    const report = readFileSync(join(folder, "report.tap"), "utf8");
    const count = (word) => Number(report.match(new RegExp(`^# ${word} (\\d+)$`, "m"))?.[1] ?? 0);
    const [passed, failed, skipped] = [count("pass"), count("fail"), count("skipped")];
    if (code === 0 && failed === 0 && passed > 0) return { results: [], counts: { passed, failed, skipped } };
    return { results: [], counts: { passed, failed: Math.max(failed, 1), skipped }, output };
  },
};
