// What wasm_exec.js of the Go distribution and the page's own start leave on the
// global object.

declare class Go {
  argv: string[];
  env: Record<string, string>;
  exit: (code: number) => void;
  importObject: WebAssembly.Imports;
  run(instance: WebAssembly.Instance): Promise<void>;
}

declare var fs: { writeSync(fd: number, bytes: Uint8Array): number };
declare var ncpweb: import("./serial.js").Shim;

declare module "./wasm_exec.js" {}

// What web/pack.js finds as a Worker: importScripts, and the library that it loads.
declare function importScripts(url: string): void;
declare var pako: {
  deflate(bytes: Uint8Array, options: { level: number; memLevel: number; chunkSize: number }): Uint8Array<ArrayBuffer>;
};
