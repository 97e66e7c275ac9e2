/** Installs the package with every package manager as its user types it, and tries it there, on every Node that it is for. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { root, run, tryPackage, userEnvironment, userFolder } from "./installation.js";
import { managers } from "./manager-table.js";
import { serveTarball } from "./registry.js";
import { installTools } from "./tools.js";
import { tryInstalled } from "./usage.js";

/** On these Nodes npm's folder is used as well; the newest has an installation of its own. */
const otherNodes = ["node20.19", "node22", "node24"];

/** What an installation takes, for who trains and predicts on one system, as the README says. */
const statedMegabytes = Number(/takes (\d+) MB/.exec(readFileSync(path.join(root, "README.md"), "utf8"))?.[1]);

/**
 * The room that a folder takes on the disk: a fifth more than its files' bytes, since they lie in whole blocks.
 *
 * @param {string} folder
 */
function megabytesOf(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce(
    (sum, { parentPath, name }) => sum + (statSync(path.join(parentPath, name)).blocks * 512) / 1e6,
    0,
  );
}

/**
 * What npm installed runs no script meanwhile, so that hosts that such scripts load from need not be reachable.
 *
 * @param {string} folder
 */
function checkScripts(folder) {
  /** @type {{ packages: Record<string, { hasInstallScript?: boolean }> }} */
  const { packages } = JSON.parse(readFileSync(path.join(folder, "package-lock.json"), "utf8"));
  const scripted = Object.keys(packages).filter((name) => packages[name]?.hasInstallScript);
  assert.deepEqual(scripted, [], "packages have install scripts");
}

await tryPackage("managers", async (tarball, work) => {
  // Beside the tarball, the names of managers may be given, to try these alone.
  const wanted = process.argv.slice(3);
  const tools = await installTools(path.join(work, "tools"));
  const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const upstream = (await run(root, "npm", ["config", "get", "registry"])).stdout.trim();
  const registry = await serveTarball(tarball, manifest, upstream);

  /** @type {{ passed: boolean, line: string }[]} */
  const rows = [];
  /** @type {import("./usage.js").Trial | undefined} */
  let first;
  /**
   * Tries one installation, and goes on with the next where it fails.
   *
   * @param {string} name
   * @param {readonly string[]} versionCommand
   * @param {import("./usage.js").Installed} installed
   * @param {Promise<void>} [installing]
   */
  async function tryRow(name, [command = "", ...args], installed, installing) {
    const start = performance.now();
    let [version, result, passed] = ["", "", false];
    try {
      const { folder, env } = installed;
      version = (await run(folder, command, args, { env })).stdout.trim().split("\n")[0] ?? "";
      await installing;
      const trial = await tryInstalled(installed, first);
      first ??= trial;
      const same = trial.weights === first.weights;
      assert.ok(same || !installed.program.includes("node"), "the weights differ from those of the first manager");
      result = `import, require, train (${trial.engine}), resume, predict; ${same ? "same" : "other"} weights`;
      passed = true;
    } catch (error) {
      result = error instanceof Error ? error.message : String(error);
    }
    const seconds = ((performance.now() - start) / 1000).toFixed(0).padStart(4);
    const line = `${passed ? "passed" : "FAILED"} ${seconds} s  ${name} (${version}): ${result}`;
    rows.push({ passed, line });
    console.log(line);
  }

  /**
   * @param {string} place
   * @param {readonly string[]} used
   * @param {Record<string, string>} more
   */
  function environmentOf(place, used, more = {}) {
    const home = path.join(work, place, "home");
    mkdirSync(home, { recursive: true });
    const bins = used.map((tool) => tools[tool]);
    const PATH = [...bins, process.env.PATH].join(path.delimiter);
    // For root, yarn 1 keeps its cache outside the home, with the tarball of the last time.
    return userEnvironment({ HOME: home, YARN_CACHE_FOLDER: path.join(home, "yarn"), PATH, ...more });
  }

  // One installation after the other, while what is installed is tried.
  /** @type {Promise<unknown>} */
  let before = Promise.resolve();
  const started = Object.entries(managers)
    .filter(([name]) => wanted.length === 0 || wanted.includes(name))
    .map(([name, { tools: used, install, naevus, program, fromRegistry }]) => {
      const place = name.replaceAll(/\W+/g, "-");
      const env = environmentOf(place, used, fromRegistry ? { NPM_CONFIG_REGISTRY: registry.url } : {});
      const folder = userFolder(path.join(work, place, "user"));
      const commands = install(tarball);
      const installing = before.then(async () => {
        for (const [command = "", ...args] of commands) await run(folder, command, args, { env });
      });
      before = installing.catch(() => {});
      const versionCommand = [commands[0]?.[0] ?? "", "--version"];
      return { name, versionCommand, installed: { folder, env, naevus, program }, installing };
    });
  for (const row of started) await tryRow(row.name, row.versionCommand, row.installed, row.installing);
  registry.close();

  const folder = path.join(work, "npm", "user");
  let npms = "";
  if (started.some(({ name }) => name === "npm")) {
    for (const node of otherNodes) {
      const installed = { folder, env: environmentOf("npm", [node]), naevus: ["npx", "naevus"], program: ["node"] };
      await tryRow(`npm's folder on ${node}`, ["node", "--version"], installed);
    }
    checkScripts(folder);
    const megabytes = Math.round(megabytesOf(path.join(folder, "node_modules")));
    // File systems and what others publish in between change the figure a little.
    const fits = Math.abs(megabytes - statedMegabytes) <= 10;
    assert.ok(fits, `npm installs ${megabytes} MB, and the README says ${statedMegabytes}`);
    npms = `; npm's takes ${megabytes} MB and has no install script`;
  }
  console.log(`\n${rows.map(({ line }) => line.split("\n")[0]).join("\n")}`);
  const failed = rows.filter(({ passed }) => !passed);
  assert.equal(failed.length, 0, `${failed.length} of ${rows.length} installations failed; they are named above`);
  return `${rows.length} installations work${npms}`;
});
