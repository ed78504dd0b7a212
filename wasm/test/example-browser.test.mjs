// examples/browser, in Chromium: a script that the test's server adds to the page presses its buttons and reports.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { test } from "node:test";

const chromium = ["chromium", "chromium-browser", "google-chrome"].find((name) => spawnSync(name, ["--version"]).status === 0);
const quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

test("examples/browser shows what its README says", { skip: !chromium && "no Chromium is installed", timeout: 60_000 }, async () => {
  const page = join(process.env.REPOSITORY, "examples", "browser");
  const packages = realpathSync("node_modules");
  let report;
  const reported = new Promise((resolve) => (report = resolve));
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (request.method === "POST") {
      report(JSON.parse((await request.toArray()).join("")));
      return response.end();
    }
    const file = pathname === "/" ? "/index.html" : pathname;
    const path = file.startsWith("/node_modules/") ? join(packages, file.slice(13)) : join(page, file);
    const csp = "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'";
    response.writeHead(200, { "content-type": types[extname(path)] ?? "text/plain", "content-security-policy": csp });
    response.end(readFileSync(path, "utf8").replace("</body>", `<script type="module">(${drive})();</script></body>`));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const profile = mkdtempSync(join(tmpdir(), "halfopen-browser-"));
  const address = `http://127.0.0.1:${server.address().port}/`;
  const browser = spawn(chromium, [...quiet, `--user-data-dir=${profile}`, address], { stdio: "ignore", detached: true });
  const gone = new Promise((done) => browser.once("exit", done));
  try {
    const { errors, seen } = await reported;
    assert.deepEqual(errors, []);
    assert.deepEqual(seen, [
      "closed", // something was answered
      "open", // the service was made sick
      "open", // the page was loaded again
      "closed", // the service is well
      "open to half_open: recovery timeout; half_open to closed: probes succeeded",
      "isolated, not before a reset",
      "closed",
    ]);
  } finally {
    // With the processes that it started, which write to its profile until they end.
    process.kill(-browser.pid, "SIGKILL");
    await gone;
    server.closeAllConnections();
    server.close();
    const removed = () => rm(profile, { recursive: true, force: true }).then(() => true, () => false);
    for (let turns = 0; turns < 20 && !(await removed()); turns++) await new Promise((done) => setTimeout(done, 100));
  }
});

/** Runs in the page, before and after it is loaded again. */
async function drive() {
  const text = (id) => document.getElementById(id).textContent;
  const press = (id) => document.getElementById(id).click();
  const errors = JSON.parse(sessionStorage.errors ?? "[]");
  const seen = JSON.parse(sessionStorage.seen ?? "[]");
  addEventListener("error", ({ message }) => errors.push(message));
  const state = async (wanted) => {
    for (let turns = 0; text("state") !== wanted && turns < 200; turns++) await new Promise((done) => setTimeout(done, 20));
    seen.push(text("state"));
  };
  while (text("state") === "") await new Promise((done) => setTimeout(done, 20));
  if (seen.length === 0) {
    while (!(parseInt(text("counts")) > 0)) await new Promise((done) => setTimeout(done, 20));
    await state("closed");
    press("service");
    await state("open");
    Object.assign(sessionStorage, { seen: JSON.stringify(seen), errors: JSON.stringify(errors) });
    return location.reload();
  }
  seen.push(text("state"));
  await state("closed");
  seen.push([...document.querySelectorAll("li")].map((line) => line.textContent).reverse().join("; "));
  press("isolate");
  seen.push(`${text("state")}, ${text("wait")}`);
  press("reset");
  await state("closed");
  await fetch("/", { method: "POST", body: JSON.stringify({ errors, seen }) });
}
