/** A program bundled as docs/start.md says runs beside nothing but what it names there, with threads and without, to the same bits. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root, run, tryPackage, userEnvironment, userFolder } from "./installation.js";

const [, section = ""] = readFileSync(path.join(root, "docs/start.md"), "utf8").split("## In a bundle\n");
const blocks = [
  ...section
    .split("\n## ", 1)
    .join()
    .matchAll(/^```\w+\n([\s\S]*?)^```/gm),
].map(([, text = ""]) => text);

/**
 * A command or a file of configuration, as the page gives it.
 *
 * @param {RegExp} begins
 */
function told(begins) {
  const text = blocks.find((block) => begins.test(block));
  assert.ok(text, `docs/start.md shows nothing like ${begins}`);
  const command = text
    .replaceAll("\\\n", " ")
    .split("\n")
    .find((line) => begins.test(line));
  return text.startsWith("//") ? text : (command ?? "");
}

const copy = told(/^cp /m);

/** webpack's command line is a package of its own; its minifier takes a minute for nothing that is asked here. */
const runWebpack = `import webpack from "webpack";
import config from "./webpack.config.mjs";
webpack({ ...config, mode: "none" }, (error, stats) => {
  if (error || stats.hasErrors()) throw error ?? new Error(stats.toString());
});`;

/**
 * Each bundler: its configuration, the command, the folder and the program that it leaves, and what kind of modules these are.
 *
 * @type {{ name: string, files?: Record<string, string>, command: string, out?: string, program?: string, type?: string }[]}
 */
const bundlers = [
  { name: "esbuild", command: `${told(/^esbuild .*=esm/m)} && ${copy}` },
  { name: "esbuild-cjs", command: `${told(/^esbuild .*=cjs/m)} && ${copy}`, type: "commonjs" },
  { name: "vite", files: { "vite.config.js": told(/vite\.config\.js/) }, command: `vite build && ${copy}` },
  {
    name: "webpack",
    files: { "webpack.config.mjs": told(/webpack\.config\.mjs/), "webpack.mjs": runWebpack },
    command: "node webpack.mjs",
    out: "dist",
    program: "main.js",
    type: "commonjs",
  },
];

/** What naevus says once where it cannot start a thread. */
const warning = /NaevusWarning: naevus cannot start background threads \(Cannot find module .*naevus-worker\.js/g;

await tryPackage("bundlers", async (tarball, work) => {
  const build = path.join(work, "build");
  const elsewhere = path.join(work, "elsewhere");
  const data = path.join(work, "data");
  const env = userEnvironment({ PATH: `${path.join(build, "node_modules/.bin")}${path.delimiter}${process.env.PATH}` });
  // Not naevus's version, which runs are marked with.
  const manifest = { version: "9.9.9", type: "module" };
  userFolder(build, manifest);
  await run(build, "npm", ["install", tarball, "esbuild@0.28", "vite@8", "webpack@5"]);
  copyFileSync(path.join(import.meta.dirname, "bundled-program.js"), path.join(build, "app.js"));

  /**
   * Runs a program and gives what came of it and what it said.
   *
   * @param {string} program
   * @param {string} name of its run
   */
  async function resultOf(program, name) {
    const place = path.join(work, "results", name);
    mkdirSync(place, { recursive: true });
    const { stdout, stderr } = await run(path.dirname(program), process.execPath, [program, data, place]);
    return { result: JSON.parse(stdout), warnings: [...stderr.matchAll(warning)].length, stderr };
  }

  const { result: expected } = await resultOf(path.join(build, "app.js"), "unbundled");
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  assert.equal(expected.version, version);

  for (const { name, files = {}, command, out = "out", type = "module" } of bundlers) {
    for (const [file, text] of Object.entries(files)) writeFileSync(path.join(build, file), text);
    await run(build, "sh", ["-ec", command], { env });
    renameSync(path.join(build, out), path.join(userFolder(path.join(elsewhere, name), { ...manifest, type }), "app"));
  }
  // What is left of node_modules is what the page says lies beside a bundle; nothing may still find the rest.
  const packages = path.join(elsewhere, "node_modules");
  mkdirSync(packages);
  for (const name of ["sharp", "@img", "detect-libc", "semver", "@koromix"]) {
    renameSync(path.join(build, "node_modules", name), path.join(packages, name));
  }
  rmSync(build, { recursive: true });

  for (const { name, program = "app.js" } of bundlers) {
    const { result, warnings, stderr } = await resultOf(path.join(elsewhere, name, "app", program), name);
    assert.deepEqual(result, expected, `the bundle of ${name} comes to another result`);
    assert.equal(warnings, 0, `the bundle of ${name} starts no thread:\n${stderr}`);
  }
  const bundle = path.join(elsewhere, "esbuild", "app");
  rmSync(path.join(bundle, "naevus-worker.js"));
  const alone = await resultOf(path.join(bundle, "app.js"), "without threads");
  assert.deepEqual(alone.result, expected, "without threads another result comes out");
  assert.equal(alone.warnings, 1, `a bundle without its threads' file warns ${alone.warnings} times:\n${alone.stderr}`);

  rmSync(packages, { recursive: true });
  const missing = ["app.js", path.join(work, "none"), path.join(work, "none")];
  const { stderr } = await run(bundle, process.execPath, missing, { status: 1 });
  assert.match(
    stderr,
    /InstallationError: image files cannot be read or written: the package sharp does not load .*\n/,
  );
  return `bundles of ${bundlers.map(({ name }) => name).join(", ")} train, judge, audit and draw as the program itself`;
});
