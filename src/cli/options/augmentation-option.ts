/** What `--augmentation` takes: the name of a policy, or a JSON file that holds one. */
import { isAbsolute, join } from "node:path";
import { fileExists } from "../../disk/files.ts";
import { type AugmentationPolicy, policyNames } from "../../image/augmentation/policy.ts";
import { readPolicy } from "../../image/augmentation/read-policy.ts";

/**
 * The policy in the file that a text names; the text itself where it is a name, right or wrong. Throws SettingsError where the file holds none.
 *
 * @param folder where paths begin; by default the folder in which the process runs
 */
export async function augmentationSource(text: string, folder = ""): Promise<string | AugmentationPolicy> {
  if (policyNames.some((name) => name === text)) return text;
  const path = isAbsolute(text) ? text : join(folder, text);
  return /\.json$/i.test(text) || (await fileExists(path)) ? readPolicy(path) : text;
}
