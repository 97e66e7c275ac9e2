/** `naevus study` and `naevus compare` on the command line: refusals, and a study that is stopped and gone on with. */
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { main } from "../main.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { recordingTerminal } from "../testing/recorded-command.ts";
import { closingLines } from "./study.ts";

const folder = temporaryFolder();
let data: string;

beforeAll(async () => {
  data = join(folder, "data");
  await writePhantomDataset(data, { images: 150, size: 16, seed: 1 });
});

it("refuses a budget that is none, and settings that a study compares itself", async () => {
  const { terminal: own, lines } = recordingTerminal();
  expect(await main(["study", "--data", data, "--budget", "soon"], own)).toBe(1);
  expect(lines.error.at(-1)).toMatch(/--budget: expected a number of minutes above 0/);
  expect(await main(["study", "--data", data, "--imbalance", "focal"], own)).toBe(1);
  expect(lines.error.join("\n")).toMatch(/unknown option '--imbalance'/);
});

it("stops when asked to, and keeps what is done for the next time", async () => {
  const out = join(folder, "study");
  const args = ["study", "--data", data, "--budget", "0.02", "--out", out, "--image-size", "16", "--threads", "1"];
  const { terminal: own, lines } = recordingTerminal();
  const line = own.out;
  const stopping: Terminal = {
    ...own,
    out: (text) => {
      line(text);
      if (/none, .*fold 1\//.test(text)) process.emit("SIGINT");
    },
  };
  expect(await main([...args, "--cache", join(folder, "cache")], stopping)).toBe(130);
  expect(lines.error.at(-1)).toMatch(/the same command goes on/);
  expect(lines.out).toContain("4/10  Initial model");
  // The notebook's network on the data as published is shown as `train` shows it.
  const printed = lines.out.join("\n");
  expect(printed).toMatch(/^epoch +1\/\d+ {2}loss [\d.]+ {2}accuracy [\d.]+ % {2}\d+ images\/s/m);
  expect(printed).toMatch(/^official: \d+ images of 9 classes/m);
  expect(printed).toMatch(/^run: .*models/m);
  expect(await readdir(join(out, "steps"))).toContain("budget.json");
});

it("takes a network as a file, compares it by its name, and needs the file's units to be those of the classes", async () => {
  const file = (name: string) => join(folder, `${name}.json`);
  const layers = (units: number | string) => [
    { kind: "normalize" },
    { kind: "conv2d", filters: 4, kernel: 3 },
    { kind: "relu" },
    { kind: "globalAveragePool" },
    { kind: "dense", units },
  ];
  await writeFile(file("my net"), JSON.stringify({ layers: layers("classes") }));
  await writeFile(file("of two"), JSON.stringify({ layers: layers(2) }));
  const args = ["study", "--data", data, "--image-size", "8", "--threads", "1", "--cache", join(folder, "cache")];
  const study = async (out: string, network: string) => {
    const { terminal: own, lines } = recordingTerminal();
    const stopping: Terminal = {
      ...own,
      out: (text) => {
        own.out(text);
        if (/my net, .*fold 1\//.test(text)) process.emit("SIGINT");
      },
    };
    const argv = [...args, "--budget", "0.2", "--out", join(folder, out), "--network", network];
    return { status: await main(argv, stopping), ...lines };
  };
  const { status, out } = await study("own", file("my net"));
  expect(status).toBe(130);
  expect(out.filter((line) => /my net, .*fold 1\//.test(line))).toHaveLength(1);
  const refused = await study("refused", file("of two"));
  expect(refused.status).toBe(1);
  expect(refused.error.at(-1)).toMatch(/network "of two": its last layer gives 2 logits, and the data have 9 classes/);
  expect(refused.out.join("\n")).not.toContain("4/10");
  const missing = await study("missing", "resnet");
  expect(missing.error.at(-1)).toMatch(/--network: expected one of notebook, .* a module .*, got "resnet"/);
});

it("says before all figures that the final model is worse than the first", () => {
  const conclusion = {
    cautions: ["The final model is worse."],
    found: ["Accuracy is 29 %."],
    hard: [],
    next: [],
    limits: [],
  };
  expect(closingLines({ conclusion, origin: "folder" })).toEqual([
    "! The final model is worse.",
    "- Accuracy is 29 %.",
  ]);
});

it("compare says what it needs", async () => {
  const { terminal: own, lines } = recordingTerminal();
  expect(await main(["compare", join(folder, "none"), join(folder, "other"), "--data", data], own)).toBe(1);
  expect(lines.error.at(-1)).toMatch(/no run there/);
  expect(await main(["compare", join(folder, "none")], own)).toBe(1);
  expect(lines.error.join("\n")).toMatch(/required option '--data <path>'/);
});
