// The public API of the package as text: the declarations that `index.d.ts` reaches, without comments.
//
//   node scripts/types.mjs     after ./x npm build
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import ts from "typescript";

import { reachedBy } from "./declarations.mjs";

const dist = join(dirname(dirname(fileURLToPath(import.meta.url))), "dist", "esm");
const printer = ts.createPrinter({ removeComments: true });

for (const file of reachedBy(join(dist, "index.d.ts"))) {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
  console.log(`// ${relative(dist, file)}\n${printer.printFile(source)}`);
}
