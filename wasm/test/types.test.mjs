// The types, as users with --strict see them: a use of types/surface.ts that should be an error and is none, is one.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

const tsc = join(process.env.REPOSITORY, "wasm", "node_modules", "typescript", "bin", "tsc");
const strict = ["--strict", "--noEmit", "--exactOptionalPropertyTypes", "--target", "ES2022"];

for (const [module, resolution] of [["NodeNext", "NodeNext"], ["ES2022", "bundler"]]) {
  test(`right uses compile and wrong ones do not, with ${resolution}`, () => {
    const options = [...strict, "--module", module, "--moduleResolution", resolution, "--listFiles"];
    const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, "types/surface.ts"], { encoding: "utf8" });
    assert.deepEqual(stdout.split("\n").filter((line) => /error TS/.test(line)), []);
    assert.equal(status, 0);
    assert.match(stdout, /esm\/core\.d\.ts\n/);
  });
}
