/** `naevus network`: what a network is made of, what it costs and how fast it is, as a table, as JSON and as a drawing. */
import type { Command } from "commander";
import { folderExists, refuseUnwritableFile, writeFileAtomic } from "../../disk/files.ts";
import type { Engine } from "../../engine/engine.ts";
import { precisionOn } from "../../engine/precision.ts";
import { measureMemory, measureSpeed } from "../../engine/profile/speed.ts";
import { selectEngine } from "../../engine/select-engine.ts";
import { SettingsError } from "../../errors.ts";
import { type ArchitectureOption, expectedOf } from "../../network/architectures/options.ts";
import { type NetworkName, networkNames, networkOptions } from "../../network/architectures.ts";
import { buildGraph, type Graph } from "../../network/graph.ts";
import { imageGraph } from "../../network/image-graph.ts";
import { formatNetwork } from "../../network/json/format-network.ts";
import { type NetworkSummary, summarize } from "../../network/summary.ts";
import { drawNetwork } from "../../report/network/draw-network.ts";
import { readConfig } from "../../run/folder/run-config.ts";
import { graphOf } from "../../run/run-preparation.ts";
import { checkSettings } from "../../training/settings/parse.ts";
import { architectureOptionsOf, networkOf } from "../../training/settings/resolve.ts";
import type { Settings, SettingsInput } from "../../training/settings/schema.ts";
import { settingsForClasses } from "../../training/settings/train-settings.ts";
import { moduleLoader } from "../modules/network-module.ts";
import { networkSource } from "../options/network-option.ts";
import { addSettingOptions, settingsFromFlags } from "../options/setting-options.ts";
import { wholeNumber } from "../options/whole-number.ts";
import {
  formatHeading,
  formatLayers,
  formatNetworkList,
  formatNetworkOptions,
  formatTotals,
  type MeasuredNetwork,
} from "../terminal/network-table.ts";
import { printText, printWarning, type Terminal } from "../terminal/terminal.ts";

interface NetworkOptions extends Readonly<Record<string, unknown>> {
  readonly list?: boolean;
  readonly classes?: string;
  readonly seconds: string;
  readonly measure: boolean;
  readonly svg?: string;
  readonly write?: string;
  readonly json?: boolean;
}

const settingNames = ["imageSize", "batch", "precision", "engine", "threads"] as const;

/** Classes of a network that is made for as many as one wants. */
const usualClasses = 9;

/** The most columns that a table takes: beyond them figures stand too far from their layer. */
const widest = 110;
const narrowest = 80;

/** Adds the command; `finish` takes its exit status. */
export function addNetworkCommand(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  const command = program
    .command("network")
    .description(
      "Show a network layer by layer: shapes, parameters, arithmetic, what each layer sees of the image, memory and speed",
    )
    .argument(
      "[network]",
      `One of ${networkNames.join(", ")}, with options such as resnet50:width=32 where it has any, a JSON file, a module (.js, .mjs or .ts), or a run`,
    )
    .option("--list", "Show all named networks, one line each, and their options; so does leaving the network out")
    .option(
      "--classes <n>",
      `Classes that it tells apart; by default the run's or the file's own, else ${usualClasses}`,
    )
    .option("--svg <file>", "Write a drawing of the network to this file")
    .option("--write <file>", "Write the network as JSON to this file, which --network of every command takes")
    .option("--seconds <n>", "How long training is measured, and again inference", "3")
    .option("--no-measure", "Leave the speed out")
    .option("--json", "Print all figures as one JSON object to standard output, everything else to standard error");
  addSettingOptions(command, settingNames).action(async (network: string | undefined, options: NetworkOptions) =>
    finish(await runNetwork(network, options, terminal)),
  );
}

