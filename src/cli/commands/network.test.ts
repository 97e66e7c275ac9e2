/** `naevus network` from its words to its table and its JSON. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writePhantomDataset } from "../../acquire/phantom/phantom-files.ts";
import { enginesUnderTest, onednnEngines } from "../../engine/testing/engines-under-test.ts";
import { networkNames } from "../../network/architectures.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { runRecorded } from "../testing/recorded-command.ts";

const folder = temporaryFolder();

const network = (...argv: readonly string[]) => runRecorded(["network", ...argv]);

const small = ["notebook", "--image-size", "16", "--batch", "2", "--classes", "3", "--no-measure"];
const engine = ["--engine", "reference"];

const lines = (text: string) => text.split("\n");

it("shows every layer and the sums, on 80 columns", async () => {
  const { status, out, error } = await network(...small, ...engine);
  expect(status).toBe(0);
  expect(error).toBe("");
  expect(lines(out)[0]).toBe("notebook: images of 3x16x16 (channels x height x width), 3 classes");
  expect(out).toMatch(/^1 conv2d 16 filters 3x3 +16x16x16 +448 +221 k +3x3$/m);
  expect(out).toMatch(/^10 flatten +256 +all$/m);
  expect(out).toMatch(/^parameters +56,867 trained$/m);
  expect(out).toMatch(/^memory +\d.* for a training step on 2 images: activations/m);
  expect(out).toMatch(/^engine +plain TypeScript, f32, 1 thread$/m);
  expect(out).not.toMatch(/^speed/m);
});

it.each(networkNames)("keeps %s within 80 columns, and within those of a wider terminal", async (name) => {
  for (const columns of [80, 100]) {
    const given = { columns };
    const { out } = await runRecorded(["network", name, ...small.slice(1), "--image-size", "64", ...engine], given);
    expect(Math.max(...lines(out).map((line) => line.length))).toBeLessThanOrEqual(columns);
    expect(out).not.toContain("…");
  }
});

it("gives the same as one JSON object, with nothing else on standard output", async () => {
  const { out } = await network(...small, ...engine, "--json");
  expect(JSON.parse(out)).toMatchObject({
    name: "notebook",
    input: [3, 16, 16],
    classes: 3,
    totals: { trainable: 56_867, otherParameters: 0 },
    batch: 2,
    precision: "f32",
    engine: { name: "reference" },
    memory: { weights: 8 * 56_867, gradients: 8 * 56_867, optimizer: 16 * 56_867 },
    speed: null,
  });
});

it("writes a drawing", async () => {
  const file = join(folder, "network.svg");
  const { status, error } = await network(...small, ...engine, "--svg", file);
  expect(error).toBe(`written: ${file}`);
  expect(status).toBe(0);
  const drawing = await readFile(file, "utf8");
  expect(drawing).toMatch(/^<svg [^>]*role="img"/);
  expect(drawing).toContain("conv2d 16 filters 3x3");
});

describe("a network of the user's own", () => {
  const rest = ["--batch", "2", "--no-measure", "--json", ...engine];
  const made = async (name: string, text: string) => {
    const file = join(folder, name);
    await writeFile(file, text);
    return file;
  };
  const layers = (units: string) =>
    `[{"kind": "normalize"}, {"kind": "flatten"}, {"kind": "dense", "units": ${units}}]`;

  it("comes from a JSON file, with as many classes as it says or as are asked for", async () => {
    const fixed = await made("fixed.json", `{"input": {"height": 4, "width": 6}, "layers": ${layers("2")}}`);
    expect(JSON.parse((await network(fixed, ...rest)).out)).toMatchObject({
      name: "fixed",
      input: [3, 4, 6],
      classes: 2,
    });
    expect((await network(fixed, ...rest, "--classes", "3")).error).toMatch(
      /gives 2 logits, and the data have 3 classes/,
    );
    const free = await made("free.json", `{"input": {"height": 4, "width": 6}, "layers": ${layers('"classes"')}}`);
    expect(JSON.parse((await network(free, ...rest)).out)).toMatchObject({ classes: 9 });
    const asked = ["--classes", "3", "--image-size", "8x5"];
    expect(JSON.parse((await network(free, ...rest, ...asked)).out)).toMatchObject({ classes: 3, input: [3, 8, 5] });
  });

  it("comes from a module, which --write writes as JSON for the commands that load none", async () => {
    const source = `export default ({ classes }) => ({ input: { height: 4, width: 4 }, layers: ${layers("classes")} });`;
    const file = await made("mine.mjs", source);
    const json = join(folder, "written.json");
    const shown = await network(file, ...rest, "--write", json);
    expect(JSON.parse(shown.out)).toMatchObject({ name: "mine", input: [3, 4, 4], classes: 9 });
    const again = await network(json, ...rest);
    expect({ ...again, error: `written: ${json}` }).toEqual(shown);
    expect(await readFile(json, "utf8")).toContain('"units": "classes"');
    const five = await made("five.mjs", source.replace('"units": classes', '"units": 5'));
    expect(JSON.parse((await network(five, ...rest)).out)).toMatchObject({ classes: 5 });
    expect((await network(five, ...rest, "--classes", "9")).error).toMatch(
      /gives 5 logits, and the data have 9 classes/,
    );
  });

  it("is a run's, at its size and for its classes", async () => {
    const data = join(folder, "data");
    await writePhantomDataset(data, { images: 24, size: 8, seed: 1 });
    const run = join(folder, "run");
    const quick = ["--image-size", "8", "--batch", "4", "--epochs", "1", "--cache", join(folder, "cache"), ...engine];
    expect(await runRecorded(["train", "--data", data, "--out", run, ...quick])).toMatchObject({ status: 0 });
    const { classes } = JSON.parse(await readFile(join(run, "config.json"), "utf8")).data;
    const { out } = await network(run, ...rest);
    expect(JSON.parse(out)).toMatchObject({ name: "notebook", input: [3, 8, 8], classes: classes.length });
  });
});

it("measures training and inference where it is not left out, the slow engine on one image", async () => {
  const tiny = ["notebook", "--image-size", "8", "--batch", "2", "--seconds", "1"];
  const { out, error } = await network(...tiny, ...engine, "--json");
  const { speed } = JSON.parse(out);
  expect(speed.batch).toBe(1);
  expect(speed.training).toBeGreaterThan(0);
  expect(speed.inference).toBeGreaterThan(0);
  expect(error).toContain("measuring");
});

it("lists all named networks, one line each, with --list and without a word", async () => {
  const { out } = await network("--list");
  const [table, ...others] = out.split("\n\n");
  expect(lines(table!).map((line) => line.split(" ")[0])).toEqual(["network", ...networkNames]);
  expect(others.join("\n\n")).toMatch(
    /^resnet18, resnet34, resnet50:\nwidth +filters of the first convolution\n +a whole number from 1 to 4096; default 64$/m,
  );
  expect(out).toMatch(/^notebook +180x180 +14 +3,989,801 +185 M +16.0 MB$/m);
  expect((await network()).out).toBe(out);
  const json = JSON.parse((await network("--list", "--json")).out);
  expect(json.map(({ name }: { name: string }) => name)).toEqual(networkNames);
  expect(json[0]).toMatchObject({ input: [3, 180, 180], totals: { trainable: 3_989_801 }, options: {} });
  expect(json.at(-1).options.width).toMatchObject({ expected: expect.stringContaining("a whole number") });
});

describe("what it refuses", () => {
  it.each([
    [["notebok"], /did you mean notebook\?/],
    [["notebook", "--list"], /--list shows all networks/],
    [["notebook", "--classes", "0"], /--classes: expected a whole number/],
    [["notebook", "--seconds", "0"], /--seconds: expected a whole number/],
    [["notebook", "--image-size", "4"], /notebook.*does not fit/],
    [["notebook", "--precision", "bf16", ...engine], /the reference engine computes|f32/],
  ])("%j", async (argv, sentence) => {
    const { status, out, error } = await network(...argv);
    expect(status).toBe(1);
    expect(out === "" || argv.includes("bf16")).toBe(true);
    expect(error).toMatch(sentence);
  });
});

describe("the memory of a training step", () => {
  const memoryOf = async (name: "onednn" | "reference", batch: number) =>
    JSON.parse(
      (
        await network(
          "notebook",
          "--image-size",
          "16",
          "--batch",
          `${batch}`,
          "--no-measure",
          "--json",
          "--engine",
          name,
        )
      ).out,
    ).memory;

  it.each([...new Set(enginesUnderTest.map(({ engine: { description } }) => description.name))])(
    "grows with the batch in activations alone, on %s",
    async (name) => {
      const [few, many] = [await memoryOf(name, 2), await memoryOf(name, 64)];
      expect({ ...many, activations: 0 }).toEqual({ ...few, activations: 0 });
      expect(many.activations).toBeGreaterThan(few.activations);
    },
  );

  it.skipIf(onednnEngines.length === 0)("counts float32 of weights, gradients and two moments on oneDNN", async () => {
    const { weights, gradients, optimizer } = await memoryOf("onednn", 2);
    expect(weights).toBeGreaterThanOrEqual(4 * 57_641);
    expect(weights).toBeLessThan(4 * 57_641 + 4096);
    expect(gradients).toBe(weights);
    expect(optimizer).toBe(2 * weights);
  });
});
