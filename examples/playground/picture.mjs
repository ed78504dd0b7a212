// Writes the picture of the README, light and dark: the built page after a scenario, from its top to the end of the time line, with
// its first probe pointed at.
import { writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { findChromium, FLAGS } from "../../wasm/test/runtimes/browser.mjs";
import { frameOf } from "./src/draw/layout.js";
import { goOn, placeOf } from "./src/draw/pick.js";
import { scenarioOf } from "./src/scenarios.js";
import { Simulation } from "./src/sim/simulation.js";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const PAGE = `${pathToFileURL(at("dist/index.html"))}#scenario=outage`;
const { setup, seconds } = scenarioOf("outage");
const run = new Simulation(setup);
run.advanceTo(seconds * 1000);

/** Where the first probe's mark is on a time line of this width. */
function firstProbe(width) {
  const frame = frameOf(width, run, seconds * 1000);
  let picked = goOn(run, undefined, "End");
  while (!(picked.mark.probe && picked.mark.kind === "failed")) picked = goOn(run, picked, picked.row.kind === "failed" ? "ArrowLeft" : "ArrowDown");
  const { at, y } = placeOf({ run, ...frame }, picked);
  return { x: frame.x(at), y };
}

const browser = await chromium.launch({ executablePath: findChromium(), headless: true, args: FLAGS, timeout: 60_000 });
for (const colorScheme of ["light", "dark"]) {
  const page = await browser.newPage({ viewport: { width: 900, height: 1000 }, colorScheme, reducedMotion: "reduce", deviceScaleFactor: 1.5 });
  await page.goto(PAGE);
  const line = page.locator("#timeline");
  await line.hover({ position: firstProbe(await line.evaluate(({ clientWidth }) => clientWidth)) });
  const { y, height } = await page.locator("#stage").boundingBox();
  const png = await page.screenshot({ clip: { x: 0, y: 0, width: 900, height: Math.ceil(y + height + 16) } });
  // Chromium itself writes WebP.
  const webp = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/webp", 0.8).split(",")[1];
  }, png.toString("base64"));
  writeFileSync(at(`../../docs/playground-${colorScheme}.webp`), Buffer.from(webp, "base64"));
}
await browser.close();
