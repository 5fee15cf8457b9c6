// Starts the second Go program, with the views that few need before the first click:
// traffic, explorer and doctor.

/** Where the program is. */
export const program = new URL("./tools.wasm", import.meta.url);
