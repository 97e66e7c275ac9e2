/** The package managers that the package is tried with: what their users type to install it, and to run it. */

/**
 * A package manager, and what its user types in an empty folder.
 *
 * @typedef {object} Manager
 * @property {readonly string[]} tools from `tools.js`; without any it is the system's, with the system's Node
 * @property {(tarball: string) => readonly (readonly string[])[]} install
 * @property {readonly string[]} naevus the words before the arguments of `naevus`
 * @property {readonly string[]} program the words before the name of a program
 * @property {boolean} [fromRegistry] it takes no tarball, so that it gets the package from a registry
 */

/** @type {Record<string, Manager>} */
export const managers = {
  npm: {
    tools: [],
    install: (tarball) => [["npm", "install", tarball]],
    naevus: ["npx", "naevus"],
    program: ["node"],
  },
  "npm, newest": {
    tools: ["node-newest", "npm-newest", "npx-newest"],
    install: (tarball) => [["npm", "install", tarball]],
    naevus: ["npx", "naevus"],
    program: ["node"],
  },
  "pnpm 9": {
    tools: ["pnpm9"],
    install: (tarball) => [["pnpm", "add", tarball]],
    naevus: ["pnpm", "exec", "naevus"],
    program: ["node"],
  },
  "pnpm, newest": {
    tools: ["pnpm"],
    install: (tarball) => [["pnpm", "add", tarball]],
    naevus: ["pnpm", "exec", "naevus"],
    program: ["node"],
  },
  "yarn 1": {
    // It refuses a package that does not run on this Node, the oldest that naevus is for.
    tools: ["yarn1", "node20.19"],
    install: (tarball) => [["yarn", "add", tarball]],
    naevus: ["yarn", "--silent", "naevus"],
    program: ["node"],
  },
  "yarn 4, node-modules": {
    tools: ["yarn4"],
    install: (tarball) => [
      ["yarn", "config", "set", "nodeLinker", "node-modules"],
      ["yarn", "add", `naevus@file:${tarball}`],
    ],
    naevus: ["yarn", "naevus"],
    program: ["yarn", "node"],
  },
  "yarn 4, Plug'n'Play": {
    // Where it runs on Node 20, `require` finds no modules in its archives.
    tools: ["yarn4", "node22"],
    install: (tarball) => [["yarn", "add", `naevus@file:${tarball}`]],
    naevus: ["yarn", "naevus"],
    program: ["yarn", "node"],
  },
  bun: {
    tools: ["bun", "bunx"],
    install: (tarball) => [["bun", "add", tarball]],
    naevus: ["bunx", "--bun", "naevus"],
    program: ["bun"],
  },
  Deno: {
    tools: ["deno"],
    install: () => [["deno", "add", "npm:naevus"]],
    naevus: ["deno", "run", "-A", "npm:naevus"],
    program: ["deno", "run", "-A"],
    fromRegistry: true,
  },
};
