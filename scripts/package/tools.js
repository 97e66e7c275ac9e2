/** The package managers and Nodes that the package is tried with, from npm, without a word to an install script. */
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { run, userFolder } from "./installation.js";

const system = `${process.platform}-${process.arch}`;

/**
 * What is installed of each: a package of npm, by what name it runs, and where in the package the program is.
 *
 * @type {Record<string, { from: string, program: string, file: string }>}
 */
const packages = {
  "npm-newest": { from: "npm@latest", program: "npm", file: "bin/npm-cli.js" },
  "npx-newest": { from: "npm@latest", program: "npx", file: "bin/npx-cli.js" },
  pnpm9: { from: "pnpm@9", program: "pnpm", file: "bin/pnpm.cjs" },
  pnpm: { from: `@pnpm/exe.${system}@latest`, program: "pnpm", file: "pnpm" },
  yarn1: { from: "yarn@1", program: "yarn", file: "bin/yarn.js" },
  yarn4: { from: "@yarnpkg/cli-dist@4", program: "yarn", file: "bin/yarn.js" },
  bun: { from: `@oven/bun-${system}@latest`, program: "bun", file: "bin/bun" },
  bunx: { from: `@oven/bun-${system}@latest`, program: "bunx", file: "bin/bun" },
  deno: {
    from: `@deno/${system}${process.platform === "linux" ? "-glibc" : ""}@latest`,
    program: "deno",
    file: "deno",
  },
  "node20.19": { from: `node-${system}@20.19.0`, program: "node", file: "bin/node" },
  node22: { from: `node-${system}@22`, program: "node", file: "bin/node" },
  node24: { from: `node-${system}@24`, program: "node", file: "bin/node" },
  "node-newest": { from: `node-${system}@latest`, program: "node", file: "bin/node" },
};

/**
 * Installs one version of Node and gives the folder of its program.
 *
 * @param {string} folder
 * @param {string} version
 */
export async function installNode(folder, version) {
  const name = `node-${system}`;
  await run(userFolder(folder), "npm", ["install", "--ignore-scripts", `${name}@${version}`]);
  return path.join(folder, "node_modules", name, "bin");
}

/**
 * Installs all tools and gives, by the tool's name, a folder for PATH that holds this tool alone.
 *
 * @param {string} folder
 * @returns {Promise<Record<string, string>>}
 */
export async function installTools(folder) {
  const wanted = Object.entries(packages).map(([name, { from }]) => `tool-${name}@npm:${from}`);
  await run(userFolder(folder), "npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", ...wanted]);
  return Object.fromEntries(
    Object.entries(packages).map(([name, { program, file }]) => {
      const bin = path.join(folder, "bin", name);
      const target = path.join(folder, "node_modules", `tool-${name}`, file);
      mkdirSync(bin, { recursive: true });
      chmodSync(target, 0o755);
      symlinkSync(target, path.join(bin, program));
      return [name, bin];
    }),
  );
}
