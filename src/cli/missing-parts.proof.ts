/** An installation that lacks koffi or sharp, or where they do not load: one sentence from what needs them, and all else works. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { type Faults, installedCopy } from "./testing/installed-copy.ts";

const system = `${process.platform}-${process.arch}`;
const [calls, images] = [`@koromix/koffi-${system}`, `@img/sharp-${system}`];

/** Runs the command of a copy; gives its exit status and what it said. */
function naevus(copy: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["bin/naevus.js", ...args], {
    cwd: copy,
    encoding: "utf8",
    env: { ...process.env, XDG_CACHE_HOME: join(copy, "cache") },
  });
  return { status, out: stdout, error: stderr };
}

let data: string;
let run: string;
beforeAll(() => {
  const whole = installedCopy({});
  [data, run] = [join(temporaryFolder(), "data"), join(temporaryFolder(), "run")];
  expect(naevus(whole, "data", "phantom", "--out", data, "--images", "24", "--size", "16")).toMatchObject({
    status: 0,
  });
  expect(naevus(whole, ...train("reference", run))).toMatchObject({ status: 0 });
});

const train = (engine: string, out: string) => [
  ...["train", "--data", data, "--engine", engine, "--out", out],
  ...["--image-size", "16", "--batch", "8", "--epochs", "1"],
];

describe.each<[string, Faults, RegExp]>([
  [
    "is missing",
    { missing: [calls] },
    /native libraries cannot be called: the package @koromix.* is not installed; install naevus again/,
  ],
  [
    "is broken",
    { broken: [calls] },
    /native libraries cannot be called: the package @koromix.* does not load \(.+\); install naevus again/,
  ],
])("where koffi %s", (_, faults, sentence) => {
  let copy: string;
  beforeAll(() => {
    copy = installedCopy(faults);
  });

  it("doctor says so, and what else there is", () => {
    const { status, out, error } = naevus(copy, "doctor");
    expect({ status, error }).toEqual({ status: 1, error: "" });
    expect(out).toMatch(new RegExp(`^native calls: +${sentence.source}`, "m"));
    expect(out.match(new RegExp(sentence.source, "g"))).toHaveLength(1);
    expect(out).toMatch(/^image files: +sharp \d/m);
    expect(out).toMatch(/^ONNX Runtime: +\d/m);
  });

  it("the engine of that name is refused in one line", () => {
    const { status, error } = naevus(copy, ...train("onednn", join(copy, "run")));
    expect(status).toBe(1);
    expect(error).toMatch(new RegExp(`^naevus: ${sentence.source}.*\n$`));
  });

  it("the reference engine trains, with a warning where it is not asked for", () => {
    const chosen = naevus(copy, ...train("reference", join(copy, "chosen")));
    expect(chosen.status).toBe(0);
    expect(chosen.error).not.toMatch(sentence);
    const fallen = naevus(copy, ...train("auto", join(copy, "fallen")));
    expect(fallen.status).toBe(0);
    expect(fallen.error).toMatch(sentence);
    expect(fallen.error).toMatch(/Going on with the reference engine/);
  });

  it.each<[string, () => string[]]>([
    ["data", () => ["data", "phantom", "--out", join(copy, "data"), "--images", "18", "--size", "16"]],
    ["predict", () => ["predict", run, join(data, "Test")]],
    ["evaluate", () => ["evaluate", run, "--data", data]],
    ["audit", () => ["audit", "--data", data, "--out", join(copy, "audit")]],
    ["show", () => ["show", "--data", data, "--out", join(copy, "show")]],
    ["watch", () => ["watch", run]],
  ])("%s works", (_, args) => {
    const { status, error } = naevus(copy, ...args());
    expect(status, error).toBe(0);
    expect(error).not.toMatch(/koffi/);
  });
});

describe.each<[string, Faults, string]>([
  ["has no part for the system", { missing: [images] }, "Could not load .+"],
  ["is broken", { broken: [images] }, "ERR_DLOPEN_FAILED: .+"],
  ["is missing", { missing: ["sharp"] }, "Cannot find package 'sharp'.+"],
])("where sharp %s", (_, faults, reason) => {
  const sentence = `image files cannot be read or written: the package sharp does not load \\(${reason}\\); install naevus again`;
  let copy: string;
  beforeAll(() => {
    copy = installedCopy(faults);
  });

  it("doctor says so, and what else there is", () => {
    const { status, out, error } = naevus(copy, "doctor");
    expect({ status, error }).toEqual({ status: process.env.NAEVUS_REQUIRE_ONEDNN ? 0 : status, error: "" });
    expect(out).toMatch(new RegExp(`^image files: +${sentence}`, "m"));
    expect(out).toMatch(/^native calls: +koffi \d/m);
  });

  it.each<[string, () => string[]]>([
    ["data", () => ["data", "phantom", "--out", join(copy, "data"), "--images", "18", "--size", "16"]],
    ["train", () => train("reference", join(copy, "run"))],
    ["predict", () => ["predict", run, join(data, "Test")]],
    ["evaluate", () => ["evaluate", run, "--data", data]],
    ["audit", () => ["audit", "--data", data, "--out", join(copy, "audit")]],
    ["show", () => ["show", "--data", data, "--out", join(copy, "show")]],
  ])("%s ends with the sentence, once", (_, args) => {
    const { status, error } = naevus(copy, ...args());
    expect(status).toBe(1);
    expect(error).toMatch(new RegExp(`^naevus: ${sentence}.*\n$`));
  });

  it("what opens no image works", () => {
    expect(naevus(copy, "watch", run)).toMatchObject({ status: 0, error: "" });
    expect(naevus(copy, "predict", "--help")).toMatchObject({ status: 0, error: "" });
  });
});
