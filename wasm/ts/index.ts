// Every runtime that has no entry point of its own.
import { instantiate } from "./instantiate.js";
import { unpack } from "./unpack.js";
import { packed } from "./wasm/packed.js";

instantiate(new WebAssembly.Module(unpack(packed)));

export * from "./core.js";
