// The vectors, where there is a file system.
import { readdirSync, readFileSync } from "node:fs";

/** All vectors in the folder, in the order of the files' names. */
export function readVectors(folder) {
  const files = readdirSync(folder).filter((name) => name.endsWith(".json")).sort();
  return files.flatMap((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")));
}
