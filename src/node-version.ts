/** Refuses a Node that is too old: the first import of every entry, since code that such a Node runs fails late and by chance. */
import { InstallationError } from "./errors.ts";

/**
 * As package.json's `engines` says; elsewhere than in Node there is nothing to refuse. `bin/node-version.js` says the same in a clone, before
 * there is a dist/, and a page cannot read package.json as it does: `scripts/entries.test.ts` holds the two together.
 */
const needed = [20, 19] as const;
const { process } = globalThis as { process?: { versions?: { node?: string } } };
const version = process?.versions?.node;

if (version !== undefined) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
    throw new InstallationError(
      `naevus needs Node ${needed.join(".")} or later, and this is Node ${version}. Node 20, 22 and 24 are tested.`,
    );
  }
}
