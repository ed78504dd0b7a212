// The code of both front pages and of the guide: each block of JavaScript and TypeScript runs and prints what its comments say, and
// those of TypeScript compile, strictly.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { after, before, describe, test } from "node:test";
import { format } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(here, "pages");
const guide = join(process.env.REPOSITORY, "docs", "guide", "src");
const real = { fetch: globalThis.fetch, log: console.log, warn: console.warn };

/** The blocks of a page that run, each with the file that it is written to. */
const blocksOf = (file, name) =>
  [...readFileSync(file, "utf8").matchAll(/^```(js|ts)\n([^]*?)^```$/gm)].map(([, language, code], at) => ({
    language,
    code,
    source: join(folder, `${name}-${at + 1}.${language === "ts" ? "mts" : "mjs"}`),
  }));
const pages = [
  { name: "front-page", file: join(process.env.REPOSITORY, "README.md") },
  { name: "package", file: join(here, "node_modules", "halfopen", "README.md") },
  ...readdirSync(guide).filter((name) => name.endsWith(".md")).map((name) => ({ name: basename(name, ".md"), file: join(guide, name) })),
].map(({ name, file }) => ({ name, blocks: blocksOf(file, name) })).filter(({ blocks }) => blocks.length > 0);

/** What the comments behind `console.log`, and behind what makes a listener log, say. */
const promised = (code) =>
  [...code.matchAll(/^(?:console\.log\(.*\)|breaker\.trip\(\)|for .*); \/\/ (.+)$/gm)].map(([, text]) => text.trim());

let complaints = "";

before(() => {
  mkdirSync(folder, { recursive: true });
  for (const { source, code } of pages.flatMap(({ blocks }) => blocks)) writeFileSync(source, code);
  complaints = compile(pages.flatMap(({ blocks }) => blocks.filter(({ language }) => language === "ts").map(({ source }) => source)));
  globalThis.fetch = async () => Response.json({ name: "Ada" });
});
after(() => Object.assign(globalThis, { fetch: real.fetch }));

/** Compiles all files in one go, for that takes most of the time; the modules lie beside them. Gives what is wrong. */
function compile(files) {
  const tsc = join(process.env.REPOSITORY, "wasm", "node_modules", "typescript", "bin", "tsc");
  const options = ["--strict", "--pretty", "false", "--target", "ES2022", "--module", "NodeNext", "--moduleResolution", "NodeNext"];
  return spawnSync(process.execPath, [tsc, ...options, ...files.map((file) => basename(file))], { cwd: folder, encoding: "utf8" }).stdout;
}

/** Runs a module; gives what it prints. */
async function run(file) {
  const printed = [];
  console.log = (...args) => printed.push(format(...args));
  try {
    await import(pathToFileURL(file).href);
  } finally {
    Object.assign(console, { log: real.log, warn: real.warn });
  }
  return printed;
}

test("there is something to run", () => {
  const languages = (name) => new Set(pages.find((page) => page.name === name)?.blocks.map(({ language }) => language));
  assert.deepEqual(languages("front-page"), new Set(["js"]));
  assert.deepEqual(languages("package"), new Set(["js", "ts"]));
  assert.deepEqual(languages("testing"), new Set(["ts"]));
  assert.deepEqual(languages("migration-opossum"), new Set(["js"]));
});

for (const { name, blocks } of pages) {
  describe(name, () => {
    for (const [at, { language, code, source }] of blocks.entries()) {
      test(`block ${at + 1} of ${language} ${language === "ts" ? "compiles and " : ""}prints what it says`, async () => {
        assert.deepEqual(complaints.split("\n").filter((line) => line.startsWith(`${basename(source)}(`)), []);
        const printed = await run(source.replace(/\.mts$/, ".mjs"));
        assert.deepEqual(printed, promised(code));
        assert.ok(language === "ts" || printed.length > 0);
      });
    }
  });
}

test("the Worker of the package's page opens in a second outage too, and writes once for each change", async (t) => {
  const { source } = pages.find(({ name }) => name === "package").blocks.find(({ code }) => code.includes("kvStorage("));
  const { default: worker } = await import(pathToFileURL(source.replace(/\.mts$/, ".mjs")).href);
  const stored = globalThis.fetch;
  t.after(() => Object.assign(globalThis, { fetch: stored }));
  let [status, sent, now] = [500, 0, 0];
  t.mock.method(performance, "now", () => now);
  globalThis.fetch = async () => (sent++, await null, new Response(null, { status }));
  const kept = [];
  const KV = { get: async () => kept.at(-1) ?? null, put: async (_, text) => void kept.push(text) };
  const requests = async (count) => {
    sent = 0;
    const waited = [];
    const context = { waitUntil: (promise) => waited.push(promise) };
    await Promise.allSettled(Array.from({ length: count }, () => worker.fetch(new Request("http://localhost/"), { KV }, context)));
    await Promise.all(waited);
    return sent;
  };
  // The first of them loads, and the others do not wait for that.
  assert.equal(await requests(1), 1);
  await requests(20);
  assert.deepEqual(kept.map((text) => JSON.parse(text).state), ["open"]);
  assert.equal(await requests(9), 0);
  [status, now] = [200, 30_000];
  assert.equal(await requests(1), 1);
  assert.equal(JSON.parse(kept.at(-1)).state, "closed");
  status = 500;
  let second = 0;
  for (let call = 0; call < 50; call++) second += await requests(1);
  assert.deepEqual([second, JSON.parse(kept.at(-1)).state], [5, "open"]);
});

test("the compiler says nothing of anything else", () => assert.equal(complaints, ""));
