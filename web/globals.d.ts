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
