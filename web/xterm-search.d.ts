// The types of the library that stands beside this file in dist/.
export * from "@xterm/addon-search";
