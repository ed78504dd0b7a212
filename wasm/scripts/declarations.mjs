// The declarations that a compiler reads for an entry point: it and what it reaches, each once, in the order of their imports.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

/** Files that `file` reaches, itself first. */
export function reachedBy(file, seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const { fileName: from } of ts.preProcessFile(readFileSync(file, "utf8")).importedFiles) {
    if (from.startsWith(".")) reachedBy(join(dirname(file), from.replace(/\.js$/, ".d.ts")), seen);
  }
  return seen;
}
