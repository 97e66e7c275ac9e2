/** A network from a JSON file. */
import { basename } from "node:path";
import { readBoundedText } from "../../disk/bounded-text.ts";
import { NetworkError } from "../../errors.ts";
import { printableLine } from "../../text/printable.ts";
import type { NetworkFunction } from "../network-source.ts";
import { parseNetwork } from "./parse-network.ts";

/** Several times what 5,000 layers take. */
const mostBytes = 4 * 1024 * 1024;

/**
 * Reads a JSON file, and gives what makes its network for classes and an image size, as {@link parseNetwork} does; without a name of its own the network is called
 * after the file. The file is not read again.
 *
 * @throws NetworkError where the file cannot be read, is larger than 4 MiB or is no UTF-8; what it gives throws NetworkError with a line for each problem in the JSON
 */
export async function readNetwork(file: string): Promise<NetworkFunction> {
  const text = await readBoundedText(file, {
    mostBytes,
    cure: "give the JSON file of a network",
    refuse: (sentence, cause) => new NetworkError(sentence, { cause }),
  });
  const name = printableLine(basename(file).replace(/\.json$/i, "")).slice(0, 100);
  return (options) => parseNetwork(text, { ...options, name, source: file });
}
