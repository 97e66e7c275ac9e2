/** `train --network` with a module: the same bits from the function, from JSON and from the stored run, which needs the file no more. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { runRecorded } from "../testing/recorded-command.ts";

const folder = temporaryFolder();
const data = join(folder, "data");
const small = ["--image-size", "8", "--engine", "reference", "--batch", "8", "--epochs", "1"];
const naevus = (...argv: readonly string[]) => runRecorded(argv, { environment: { XDG_CACHE_HOME: folder } });
const train = (network: string, out: string, ...more: readonly string[]) =>
  naevus("train", "--data", data, "--network", network, ...small, "--out", join(folder, out), ...more);
const bits = (run: string) => readFile(join(folder, run, "model.onnx"), "base64");

beforeAll(async () => {
  await naevus("data", "phantom", "--out", data, "--images", "36", "--size", "8");
});

it("trains the network of a module, of JSON and of a run to the same bits, and the run needs no file", async () => {
  const layers =
    '[{"kind":"normalize"},{"kind":"conv2d","filters":2,"kernel":3},{"kind":"flatten"},{"kind":"dense","units":"classes"}]';
  const [module, json] = [join(folder, "mine.mjs"), join(folder, "mine.json")];
  await writeFile(json, `{"layers":${layers}}`);
  const source = `import { conv2d, dense, flatten, imageInput, normalize } from "naevus/network";
    console.log("made");
    export default async ({ classes, imageSize }) => ({
      name: "mine", input: imageInput(imageSize), layers: [normalize(), conv2d(2, 3), flatten(), dense(classes)],
    });`;
  await writeFile(module, source);
  const { status, out, error } = await train(module, "module", "--json");
  expect({ status, error }).toMatchObject({ status: 0, error: expect.stringMatching(/^made$/m) });
  expect(JSON.parse(out)).toMatchObject({ network: "mine" });
  await writeFile(module, "throw 1;");
  for (const [network, run] of [
    [json, "json"],
    [join(folder, "module"), "stored"],
  ] as const) {
    expect(await train(network, run)).toMatchObject({ status: 0 });
    expect(await bits(run)).toBe(await bits("module"));
  }
  await rm(module);
  await rm(join(folder, "module/model.onnx"));
  expect(await naevus("train", "--resume", join(folder, "module"))).toMatchObject({ status: 0 });
  expect(await bits("module")).toBe(await bits("json"));
});

it("says before anything else what is wrong with a module, and leaves no run", async () => {
  const file = join(folder, "wrong.mjs");
  await writeFile(file, "export default () => {\n  throw new Error('not yet');\n};");
  const wrong = await train(file, "wrong");
  expect(wrong).toMatchObject({ status: 1, out: "" });
  expect(wrong.error).toContain(`naevus: ${file}: line 2: it fails with "not yet"; correct the module`);
  await expect(readFile(join(folder, "wrong/config.json"))).rejects.toThrow("ENOENT");
});

it.each(["cross-validate", "profile"])("%s loads no module", async (command) => {
  const file = join(folder, "mark.mjs");
  await writeFile(
    file,
    'import { writeFileSync } from "node:fs"; writeFileSync(new URL("mark", import.meta.url), "");',
  );
  const more = command === "profile" ? [] : ["--data", data, "--out", join(folder, "folds")];
  const { status, error } = await naevus(command, "--network", file, ...more);
  expect({ status, error }).toMatchObject({
    status: 1,
    error: expect.stringContaining("this command loads no module"),
  });
  await expect(readFile(join(folder, "mark"))).rejects.toThrow("ENOENT");
});
