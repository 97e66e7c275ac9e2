/** `naevus profile`: where the time of a training step goes, layer by layer, beside the machine's limits. */
import type { Command } from "commander";
import { onednnEngine } from "../../engine/onednn/onednn-engine.ts";
import { precisionOn } from "../../engine/precision.ts";
import { profileTraining } from "../../engine/profile/profile.ts";
import { measureRoofline } from "../../engine/profile/roofline.ts";
import { graphOf } from "../../run/run-preparation.ts";
import { settingsForClasses } from "../../training/settings/train-settings.ts";
import { addSettingOptions, trainSettingsFromFlags } from "../options/setting-options.ts";
import { wholeNumber } from "../options/whole-number.ts";
import { formatProfile } from "../terminal/profile-table.ts";
import { printText, type Terminal } from "../terminal/terminal.ts";

interface ProfileOptions extends Readonly<Record<string, unknown>> {
  readonly rounds: string;
  readonly json?: boolean;
}

const settingNames = ["network", "imageSize", "precision", "batch", "threads"] as const;
const classes = 9;

/** Adds the command; `finish` takes its exit status. */
export function addProfileCommand(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  const command = program
    .command("profile")
    .description("Show where a training step spends its time: every primitive, its rate and the machine's limit for it")
    .option("--rounds <n>", "How often everything is timed; medians are shown", "7")
    .option("--json", "Print the figures as one JSON object to standard output, everything else to standard error");
  addSettingOptions(command, settingNames).action(async (options: ProfileOptions) =>
    finish(await runProfile(options, terminal)),
  );
}

async function runProfile(options: ProfileOptions, terminal: Terminal): Promise<number> {
  const settings = await settingsForClasses(await trainSettingsFromFlags(options), classes);
  const { precision, batch, threads } = settings;
  const rounds = wholeNumber("--rounds", options.rounds, 1, 1000);
  const graph = graphOf(settings, classes);
  const engine = onednnEngine(threads === undefined ? {} : { threads });
  const computed = precisionOn(engine.description, precision);
  terminal.error("measuring the machine's limits and the step; other work on it would show in the figures");
  const roofline = measureRoofline(engine, computed);
  const profile = profileTraining(engine, graph, { batch, rounds, roofline });
  if (options.json) terminal.out(JSON.stringify(profile));
  else printText(terminal.out, formatProfile(profile));
  return 0;
}
