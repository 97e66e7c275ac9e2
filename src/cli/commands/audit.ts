/** `naevus audit`: finds out what is wrong with a data folder, and says so with pictures. */
import type { Command } from "commander";
import { cacheFolder } from "../../disk/cache-folder.ts";
import { formatAudit } from "../../report/audit/audit-text.ts";
import { writeAudit } from "../../report/audit/write-audit.ts";
import { addSettingOptions, settingsFromFlags, withinPixelLimit } from "../options/setting-options.ts";
import { stoppable } from "../terminal/interruption.ts";
import { movingBar } from "../terminal/moving-bar.ts";
import { problemLines } from "../terminal/progress.ts";
import { printText, printWarning, type Terminal } from "../terminal/terminal.ts";

interface AuditOptions extends Readonly<Record<string, unknown>> {
  readonly data: string;
  readonly metadata?: readonly string[];
  readonly mapping?: string;
  readonly curation?: string;
  readonly classMap?: string;
  readonly out: string;
  readonly images: boolean;
  readonly json?: boolean;
}

/** Adds the command; `finish` takes its exit status. Findings are no failure: they end with status 0. */
export function addAuditCommand(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  const command = program
    .command("audit")
    .description(
      "Find what is wrong with a data folder: broken files, duplicates, leaks, contradicting labels, confounding sources",
    )
    .requiredOption("--data <path>", "Folder of images; none of them is changed")
    .option(
      "--metadata <path...>",
      "CSV of metadata: lesions, patients, and the diagnoses that labels are compared with",
    )
    .option(
      "--mapping <path>",
      "CSV with the columns diagnosis and class, in addition to the built-in names of ISIC and HAM10000",
    )
    .option("--curation <file>", "Curation plan; what it leaves is audited")
    .option("--out <path>", "Folder for audit.json and audit.html, a page with pictures", "audit")
    .option("--no-images", "Leave pictures of the images out of the page, so that it can be shared")
    .option(
      "--json",
      "Print the content of audit.json as one JSON object to standard output, everything else to standard error",
    );
  addSettingOptions(command, ["classMap", "maxPixels", "cache"]).action(async (options: AuditOptions) =>
    finish(await withinPixelLimit(options, () => runAudit(options, terminal))),
  );
}

async function runAudit({ data, json, cache, ...options }: AuditOptions, terminal: Terminal): Promise<number> {
  const bar = movingBar(terminal);
  return stoppable({ terminal, view: bar, whenStopped: "stopped; nothing was written" }, async (signal) => {
    const { audit, files, problems } = await writeAudit(data, {
      ...options,
      cacheFolder: await cacheFolder(settingsFromFlags({ cache }).cache, (message) => printWarning(terminal, message)),
      signal,
      onProgress: (what, done, total) => bar.move(what, done, total, `${done} of ${total}`),
    });
    bar.stop();
    for (const line of problemLines(problems)) terminal.error(line);
    if (json) terminal.out(JSON.stringify(audit));
    else printText(terminal.out, formatAudit(audit));
    const print = json ? terminal.error : terminal.out;
    const page = options.images ? "with pictures" : "as a page without pictures";
    for (const line of ["", `all findings: ${files.json}`, `${page}: ${files.html}`]) print(line);
    return 0;
  });
}
