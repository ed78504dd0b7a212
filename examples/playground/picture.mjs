// Writes the picture of the README, light and dark: the built page after a scenario, from its top to the end of the time line.
import { writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { findChromium, FLAGS } from "../../wasm/test/runtimes/browser.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const PAGE = `${pathToFileURL(at("dist/index.html"))}#scenario=outage`;

const browser = await chromium.launch({ executablePath: findChromium(), headless: true, args: FLAGS, timeout: 60_000 });
for (const colorScheme of ["light", "dark"]) {
  const page = await browser.newPage({ viewport: { width: 900, height: 1000 }, colorScheme, reducedMotion: "reduce", deviceScaleFactor: 1.5 });
  await page.goto(PAGE);
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
