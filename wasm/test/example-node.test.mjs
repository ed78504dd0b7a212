// examples/node, as a user runs it, with the package that is tested.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

test("examples/node shows what its README says", () => {
  const files = ["main.js", "server.js", "timeline.js", "package.json"];
  for (const file of files) cpSync(join(process.env.REPOSITORY, "examples", "node", file), join("example-node", file));
  const { status, stdout, stderr } = spawnSync(process.execPath, ["main.js"], { cwd: "example-node", encoding: "utf8", timeout: 60_000 });
  assert.deepEqual([status, stderr], [0, ""], stdout);
  assert.match(stdout, />>> flaky: closed -> open \(consecutive_failures\)\n/);
  assert.match(stdout, /^steady: 80 calls, 80 ok; 80 requests reached it$/m);
  // Three times as long as the circuit stays open by itself, by Retry-After.
  const waits = [...stdout.matchAll(/again in (\d+) ms/g)].map(([, ms]) => Number(ms));
  assert.ok(waits[0] <= 300 && Math.max(...waits) > 600 && Math.max(...waits) <= 1_000, stdout);

  const readme = readFileSync(join(process.env.REPOSITORY, "examples", "node", "README.md"), "utf8");
  const steady = (text) => [...text.matchAll(/^.*(---|>>> flaky: closed|steady:).*$/gm)].map(([line]) => line.replace(/^ *[\d.]+ s/, ""));
  assert.deepEqual(steady(readme), steady(stdout));
});
