// The terminal of the log, drawn by xterm.js. Loaded when the log is first shown.
export {};
