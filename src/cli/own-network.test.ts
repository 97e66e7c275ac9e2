/** A network in a file at the command line: trained, gone on with, cross-validated and judged, of which the run alone is needed afterwards. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writePhantomDataset } from "../acquire/phantom/phantom-files.ts";
import { readConfig } from "../run/folder/run-config.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { runRecorded } from "./testing/recorded-command.ts";

const folder = temporaryFolder();
const at = (...names: readonly string[]) => join(folder, ...names);
const layers = [
  { kind: "normalize" },
  { kind: "conv2d", filters: 4, kernel: 3, stride: 2 },
  { kind: "relu" },
  { kind: "globalAveragePool" },
  { kind: "dense", units: "classes" },
];
const file = at("my net.json");
const naevus = (...argv: readonly string[]) => runRecorded(argv, { environment: { XDG_CACHE_HOME: folder } });
const settings = [
  "--engine",
  "reference",
  "--batch",
  "8",
  "--epochs",
  "1",
  "--data",
  at("data"),
  "--cache",
  at("cache"),
];
const train = (out: string, ...argv: readonly string[]) => naevus("train", ...settings, "--out", at(out), ...argv);
const model = (run: string) => readFile(at(run, "model.onnx"));

beforeAll(async () => {
  await writePhantomDataset(at("data"), { images: 40, size: 8, seed: 1 });
  await writeFile(file, JSON.stringify({ input: { height: 8, width: 8 }, layers }));
  const { status, error } = await train("run", "--network", file);
  expect(status, error).toBe(0);
});

it("keeps the network whole, called after its file, and needs the file no more", async () => {
  const { settings: kept, data } = await readConfig(at("run"));
  expect(kept.network).toMatchObject({ name: "my net", input: { channels: 3, height: 8, width: 8 } });
  expect(JSON.stringify(kept.network)).toContain(`{"kind":"dense","units":${data.classes.length},"bias":true}`);
  const gone = at("gone.json");
  await writeFile(gone, JSON.stringify({ name: "my net", input: { height: 8, width: 8 }, layers }));
  await train("of a file that is gone", "--network", gone);
  await rm(gone);
  for (const verb of [
    ["train", "--resume", at("of a file that is gone")],
    ["evaluate", at("of a file that is gone"), "--data", at("data")],
  ]) {
    expect((await naevus(...verb)).status, verb.join(" ")).toBe(0);
  }
  expect(await model("of a file that is gone")).toEqual(await model("run"));
});

it("takes it from a run, from a file of settings and from a path beside that", async () => {
  await writeFile(at("inline.json"), JSON.stringify({ network: { name: "my net", layers }, imageSize: 8 }));
  await writeFile(at("path.json"), JSON.stringify({ network: "my net.json" }));
  const ways = [
    ["--network", at("run")],
    ["--config", at("inline.json")],
    ["--config", at("path.json")],
  ];
  for (const [number, way] of ways.entries()) {
    const { status, error } = await train(`way ${number}`, ...way);
    expect(status, error).toBe(0);
    expect(await model(`way ${number}`)).toEqual(await model("run"));
    expect((await readConfig(at(`way ${number}`))).settings.network).toEqual(
      (await readConfig(at("run"))).settings.network,
    );
  }
});

it("takes a named network with options, at the command line and in a file of settings", async () => {
  const text = "resnet18:width=2,stages=1-1-1-1,stem=3x3";
  await writeFile(at("options.json"), JSON.stringify({ network: text, imageSize: 8 }));
  const ways = [
    ["--network", text, "--image-size", "8"],
    ["--config", at("options.json")],
  ];
  for (const [number, way] of ways.entries()) {
    const { status, error } = await train(`options ${number}`, ...way);
    expect(status, error).toBe(0);
    const { network } = (await readConfig(at(`options ${number}`))).settings;
    expect(network).toMatchObject({ name: text, input: { height: 8, width: 8 } });
  }
  expect(await model("options 0")).toEqual(await model("options 1"));
  const refused = await train("refused", "--network", "resnet18:width=0");
  expect(refused.error).toContain('--network: resnet18: width: expected a whole number from 1 to 4096, got "0"');
  expect(refused.status).toBe(1);
});

it("cross-validates it, and goes on with it", async () => {
  const validate = (network: string) =>
    naevus("cross-validate", ...settings, "--out", at("folds"), "--folds", "2", "--network", network);
  expect((await validate(file)).status).toBe(0);
  expect((await validate(at("run"))).status).toBe(0);
  const { status, error } = await validate("notebook");
  expect(status).toBe(1);
  expect(error).toContain("begun with network my net; give the same settings to go on, or another folder");
});

it("goes on with a run where the same network is given, and says so where it is another", async () => {
  const resume = (network: string) => naevus("train", "--resume", at("run"), "--network", network);
  expect((await resume(file)).status).toBe(0);
  const { status, error } = await resume("notebook");
  expect(status).toBe(1);
  expect(error).toContain("leave out --network notebook (the run has my net)");
});

it("takes an augmentation policy from a file, which the run keeps", async () => {
  const policy = at("policy.json");
  await writeFile(policy, '{"fill": "edge", "steps": [{"kind": "flip", "vertical": 0}]}');
  await writeFile(at("augmented.json"), '{"augmentation": "policy.json", "network": "my net.json"}');
  expect((await train("augmented", "--network", file, "--augmentation", policy)).status).toBe(0);
  expect((await readConfig(at("augmented"))).settings.augmentation).toEqual({
    fill: "edge",
    steps: [{ kind: "flip", horizontal: 0.5, vertical: 0 }],
  });
  expect((await train("augmented by settings", "--config", at("augmented.json"))).status).toBe(0);
  expect(await model("augmented by settings")).toEqual(await model("augmented"));
  expect(await model("augmented")).not.toEqual(await model("run"));
  await writeFile(policy, '{"steps": [{"kind": "dihedral"}, {"kind": "affine", "rotation": 200}]}');
  const { status, error } = await train("refused", "--augmentation", policy);
  expect(status).toBe(1);
  expect(error).toContain(`${policy}: steps[1]: affine: rotation: expected a number from 0 to 180, got 200`);
});

describe("refuses", () => {
  const refused = async (...argv: readonly string[]): Promise<string> => {
    const { status, error } = await train("refused", ...argv);
    expect(status).toBe(1);
    return error;
  };
  const written = async (name: string, content: string | Uint8Array): Promise<string> => {
    await writeFile(at(name), content);
    return at(name);
  };

  it("a file that is no network, by file and path", async () => {
    const cases: readonly (readonly [string | Uint8Array, string])[] = [
      ['{"layers": [{"kind": "relu"}', "no valid JSON: line 1, column 29: expected a comma or ], got the end"],
      ['{"layers": [{"kind": "conv2D"}]}', 'layers[0]: unknown layer "conv2D"; did you mean conv2d?'],
      [Uint8Array.of(0x22, 0xff, 0x22), "no text in UTF-8; give the JSON file of a network"],
      [" ".repeat(4 * 1024 * 1024 + 1), "4194305 bytes, and the most is 4194304; give the JSON file of a network"],
    ];
    for (const [number, [content, message]] of cases.entries()) {
      const wrong = await written(`wrong ${number}.json`, content);
      expect(await refused("--network", wrong)).toContain(`${wrong}: ${message}`);
    }
  });

  it("one whose layers do not fit the images or the classes, by its name and path", async () => {
    const large = [layers[0], { kind: "conv2d", filters: 1e9, kernel: 3 }, ...layers.slice(2)];
    const fixed = [...layers.slice(0, -1), { kind: "dense", units: 2 }];
    expect(
      await refused("--network", await written("large.json", JSON.stringify({ layers: large })), "--image-size", "8"),
    ).toContain(
      'network "large": layers[1]: conv2d: a map of 1000000000x8x8 has 64000000000 values, and the most is 2147483647',
    );
    expect(
      await refused("--network", await written("fixed.json", JSON.stringify({ layers: fixed })), "--image-size", "8"),
    ).toMatch(
      /network "fixed": its last layer gives 2 logits, and the data have \d classes; give it as many units as classes/,
    );
    expect(await refused("--network", await written("sizeless.json", JSON.stringify({ layers })))).toContain(
      "sizeless.json: input: expected height and width in pixels; give both, or an image size",
    );
  });

  it("what is neither a name nor a file, with the nearest name", async () => {
    expect(await refused("--network", "notebok")).toMatch(
      /--network: expected one of notebook, resnet18-w32, efficientnetv2-mini, .* a JSON file, .*or the folder of a run, got "notebok"; did you mean notebook\?/,
    );
    expect(await refused("--network", at("missing.json"))).toContain(
      "missing.json: no such file; give the JSON file of a network",
    );
    expect(await refused("--network", at("data"))).toContain("no run there");
    const config = await written("wrong-settings.json", JSON.stringify({ network: { layers: [{ kind: "dense" }] } }));
    expect(await refused("--config", config, "--image-size", "8")).toContain(
      `${config}: network: layers[0]: dense: units: expected a whole number from 1 to 2147483647, or "classes", got nothing`,
    );
  });

  it("a module where networks are only judged", async () => {
    const { error } = await naevus("cross-validate", ...settings, "--network", "net.mjs");
    expect(error).toContain(
      "--network: this command loads no module; write the network as JSON by naevus network net.mjs --write network.json, and give that file",
    );
  });
});
