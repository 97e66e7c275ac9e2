/** `naevus show`: pictures of a data folder as files. */
import type { Command } from "commander";
import { cacheFolder } from "../../disk/cache-folder.ts";
import { SettingsError } from "../../errors.ts";
import { show, showFormats } from "../../report/show/show.ts";
import { addSettingOptions, settingsFromFlags, withinPixelLimit } from "../options/setting-options.ts";
import { wholeNumber } from "../options/whole-number.ts";
import { stoppable } from "../terminal/interruption.ts";
import { movingBar } from "../terminal/moving-bar.ts";
import { problemLines } from "../terminal/progress.ts";
import { printWarning, type Terminal } from "../terminal/terminal.ts";

interface ShowOptions extends Readonly<Record<string, unknown>> {
  readonly data: string;
  readonly curation?: string;
  readonly classMap?: string;
  readonly out: string;
  readonly format: string;
  readonly perClass: string;
  readonly images: boolean;
}

/** Adds the command; `finish` takes its exit status. */
export function addShowCommand(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  const command = program
    .command("show")
    .description(
      "Draw pictures of a data folder: samples of every class, the class distribution, contradicting labels side by side",
    )
    .requiredOption("--data <path>", "Folder of images")
    .option("--curation <file>", "Curation plan; what it leaves is drawn, and the distribution before and after it")
    .option("--out <path>", "Folder for the pictures", "pictures")
    .option("--format <name>", `Format of the pictures: ${showFormats.join(" or ")}`, "svg")
    .option("--no-images", "Draw only the class distribution, which shows no image")
    .option("--per-class <n>", "Images of each class in the gallery", "8");
  addSettingOptions(command, ["classMap", "maxPixels", "cache"]).action(async (options: ShowOptions) =>
    finish(await withinPixelLimit(options, () => runShow(options, terminal))),
  );
}

async function runShow(options: ShowOptions, terminal: Terminal): Promise<number> {
  const { data, curation, classMap, out } = options;
  const format = showFormats.find((name) => name === options.format);
  if (format === undefined) {
    throw new SettingsError(`--format: expected ${showFormats.join(" or ")}, got "${options.format}"`);
  }
  const perClass = wholeNumber("--per-class", options.perClass, 1, 1000);
  const { cache } = settingsFromFlags({ cache: options.cache });
  const bar = movingBar(terminal);
  return stoppable({ terminal, view: bar, whenStopped: "stopped" }, async (signal) => {
    const { files, problems } = await show(data, {
      out,
      curation,
      classMap,
      format,
      perClass,
      images: options.images,
      cacheFolder: await cacheFolder(cache, (message) => printWarning(terminal, message)),
      signal,
      onProgress: (done, total) => bar.move("reading images", done, total, `${done} of ${total}`),
    });
    bar.stop();
    for (const line of problemLines(problems)) terminal.error(line);
    for (const file of files) terminal.out(file);
    if (!options.images) terminal.error("gallery and conflicts show images, and were left out");
    return 0;
  });
}
