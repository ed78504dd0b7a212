// What a bundler ships for a breaker alone, in bytes after gzip -9.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

// The one that builds the package.
const { build } = createRequire(new URL("../package.json", import.meta.url))("esbuild");
const here = fileURLToPath(new URL(".", import.meta.url));
const SOURCES = {
  ours: `import { CircuitBreaker } from "../dist/esm/index.js"; globalThis.used = [CircuitBreaker];`,
  cockatiel: `import { circuitBreaker, handleAll, ConsecutiveBreaker } from "cockatiel"; globalThis.used = [circuitBreaker, handleAll, ConsecutiveBreaker];`,
  opossum: `import CircuitBreaker from "opossum"; globalThis.used = [CircuitBreaker];`,
};

/** The bytes of each. */
export async function bundled() {
  const sizes = {};
  for (const [kind, contents] of Object.entries(SOURCES)) {
    const { outputFiles } = await build({
      ...{ stdin: { contents, resolveDir: here }, bundle: true, minify: true, format: "esm", target: "es2022", write: false },
      external: ["events"],
    });
    sizes[kind] = execFileSync("gzip", ["-9c"], { input: outputFiles[0].contents }).length;
  }
  return sizes;
}