async function runNetwork(network: string | undefined, options: NetworkOptions, terminal: Terminal): Promise<number> {
  // Its seconds are those of a measurement, and no setting.
  const { seconds: given, ...others } = options;
  const flags = settingsFromFlags(others);
  const settings = checkSettings(flags);
  const classes = options.classes === undefined ? undefined : wholeNumber("--classes", options.classes, 1, 100_000);
  if (network === undefined || options.list) {
    if (network !== undefined)
      throw new SettingsError(`--list shows all networks; leave it out, or leave out ${network}`);
    const all = networkNames.map((name) => ({ ...settings, network: name }));
    list(
      all.map((each) => summarize(graphOf(each, classes ?? usualClasses))),
      options,
      terminal,
    );
    return 0;
  }
  const seconds = wholeNumber("--seconds", given, 1, 600);
  const { svg, write } = options;
  for (const file of [svg, write]) if (file !== undefined) await refuseUnwritableFile(file);
  const graph = await graphOfSource(network, flags, classes, terminal);
  const summary = summarize(graph);
  if (svg !== undefined) await writeFileAtomic(svg, drawNetwork(summary));
  if (write !== undefined) await writeFileAtomic(write, formatNetwork(graph.network));
  const engine = await selectEngine(settings.engine, (message) => printWarning(terminal, message), {
    ...(settings.threads !== undefined && { threads: settings.threads }),
  });
  if (!options.json) {
    printText(terminal.out, `${formatHeading(summary)}\n`);
    const columns = Math.min(Math.max(terminal.columns ?? narrowest, narrowest), widest);
    printText(terminal.out, `${formatLayers(summary, columns)}\n`);
  }
  if (options.measure) terminal.error(`measuring for ${2 * seconds} s; other work on this machine would show`);
  const measured = await measure(engine, graph, settings, options.measure ? seconds : undefined);
  if (options.json) terminal.out(JSON.stringify({ ...summary, ...measured }));
  else printText(terminal.out, formatTotals(summary, measured));
  for (const file of [svg, write]) if (file !== undefined) printText(terminal.error, `written: ${file}`);
  return 0;
}

/** The graph of a named network, of a file's or of a run's, as large as asked for. */
async function graphOfSource(
  network: string,
  flags: SettingsInput,
  classes: number | undefined,
  { error }: Terminal,
): Promise<Graph> {
  const loadModule = moduleLoader({ print: error, ownClasses: classes === undefined });
  const run = (await folderExists(network)) ? await readConfig(network) : undefined;
  const source = run?.settings.network ?? (await networkSource(network, { loadModule, label: "network" }));
  const imageSize = flags.imageSize ?? run?.settings.imageSize;
  const wanted = classes ?? run?.data.classes.length ?? usualClasses;
  const settings = await settingsForClasses({ ...flags, imageSize, network: source }, wanted);
  const made = networkOf(settings, architectureOptionsOf(settings, wanted));
  // A file that says its number of classes itself need not be told.
  return imageGraph(made, classes ?? buildGraph(made).classes);
}

function list(summaries: readonly NetworkSummary[], { json }: NetworkOptions, terminal: Terminal): void {
  if (json) {
    terminal.out(
      JSON.stringify(
        summaries.map(({ layers: _, ...summary }, i) => ({ ...summary, options: optionsOf(networkNames[i]!) })),
      ),
    );
    return;
  }
  printText(terminal.out, `${formatNetworkList(summaries)}\n`);
  printText(terminal.out, formatNetworkOptions());
}

/** What a named network takes, for programs. */
const optionsOf = (name: NetworkName) =>
  Object.fromEntries(
    Object.entries<ArchitectureOption>(networkOptions[name]).map(([option, form]) => [
      option,
      { decides: form.decides, expected: expectedOf(form), default: form.usual ?? null },
    ]),
  );

async function measure(
  engine: Engine,
  graph: Graph,
  settings: Pick<Settings, "batch" | "precision">,
  seconds: number | undefined,
): Promise<MeasuredNetwork> {
  const { batch } = settings;
  const precision = precisionOn(engine.description, settings.precision);
  // The reference engine takes minutes for a whole batch.
  const atOnce = engine.description.name === "reference" ? 1 : batch;
  return {
    engine: engine.description,
    precision,
    batch,
    memory: measureMemory(engine, graph, { batch, precision }),
    speed:
      seconds === undefined
        ? null
        : { ...(await measureSpeed(engine, graph, { batch: atOnce, precision, seconds })), batch: atOnce },
  };
}
