/** An augmentation policy from a JSON file. */
import { readBoundedText } from "../../disk/bounded-text.ts";
import { SettingsError } from "../../errors.ts";
import { parsePolicy } from "./parse-policy.ts";
import type { AugmentationPolicy } from "./policy.ts";

const mostBytes = 1024 * 1024;

/**
 * Reads the JSON file of a policy, as {@link parsePolicy} does.
 *
 * @throws SettingsError where the file cannot be read, is larger than 1 MiB or no UTF-8, or for each problem in it
 */
export async function readPolicy(file: string): Promise<AugmentationPolicy> {
  const text = await readBoundedText(file, {
    mostBytes,
    cure: "give the JSON file of an augmentation policy",
    refuse: (sentence, cause) => new SettingsError(sentence, { cause }),
  });
  return parsePolicy(text, { source: file });
}
