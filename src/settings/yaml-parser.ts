// A module of its own, to be imported when it is needed: the bundler gives a CommonJS package that is imported dynamically no
// named exports, and importing them statically, as here, does.
export { isMap, LineCounter, parseDocument, visit } from 'yaml';
