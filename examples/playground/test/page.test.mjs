// The built page in headless Chromium: what a visitor does, and that nothing goes wrong or out of the page meanwhile.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { findChromium, FLAGS } from "../../../wasm/test/runtimes/browser.mjs";
import { serve } from "../serve.mjs";
import { toRust } from "../src/code.js";
import { frameOf } from "../src/draw/layout.js";
import { SCENARIOS, scenarioOf } from "../src/scenarios.js";
import { Simulation } from "../src/sim/simulation.js";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const MOST_BYTES = 150_000;

let browser, server, address;
before(async () => {
  ({ server, address } = await serve(0));
  browser = await chromium.launch({ executablePath: findChromium(), headless: true, args: FLAGS, timeout: 60_000 });
});
after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

/** Opens the page and calls `use` with it; then its console must be empty, and no request may have gone elsewhere. */
async function withPage(use, { hash = "", url = `${address}${hash}`, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...options });
  const [said, asked] = [[], []];
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(String(error.stack ?? error)));
    context.on("request", (request) => asked.push(request.url().replace(/#.*/, "")));
    await page.goto(url);
    await use(page);
  } finally {
    await context.close();
  }
  assert.deepEqual(said, []);
  const root = url.replace(/#.*/, "").replace(/index\.html$/, "");
  const allowed = ["", "index.html", "playground.js", "style.css"].map((name) => root + name);
  assert.deepEqual(asked.filter((one) => !allowed.includes(one) && !one.startsWith("data:")), []);
  assert.ok(asked.length >= 3, `${asked}`);
}

const textOf = (page, id) => page.locator(`#${id}`).textContent();
/** How many colours the time line has. */
const coloursOf = (page) => page.locator("#timeline").evaluate((canvas) => {
  const pen = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  return new Set(new Uint32Array(pen.getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size;
});

/** Moves a slider as a hand does. */
const slide = (page, name, value) => page.locator(`#set-${name}`).evaluate((input, to) => {
  input.value = to;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}, String(value));

test("all that is loaded is small, and its policy allows nothing but itself", () => {
  const sizes = readdirSync(DIST).map((name) => [name, statSync(DIST + name).size]);
  const bytes = sizes.reduce((sum, [, size]) => sum + size, 0);
  assert.deepEqual(sizes.map(([name]) => name).toSorted(), ["index.html", "playground.js", "style.css"]);
  assert.ok(bytes < MOST_BYTES, `${bytes} bytes`);
  console.log(`the page is ${bytes} bytes of ${MOST_BYTES}, before any compression`);
  const html = readFileSync(`${DIST}index.html`, "utf8");
  const policy = /Content-Security-Policy"\s+content="([^"]+)"/.exec(html)[1];
  assert.match(policy, /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src data:;/);
  assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|https?:|\*/);
});

test("every scenario ends in the state that it promises, with the numbers of the simulation", async () => {
  await withPage(async (page) => {
    for (const { id, name, seconds, ends, watch, setup } of SCENARIOS) {
      await page.getByRole("button", { name, exact: true }).click();
      assert.equal(await textOf(page, "state"), ends, id);
      assert.equal(await textOf(page, "clock"), `${seconds}.0 s`, id);
      assert.deepEqual(await page.locator("#watch li").allTextContents(), watch);
      const run = new Simulation(setup);
      run.advanceTo(seconds * 1000);
      assert.equal(await textOf(page, "refused"), String(run.guarded.counts.refused), id);
      assert.equal(await textOf(page, "recovered"), `${(run.recoveredMs / 1000).toFixed(1)} s`, id);
      const text = await page.locator("#timeline").getAttribute("aria-valuetext");
      assert.ok(text.includes(`${run.guarded.counts.refused} were refused`), text);
      assert.ok((await coloursOf(page)) > 20, `${id} is drawn`);
      assert.ok((await page.locator("#log tr").count()) >= 3, id);
    }
  });
});

test("it plays by itself and at 100 times, pauses, steps and begins anew", async () => {
  await withPage(async (page) => {
    assert.equal(await textOf(page, "play"), "Pause");
    await page.locator("#speed").selectOption("100");
    await page.waitForFunction(() => document.getElementById("play").textContent === "Go on");
    assert.equal(await textOf(page, "clock"), "30.0 s");
    await page.locator("#restart").click();
    assert.deepEqual([await textOf(page, "clock"), await textOf(page, "play"), await textOf(page, "refused")], ["0.0 s", "Start", "0"]);
    await page.locator("#step").click();
    const first = await textOf(page, "clock");
    for (let step = 0; step < 12; step++) await page.locator("#step").press("Enter");
    assert.ok(Number.parseFloat(await textOf(page, "clock")) > Number.parseFloat(first));
  }, { reducedMotion: "no-preference" });
});

test("an outage by hand opens the circuit, and its link is the same run", async () => {
  let link, numbers;
  const read = (page) => Promise.all([...["refused", "saved", "clock"].map((id) => textOf(page, id)), page.locator("#log").innerText()]);
  await withPage(async (page) => {
    await page.locator("[data-command=isolate]").click();
    assert.equal(await textOf(page, "state"), "isolated");
    await page.locator("#seed").fill("77");
    await page.locator("#seed").press("Tab");
    assert.equal(await textOf(page, "clock"), "0.0 s");
    await slide(page, "rate", 15);
    for (let step = 0; step < 40; step++) await page.locator("#step").click();
    await page.locator("#outage").click();
    for (let step = 0; step < 60; step++) await page.locator("#step").click();
    assert.equal(await textOf(page, "state"), "open");
    await page.locator("#share").click();
    link = page.url();
    await page.locator("#speed").selectOption("100");
    await page.locator("#play").click();
    await page.waitForFunction(() => document.getElementById("play").textContent === "Go on");
    numbers = await read(page);
  });
  assert.match(link, /seed=77&rate=15&then=\d+\.outage\.true$/);
  await withPage(async (page) => assert.deepEqual(await read(page), numbers), { url: link });
});

test("the code is that of the form, and a wrong number is said to be wrong", async () => {
  await withPage(async (page) => {
    await page.getByRole("tab", { name: "Code" }).click();
    await page.locator("#set-rule").selectOption("time_window");
    await page.locator("#set-slidingWindowSeconds").fill("20");
    await page.locator("#set-slidingWindowSeconds").press("Tab");
    assert.equal(await textOf(page, "code"), toRust({ rule: "time_window", adaptive: false, slidingWindowSeconds: 20, recoveryTimeoutSeconds: 5 }));
    await page.getByRole("button", { name: "TOML" }).click();
    assert.match(await textOf(page, "code"), /^sliding_window_seconds = 20\.0$/m);
    assert.equal(await page.locator("#set-failureThreshold").isVisible(), false);
    await page.locator("#set-failureRateThreshold").fill("101");
    await page.locator("#set-failureRateThreshold").press("Tab");
    assert.match(await textOf(page, "error"), /failure_rate_threshold is 101, must be 1 to 100/);
    assert.equal(await page.locator("#play").isDisabled(), true);
    await page.locator("#set-failureRateThreshold").fill("30");
    await page.locator("#set-failureRateThreshold").press("Tab");
    assert.equal(await page.locator("#error").isVisible(), false);
    await page.locator("#play").click();
  });
});

test("a snapshot is shown, and restored; one that is damaged is refused", async () => {
  await withPage(async (page) => {
    await page.locator("[data-command=trip]").click();
    await page.getByRole("tab", { name: "Events" }).press("End");
    const snapshot = JSON.parse(await page.locator("#snapshot").inputValue());
    assert.deepEqual([snapshot.version, snapshot.state], [1, "open"]);
    await page.locator("[data-command=reset]").click();
    assert.equal(await textOf(page, "state"), "closed");
    await page.locator("#restore").click();
    assert.equal(await textOf(page, "state"), "open");
    await page.locator("#snapshot").fill(JSON.stringify({ ...snapshot, state: "ajar" }));
    await page.locator("#restore").click();
    assert.match(await textOf(page, "restored"), /^Not restored: snapshot is damaged: state/);
    await page.locator("#snapshot").fill("{");
    await page.locator("#restore").click();
    assert.match(await textOf(page, "restored"), /^Not restored: /);
  });
});

for (const [name, options] of [["", {}], [" on a phone", { viewport: { width: 360, height: 740 } }]]) {
  test(`what is pointed at is read out${name}, and what the arrow keys go to, to who cannot see it, too`, async () => {
    const { setup, seconds } = scenarioOf("outage");
    const run = new Simulation(setup);
    run.advanceTo(seconds * 1000);
    const refused = run.guarded.calls.find(({ kind }) => kind === "refused");
    await withPage(async (page) => {
      const line = page.locator("#timeline");
      const width = await line.evaluate(({ clientWidth }) => clientWidth);
      const { layout, x } = frameOf(width, run, seconds * 1000);
      assert.equal(await line.evaluate(({ clientHeight }) => clientHeight), layout.height);
      const topOfNext = () => page.locator(".more").evaluate(({ offsetTop }) => offsetTop);
      const before = await topOfNext();
      await line.hover({ position: { x: x(refused.at), y: layout.calls.top + 3.5 * layout.row } });
      assert.match(await textOf(page, "readout-title"), /^Call was refused at 7\.[12]\d s$/);
      assert.match(await textOf(page, "readout-more"), /^Circuit open since 7\.16 s: 5 failures in a row\. /);
      const withMark = await line.screenshot();
      await page.locator("h1").hover();
      assert.match(await textOf(page, "readout-more"), /^Point at the time line/);
      assert.notDeepEqual(await line.screenshot(), withMark, "the mark is shown");
      const all = await line.getAttribute("aria-valuetext");
      await line.focus();
      for (const key of ["ArrowLeft", "ArrowDown", "ArrowDown"]) await page.keyboard.press(key);
      assert.match(await textOf(page, "readout-title"), /^Probe failed: sent at 12\.22 s/);
      const said = await line.getAttribute("aria-valuetext");
      assert.ok(said.startsWith("Probe failed: ") && said.endsWith("Service: outage."), said);
      const failed = run.guarded.calls.find(({ kind, probe }) => kind === "failed" && probe);
      assert.equal(await line.getAttribute("aria-valuenow"), String(failed.end));
      assert.equal(await topOfNext(), before, "nothing moves");
      await page.keyboard.press("Escape");
      assert.equal(await line.getAttribute("aria-valuetext"), all);
      await page.keyboard.press("ArrowLeft");
      assert.match(await textOf(page, "readout-title"), /^half open → closed/);
      await page.evaluate(() => void (location.hash = "scenario=stale"));
      await page.getByRole("button", { name: "Stale result", pressed: true }).waitFor();
      assert.equal(await textOf(page, "readout-title"), "", "of another run it says nothing");
    }, options);
  });
}

test("a finger points, too, and what it pointed at stays when it is lifted", async () => {
  await withPage(async (page) => {
    const line = page.locator("#timeline");
    await line.scrollIntoViewIfNeeded();
    const { height } = await line.boundingBox();
    await line.tap({ position: { x: 200, y: height / 2 } });
    assert.match(await textOf(page, "readout-title"), /^At 1\d\.\d\d s$/);
  }, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
});

test("every order that there is can be given by hand, and the clock set back", async () => {
  await withPage(async (page) => {
    const told = { trip: "open", isolate: "isolated", disable: "disabled", shadow: "shadow", reset: "closed" };
    for (const [command, state] of Object.entries(told)) {
      await page.locator(`[data-command=${command}]`).click();
      assert.equal(await textOf(page, "state"), state);
    }
    await page.locator("#jump").click();
    assert.match(await page.locator("#log tr").first().innerText(), /clock back by 60\.0 min/);
  });
});

test("opened as a file, without any server, it runs", async () => {
  await withPage(async (page) => assert.equal(await textOf(page, "clock"), "30.0 s"), { url: pathToFileURL(`${DIST}index.html`).href });
});

test("a link that nobody made does no harm", async () => {
  await withPage(async (page) => {
    assert.match(await textOf(page, "error"), /failure_threshold is 0/);
    await page.getByRole("button", { name: "Ramp-up" }).click();
    assert.equal(await textOf(page, "state"), "closed");
  }, { hash: "#scenario=<b>&failureThreshold=0&then=9.restore.e30;7.do.constructor;x" });
});

for (const [name, options] of [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["on a phone", { viewport: { width: 360, height: 740 }, colorScheme: "dark" }],
]) {
  test(`axe finds nothing serious, and nothing is wider than the page: ${name}`, async () => {
    await withPage(async (page) => {
      await page.evaluate(AXE);
      for (const tab of ["Events", "Code", "Snapshot"]) {
        await page.getByRole("tab", { name: tab }).click();
        const { violations, passes } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
        const bad = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
        assert.deepEqual(bad.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120))}`), [], tab);
        assert.ok(passes.length > 20);
      }
      const [scroll, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(scroll <= width, `${scroll} > ${width}`);
    }, { hash: "#scenario=brown-out", ...options });
  });
}

test("by keyboard alone: to the time line, into the tabs and between them", async () => {
  await withPage(async (page) => {
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "stage");
    const seen = [];
    for (let key = 0; key < 6; key++) {
      await page.keyboard.press("Tab");
      seen.push(await page.evaluate(() => document.activeElement.id));
    }
    assert.deepEqual(seen, ["play", "step", "restart", "speed", "outage", "timeline"]);
    await page.getByRole("tab", { name: "Events" }).focus();
    await page.keyboard.press("ArrowRight");
    assert.equal(await page.evaluate(() => document.activeElement.id), "tab-code");
    assert.equal(await page.locator("#panel-code").isVisible(), true);
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    assert.equal(await page.locator("#panel-snapshot").isVisible(), true);
  });
});
