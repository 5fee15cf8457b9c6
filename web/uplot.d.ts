// The types of the library that stands beside this file in dist/.
export { default } from "uplot";
