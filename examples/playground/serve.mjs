// Serves the built page on loopback, as any server of files would.
//
//   node serve.mjs [PORT]     default: 8008; 0 for a free one
import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const DIST = join(dirname(fileURLToPath(import.meta.url)), "dist");
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

/** @param {number} port @returns {Promise<{ server: import("node:http").Server, address: string }>} */
export function serve(port, folder = DIST) {
  const server = createServer((request, response) => {
    // What begins with `/` stays below the folder, whatever it goes on with.
    const path = normalize(new URL(request.url, "http://page").pathname);
    const file = join(folder, path === "/" ? "index.html" : path);
    if (!existsSync(file) || !statSync(file).isFile()) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" }).end(readFileSync(file));
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve({ server, address: `http://127.0.0.1:${server.address().port}/` }));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { address } = await serve(Number(process.argv[2] ?? 8008)).catch((error) => {
    console.error(`the page cannot be served: ${error.message}`);
    process.exit(1);
  });
  console.log(`the playground: ${address} (Ctrl-C ends)`);
}
