// The public API of the package as text: the declarations that `index.d.ts` reaches, without comments.
//
//   node scripts/types.mjs     after ./x npm build
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import ts from "typescript";

const dist = join(dirname(dirname(fileURLToPath(import.meta.url))), "dist", "esm");
const printer = ts.createPrinter({ removeComments: true });
const read = new Set();

function print(file) {
  if (read.has(file)) return;
  read.add(file);
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
  console.log(`// ${relative(dist, file)}\n${printer.printFile(source)}`);
  for (const { moduleSpecifier: from } of source.statements) {
    if (from?.text.startsWith(".")) print(join(dirname(file), from.text.replace(/\.js$/, ".d.ts")));
  }
}

print(join(dist, "index.d.ts"));
