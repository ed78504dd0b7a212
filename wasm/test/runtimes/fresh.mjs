// Fresh folders with the package in them, installed from the tarball by npm.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./process.mjs";

/** The folder of this file. */
export const HERE = fileURLToPath(new URL(".", import.meta.url));

/** All conformance vectors of a folder, and how many there are. */
export function readAll(folder) {
  const files = readdirSync(folder).filter((name) => name.endsWith(".json")).sort();
  return files.flatMap((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
}

/** Folders under `work`, each with a copy of what npm makes of the tarball. */
export class Fresh {
  constructor(work, vectors) {
    this.work = work;
    this.vectors = vectors;
    this.installed = join(work, "installed");
  }

  /** Has npm install the tarball, once; `edit` may then change the package, which is in the folder that it is given. */
  async install(tarball, edit = () => {}) {
    rmSync(this.work, { recursive: true, force: true });
    mkdirSync(this.installed, { recursive: true });
    writeFileSync(join(this.installed, "package.json"), '{ "private": true, "type": "module" }\n');
    const args = ["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", tarball];
    const { code, output } = await run("npm", args, { cwd: this.installed });
    if (code !== 0) throw new Error(`npm cannot install the tarball:\n${output}`);
    edit(join(this.installed, "node_modules", "halfopen"));
  }

  /** A folder with the package, the suite, the vectors and the programs; gives its path. */
  folder(name) {
    const folder = join(this.work, name.replace(/\W+/g, "-"));
    cpSync(this.installed, folder, { recursive: true });
    cpSync(join(HERE, "programs"), folder, { recursive: true });
    cpSync(join(HERE, "suite.mjs"), join(folder, "runtimes", "suite.mjs"));
    cpSync(join(HERE, "..", "vectors.mjs"), join(folder, "vectors.mjs"));
    // A program may have no file system: embedded, but parsed like the file.
    const text = JSON.stringify(JSON.stringify(this.vectors));
    writeFileSync(join(folder, "vectors-data.mjs"), `export const vectors = JSON.parse(${text});\n`);
    return folder;
  }

  /** An empty folder; gives its path. */
  empty(name) {
    const folder = join(this.work, name.replace(/\W+/g, "-"));
    mkdirSync(folder, { recursive: true });
    return folder;
  }
}

/** Where the package in `folder` leads a runtime that has these conditions, relative to `folder`. */
export function entryFor(folder, conditions) {
  const { exports } = JSON.parse(readFileSync(join(folder, "node_modules", "halfopen", "package.json"), "utf8"));
  let target = exports["."];
  while (typeof target === "object") {
    const condition = Object.keys(target).find((name) => name === "default" || conditions.includes(name));
    if (condition === undefined) throw new Error(`the package has no entry for ${conditions}`);
    target = target[condition];
  }
  return join("node_modules", "halfopen", target);
}
