/** `naevus data`: data sets that naevus draws itself or downloads. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import { wholeNumber } from "../options/whole-number.ts";
import { stoppable } from "../terminal/interruption.ts";
import { progressView } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { addIsic9Command } from "./isic9.ts";

interface PhantomOptions {
  readonly out: string;
  readonly images: string;
  readonly size: string;
  readonly seed: string;
}

/** Adds the commands; `finish` takes their exit status. */
export function addDataCommand(program: Command, terminal: Terminal, finish: (status: number) => void): void {
  const data = program.command("data").description("Download or draw a data set");
  addIsic9Command(data, terminal, finish);
  data
    .command("phantom")
    .description("Draw a phantom data set: procedural lesions for trying things out, which show no real skin")
    .requiredOption("--out <path>", "New folder for the images")
    .option("--images <n>", "Number of images", "1200")
    .option("--size <n>", "Height and width in pixels", "180")
    .option("--seed <n>", "Seed of all randomness", "0")
    .action(async ({ out, images, size, seed }: PhantomOptions) => {
      const options = {
        images: wholeNumber("--images", images, 18, 1_000_000),
        size: wholeNumber("--size", size, 1, 4096),
        seed: wholeNumber("--seed", seed, 0, 2 ** 32 - 1),
      };
      const folder = resolve(out);
      const view = progressView(terminal, terminal.out);
      const status = await stoppable(
        { terminal, view, whenStopped: "stopped; nothing was written" },
        async (signal) => {
          const onProgress = (done: number, total: number) => view.show({ kind: "drawing", done, total });
          await writePhantomDataset(folder, { ...options, onProgress, signal });
          terminal.out(`${folder}: ${options.images} phantom images`);
          return 0;
        },
      );
      finish(status);
    });
}
