/** Says which Node is needed, instead of failing on syntax that an older one does not know. */
import { readFileSync } from "node:fs";

/**
 * The smallest [major, minor] that package.json's `engines` names.
 *
 * @returns {[number, number]}
 */
function neededVersion() {
  const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return engines.node
    .replace(/[^\d.]/g, "")
    .split(".")
    .map(Number);
}

/** The sentence to show where `version` (such as "18.19.0") is too old, else undefined. */
export function nodeProblem(version = process.versions.node, needed = neededVersion()) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > needed[0] || (major === needed[0] && minor >= needed[1])) return undefined;
  return `naevus needs Node ${needed.join(".")} or later, and this is Node ${version}. Node 20, 22 and 24 are tested.`;
}
