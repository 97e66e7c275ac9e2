/** Runs as a process of its own: what `naevus train` does up to its first step, then says so and ends. */
import { readDataset } from "../image/read-dataset.ts";
import { train } from "../run/train.ts";
import { parseSettings } from "../training/settings/parse.ts";
import type { SettingsInput } from "../training/settings/schema.ts";
import { answer } from "./serve.ts";
// The command line is loaded as well, as it is part of what a user waits for.
import "../cli/main.ts";

const input = JSON.parse(process.argv[2]!) as SettingsInput & { readonly data: string };
const dataset = await readDataset(input.data, parseSettings(input));
const stop = new AbortController();
await train(dataset, input, {
  signal: stop.signal,
  onEvent: ({ kind }) => {
    if (kind !== "step" || stop.signal.aborted) return;
    answer({ stepped: true });
    stop.abort();
  },
});
