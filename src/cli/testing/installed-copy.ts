/** A copy of the compiled package with packages of its own, some of which are missing or broken. */
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { temporaryFolder } from "../../testing/temporary-folder.ts";

const root = resolve(import.meta.dirname, "../../..");

/** What is wrong with a copy: packages that are not there, and packages whose native modules do not load. */
export interface Faults {
  readonly missing?: readonly string[];
  readonly broken?: readonly string[];
}

/** The folder of the copy, for `node bin/naevus.js` in it. */
export function installedCopy({ missing = [], broken = [] }: Faults): string {
  const folder = temporaryFolder();
  for (const name of ["bin", "dist", "package.json"]) cpSync(join(root, name), join(folder, name), { recursive: true });
  const [from, to] = [join(root, "node_modules"), join(folder, "node_modules")];
  const scopes = readdirSync(from).filter((name) => name.startsWith("@"));
  const names = readdirSync(from).filter((name) => !name.startsWith("@"));
  for (const name of [
    ...names,
    ...scopes.flatMap((scope) =>
      readdirSync(join(from, scope), { encoding: "utf8" }).map((part) => `${scope}/${part}`),
    ),
  ]) {
    if (missing.includes(name)) continue;
    mkdirSync(dirname(join(to, name)), { recursive: true });
    // Behind a link, a package would find its parts beside itself.
    if (name === "sharp" || broken.includes(name)) cpSync(join(from, name), join(to, name), { recursive: true });
    else symlinkSync(join(from, name), join(to, name));
  }
  for (const name of broken) {
    const files = readdirSync(join(to, name), { recursive: true, encoding: "utf8" });
    for (const file of files.filter((file) => file.endsWith(".node"))) {
      writeFileSync(join(to, name, file), "broken");
    }
  }
  return folder;
}
