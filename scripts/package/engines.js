/** Every package that an installation of today brings, on this system or another, runs on every Node that naevus names. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { subset } from "semver";
import { root, run, tryPackage, userEnvironment, userFolder } from "./installation.js";
import { installNode } from "./tools.js";

/** @typedef {{ version: string, engines?: { node?: string }, cpu?: string[] }} Resolved */

const { engines, peerDependencies } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));

await tryPackage("engines", async (tarball, work) => {
  // npm passes over what its own Node is too old for, and other package managers do not: on the newest Node it resolves as they do.
  const newest = await installNode(path.join(work, "node"), "latest");
  const env = userEnvironment({ PATH: newest + path.delimiter + process.env.PATH });
  const user = userFolder(path.join(work, "user"));
  // Without a lock file, and with what is installed by wish.
  const wished = Object.entries(peerDependencies ?? {}).map((named) => named.join("@"));
  await run(user, "npm", ["install", "--package-lock-only", "--ignore-scripts", tarball, ...wished], { env });

  /** @type {{ packages: Record<string, Resolved> }} */
  const { packages } = JSON.parse(readFileSync(path.join(user, "package-lock.json"), "utf8"));
  // The newer ones of these Nodes do not exist for 32-bit systems.
  const resolved = Object.entries(packages).filter(([place, { cpu }]) => place !== "" && cpu?.join() !== "ia32");
  const refused = resolved.filter(([, { engines: its }]) => !subset(engines.node, its?.node ?? "*"));
  assert.deepEqual(
    refused.map(([place, { version, engines: its }]) => `${place} ${version} wants Node ${its?.node}`),
    [],
    `not all packages run on Node ${engines.node}, and package managers refuse such a package`,
  );
  assert.ok(resolved.length > 50, `only ${resolved.length} packages were resolved`);
  return `all ${resolved.length} packages run on Node ${engines.node}`;
});
