// Headless Chromium, and pages served on loopback.
import { createServer } from "node:http";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, extname, join, normalize } from "node:path";
import { NoReport, reportIn } from "./process.mjs";

/** What keeps Chromium from asking for anything but the pages. */
export const FLAGS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".json": "application/json" };
/** What a page needs for the package: `'wasm-unsafe-eval'`, and no `'unsafe-eval'`. */
const POLICY = "default-src 'none'; script-src 'self' 'nonce-page' 'wasm-unsafe-eval'";

/** The path of Chromium, if there is one: what the variable CHROMIUM says, else what is in PATH. */
export function findChromium() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const paths = process.env.CHROMIUM ? [process.env.CHROMIUM] : folders.map((folder) => join(folder, "chromium"));
  return paths.find((path) => existsSync(path));
}

/** One browser for all pages, started by the first; with a profile of its own, which goes with it. */
export class Browser {
  #started;

  async #start() {
    const { chromium } = await import("playwright-core");
    return chromium.launch({ executablePath: findChromium(), headless: true, args: FLAGS, timeout: 60_000 });
  }

  /** Serves `folder`, opens its index.html and waits for the report on the console. */
  async reportOf(folder, timeoutMs = 60_000) {
    const browser = await (this.#started ??= this.#start());
    const context = await browser.newContext();
    const { server, address } = await serve(folder);
    const said = [];
    try {
      const page = await context.newPage();
      await new Promise((resolve, reject) => {
        const stop = (why) => reject(new NoReport(why, said.join("\n")));
        const timer = setTimeout(() => stop(`no report within ${timeoutMs} ms`), timeoutMs);
        const end = (done) => (clearTimeout(timer), done());
        page.on("console", (message) => {
          said.push(message.text());
          if (message.text().startsWith("REPORT ")) end(resolve);
        });
        page.on("pageerror", (error) => end(() => stop(String(error.stack ?? error))));
        page.on("crash", () => end(() => stop("the page crashed")));
        page.goto(address).catch((error) => end(() => stop(String(error))));
      });
      return { ...reportIn(said.join("\n")), output: said.join("\n") };
    } finally {
      await context.close();
      server.closeAllConnections();
      server.close();
    }
  }

  /** Ends it, if it was started. */
  async close() {
    const browser = await this.#started?.catch(() => undefined);
    await browser?.close();
  }
}

/** The text of a page that runs a module; `imports` are those of an import map. */
export function pageOf(module, imports) {
  const map = imports ? `<script type="importmap" nonce="page">${JSON.stringify({ imports })}</script>` : "";
  return `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">${map}<script type="module" src="${module}"></script>\n`;
}

function serve(folder) {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://page").pathname));
    const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
    if (!existsSync(file)) return void response.writeHead(404).end();
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type, "content-security-policy": POLICY }).end(readFileSync(file));
  });
  return new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve({ server, address: `http://127.0.0.1:${server.address().port}/` })),
  );
}
