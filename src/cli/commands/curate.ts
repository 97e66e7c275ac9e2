/** `naevus curate`: writes a curation plan, which says what to leave out, relabel and group, and why. */
import type { Command } from "commander";
import { type CurationResult, curate } from "../../run/curate.ts";
import { nameList } from "../../text/name-list.ts";
import { plural } from "../../text/numbers.ts";
import { addSettingOptions, settingsFromFlags, withinPixelLimit } from "../options/setting-options.ts";
import { stoppable } from "../terminal/interruption.ts";
import { progressView } from "../terminal/progress.ts";
import { shellWord, type Terminal } from "../terminal/terminal.ts";

/** Classes left out that are listed one by one. */
const listedClasses = 20;

interface CurateOptions extends Readonly<Record<string, unknown>> {
  readonly data: string;
  readonly metadata?: readonly string[];
  readonly mapping?: string;
  readonly patients?: boolean;
  readonly out: string;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds the command; `finish` takes its exit status. */
export function addCurateCommand(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  const command = program
    .command("curate")
    .description(
      "Write a curation plan, for --curation, that resolves the duplicates and contradicting labels of a data folder",
    )
    .requiredOption("--data <path>", "Folder of images; none of them is changed")
    .option(
      "--metadata <path...>",
      "CSV of metadata: lesions, and the diagnoses that decide between contradicting labels",
    )
    .option(
      "--mapping <path>",
      "CSV with the columns diagnosis and class, in addition to the built-in names of ISIC and HAM10000",
    )
    .option("--patients", "Keep all images of one patient together, not only those of one lesion")
    .requiredOption("--out <file>", "New CSV file for the plan")
    .option("--overwrite", "Replace the file if it exists")
    .option(
      "--json",
      "Print what the plan does as one JSON object to standard output, everything else to standard error",
    );
  addSettingOptions(command, ["maxPixels", "cache"]).action(async (options: CurateOptions) =>
    finish(await withinPixelLimit(options, () => runCurate(options, terminal))),
  );
}

async function runCurate(options: CurateOptions, terminal: Terminal): Promise<number> {
  const { data, out, overwrite, metadata, mapping, patients } = options;
  const { cache } = settingsFromFlags({ cache: options.cache });
  const view = progressView(terminal, terminal.error);
  return stoppable({ terminal, view, whenStopped: "stopped; nothing was written" }, async (signal) => {
    const result = await curate(data, {
      out,
      overwrite,
      metadata,
      mapping,
      patients,
      cache,
      signal,
      onEvent: view.show,
    });
    view.stop();
    if (result.problems.length > 0) view.show({ kind: "problems", problems: result.problems });
    if (options.json) terminal.out(JSON.stringify(result));
    else report(result, data, terminal);
    return 0;
  });
}

function report(result: CurationResult, data: string, terminal: Terminal): void {
  const { plan, images, leftOut, relabelled, grouped, groups, classesLeftOut, classes } = result;
  terminal.out(
    `${plural(images, "image")}: ${leftOut} left out, ${relabelled} relabelled, ${grouped} in ${plural(groups, "group")}`,
  );
  const leftOutClasses = Object.entries(classesLeftOut);
  for (const [name, reason] of leftOutClasses.slice(0, listedClasses))
    terminal.out(`class left out: ${name} (${reason})`);
  const more = leftOutClasses.length - listedClasses;
  if (more > 0) terminal.out(`and ${more} further classes, which the plan names`);
  terminal.out(`${classes.length} classes stay: ${nameList(classes)}`);
  terminal.out(`plan: ${plan}`);
  terminal.out("Every line of it says why. Use it with:");
  terminal.out(`  npx naevus train --data ${shellWord(data)} --curation ${shellWord(plan)}`);
}
