// Cloudflare Workers: a module has to be imported, bytes may not be compiled.
import { instantiate } from "./instantiate.js";
import module from "./wasm/halfopen_wasm_bg.wasm";

instantiate(module);

export * from "./core.js";
