// The code of the front page: each block of JavaScript runs and prints what its comments say, each of TypeScript compiles.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { after, before, test } from "node:test";
import { format } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const readme = readFileSync(join(here, "node_modules", "halfopen", "README.md"), "utf8");
const blocks = [...readme.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language, code]) => ({ language, code }));
const folder = join(here, "front-page");
const real = { fetch: globalThis.fetch, log: console.log };
let printed = [];

before(() => {
  mkdirSync(folder, { recursive: true });
  globalThis.fetch = async () => Response.json({ name: "Ada" });
});
after(() => Object.assign(globalThis, { fetch: real.fetch }));

/** What the comments behind `console.log`, and behind what makes a listener log, say. */
const promised = (code) =>
  [...code.matchAll(/^(?:console\.log\(.*\)|breaker\.trip\(\)); \/\/ (.+)$/gm)].map(([, text]) => text.trim());

test("there is something to run", () => {
  assert.deepEqual([...new Set(blocks.map(({ language }) => language))].sort(), ["js", "sh", "ts"]);
});

for (const [at, { code }] of blocks.filter(({ language }) => language === "js").entries()) {
  test(`block ${at + 1} of JavaScript prints what it says`, async () => {
    const file = join(folder, `block-${at + 1}.mjs`);
    writeFileSync(file, code);
    printed = [];
    console.log = (...args) => printed.push(format(...args));
    try {
      await import(pathToFileURL(file).href);
    } finally {
      console.log = real.log;
    }
    assert.ok(printed.length > 0);
    assert.deepEqual(printed, promised(code));
  });
}

for (const [at, { code }] of blocks.filter(({ language }) => language === "ts").entries()) {
  test(`block ${at + 1} of TypeScript compiles`, () => {
    const file = join(folder, `block-${at + 1}.ts`);
    writeFileSync(file, code);
    const tsc = join(process.env.REPOSITORY, "wasm", "node_modules", "typescript", "bin", "tsc");
    const options = ["--strict", "--noEmit", "--target", "ES2022", "--module", "ES2022", "--moduleResolution", "bundler"];
    const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, file], { encoding: "utf8" });
    assert.equal(stdout, "");
    assert.equal(status, 0);
  });
}
