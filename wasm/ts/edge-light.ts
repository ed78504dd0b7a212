// Vercel's edge: the same by another name.
import { instantiate } from "./instantiate.js";
import module from "./wasm/halfopen_wasm_bg.wasm?module";

instantiate(module);

export * from "./core.js";
