/** `naevus data isic9`: downloads the ISIC 9-class set from the ISIC Archive. */

import { relative, resolve } from "node:path";
import type { Command } from "commander";
import { isicArchive } from "../../acquire/isic-archive/archive-record.ts";
import { type DownloadResult, downloadIsicImages } from "../../acquire/isic-archive/isic-download.ts";
import { isic9Manifest } from "../../acquire/isic-archive/manifest.ts";
import { SettingsError } from "../../errors.ts";
import { stopwatch } from "../../stopwatch.ts";
import { count, plural } from "../../text/numbers.ts";
import { version } from "../../version.ts";
import { wholeNumber } from "../options/whole-number.ts";
import { downloadView } from "../terminal/download-progress.ts";
import { stoppable } from "../terminal/interruption.ts";
import { shellWord, type Terminal } from "../terminal/terminal.ts";

interface Isic9Options {
  readonly out: string;
  readonly maxSide?: string;
  readonly parallel: string;
  readonly archive: string;
  readonly imageHost?: readonly string[];
}

const licence = [
  "Every image has its own licence, CC-0, CC-BY or CC-BY-NC: a part of the set is not for commercial use. Use it for",
  "research and teaching, and name its sources; metadata.csv will tell licence and attribution of every image.",
];

/** Adds the command; `finish` takes its exit status. */
export function addIsic9Command(data: Command, terminal: Terminal, finish: (status: number) => void): void {
  data
    .command("isic9")
    .description("Download the ISIC 9-class set, 2,357 photographs of skin lesions, from the ISIC Archive")
    .requiredOption("--out <path>", "Folder for the images; a download that was stopped there is continued")
    .option(
      "--max-side <n>",
      "Reduce images to at most this width and height in pixels (default: as the archive has them)",
    )
    .option("--parallel <n>", "Number of images that are downloaded at once", "8")
    .option("--archive <url>", "Address of the archive's API, version 2, or of a mirror", isicArchive)
    .option(
      "--image-host <host...>",
      "Further hosts on which a mirror keeps its images, such as files.example.org:8443; no other hosts are asked",
    )
    .action(async (options: Isic9Options) => finish(await runIsic9(options, terminal)));
}

async function runIsic9(
  { out, maxSide, parallel, archive, imageHost }: Isic9Options,
  terminal: Terminal,
): Promise<number> {
  if (!URL.canParse(archive) || !/^https?:$/.test(new URL(archive).protocol)) {
    throw new SettingsError(`--archive: expected an address that begins with http:// or https://, got "${archive}"`);
  }
  for (const host of imageHost ?? []) {
    if (!URL.canParse(`https://${host}`) || new URL(`https://${host}`).host !== host.toLowerCase()) {
      throw new SettingsError(
        `--image-host: expected a host such as files.example.org or files.example.org:8443, got "${host}"`,
      );
    }
  }
  const settings = {
    archive,
    imageHosts: imageHost,
    maxSide: maxSide === undefined ? undefined : wholeNumber("--max-side", maxSide, 32, 16_384),
    parallel: wholeNumber("--parallel", parallel, 1, 32),
    userAgent: `naevus/${version}`,
  };
  const folder = resolve(out);
  const manifest = isic9Manifest();
  terminal.error(`The ISIC 9-class set, ${count(manifest.length)} files, from ${new URL(archive).host}.`);
  for (const line of licence) terminal.error(line);
  const view = downloadView(terminal, stopwatch);
  return stoppable(
    {
      terminal,
      view,
      whenStopped: () => {
        const { done, total, missing } = view.reached ?? { done: 0, total: 0, missing: 0 };
        const there = total > 0 ? `${count(done - missing)} of ${count(total)} images are there; ` : "";
        return `stopped; ${there}the same command goes on`;
      },
    },
    async (signal) => {
      const result = await downloadIsicImages(folder, "isic9", manifest, { ...settings, signal, onEvent: view.show });
      view.stop();
      return report(result, out, terminal);
    },
  );
}

function report(result: DownloadResult, out: string, terminal: Terminal): number {
  const { files, wanted, images, fetched, missing, gaveUp, licences, useful } = result;
  const part = (there: number, all: number) => (there < all ? `${count(there)} of ${count(all)}` : count(all));
  const total = images + missing.length;
  const counts = `${part(files, wanted)} files (${part(images, total)} images, ${count(fetched)} fetched now)`;
  terminal.out(`${result.folder}: ${counts}`);
  if (images > 0) {
    terminal.out(`licences: ${[...licences].map(([name, number]) => `${count(number)} ${name}`).join(", ")}`);
  }
  if (missing.length > 0) {
    terminal.out(`could not be had: ${plural(missing.length, "image")}, listed in missing.csv there`);
    for (const [reason, number] of reasonsOf(result)) terminal.out(`  ${count(number).padStart(5)}  ${reason}`);
  }
  if (gaveUp !== undefined) terminal.error(`gave up: ${gaveUp}`);
  if (missing.some(({ passing }) => passing)) {
    terminal.error("the same command asks again for what is missing, and for nothing else");
  }
  if (useful) {
    terminal.out("Train on them with:");
    terminal.out(`  npx naevus train --data ${shellWord(relative("", resolve(out)) || ".")}`);
    return 0;
  }
  terminal.error(
    "naevus: too little to train on: at least half of the files, and training images of every class, are needed",
  );
  return 1;
}

/** How many images are missing for which reason, the most frequent first. */
function reasonsOf({ missing }: DownloadResult): [string, number][] {
  const counts = new Map<string, number>();
  for (const { reason } of missing) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}
