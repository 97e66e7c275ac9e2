/** Hostile names through the commands that train many networks: a study and a cross-validation. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { checkFiles, hostileNames, printed, writeHostileData } from "./testing/hostile-names.ts";

const folder = temporaryFolder();
let data: string;
let small: readonly string[];
const classes = hostileNames.map((name) => name.normalize("NFC")).sort();

beforeAll(async () => {
  data = join(folder, "data\u001b\n<b>");
  await writeHostileData(data, join(folder, "metadata.csv"), { train: 6, test: 2 });
  small = ["--data", data, "--metadata", join(folder, "metadata.csv"), "--image-size", "16", "--threads", "1"];
});

it("study", async () => {
  const out = join(folder, "study\u202e=1");
  const { status, error, out: said } = await printed("study", ...small, "--budget", "0.02", "--out", out);
  expect(status, error).toBe(0);
  expect(said).toContain("report.html");
  const looked = await checkFiles(out);
  for (const suffix of ["html", "md", "json", "csv"]) expect(looked.get(suffix)).toBeGreaterThan(0);
  const page = await readFile(join(out, "report.html"), "utf8");
  const report = JSON.parse(await readFile(join(out, "report.json"), "utf8"));
  expect([...report.classes].sort()).toEqual(classes);
  for (const name of ["constructor", "__proto__", "toString"]) expect(page).toContain(`<th scope="row">${name}</th>`);
  expect(await readFile(join(out, "report.md"), "utf8")).toContain("| \\_\\_proto\\_\\_ |");
});

it("cross-validate", async () => {
  const out = join(folder, "folds\u0007");
  const args = ["--folds", "2", "--epochs", "1", "--batch", "8", "--json", "--out", out];
  const { status, error, out: said } = await printed("cross-validate", ...small, ...args);
  expect(status, error).toBe(0);
  expect([...JSON.parse(said).classes].sort()).toEqual(classes);
  expect((await checkFiles(out)).get("csv")).toBeGreaterThan(0);
});
