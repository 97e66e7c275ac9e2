/** What the command line says of itself: the help of every command, and what is here and what helps. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { settingDescriptions } from "../training/settings/descriptions.ts";
import { runRecorded } from "./testing/recorded-command.ts";

const folder = temporaryFolder();

const naevus = (...argv: readonly string[]) => runRecorded(argv, { environment: { XDG_CACHE_HOME: folder } });

const commands = [
  ...["study", "train", "watch", "evaluate", "compare", "predict", "cross-validate"],
  ...["audit", "curate", "show", "data", "network", "profile", "doctor"],
];

describe("help", () => {
  it("shows every setting", async () => {
    const { status, out } = await naevus("train", "--help");
    expect(status).toBe(0);
    for (const { flag, type } of settingDescriptions) {
      expect(out).toMatch(new RegExp(`${flag} ${type === "boolean" ? " +" : "<"}`));
    }
    for (const flag of ["--resume", "--config", "--json"]) expect(out).toContain(flag);
  });

  it.each(commands)("is there for %s", async (command) => {
    expect(await naevus(command, "--help")).toMatchObject({ status: 0, out: expect.stringMatching(/^Usage: naevus/) });
  });

  it.each([
    [
      ["study", "--help"],
      ["(default 30)", "(default study)"],
    ],
    [
      ["show", "--help"],
      ["(default svg)", "(default 8)", "(default 100)"],
    ],
    [
      ["data", "phantom", "--help"],
      ["(default 1200)", "(default 180)", "(default 0)"],
    ],
  ])("states defaults in one way for %j", async (argv, defaults) => {
    const { out } = await naevus(...argv);
    for (const each of defaults) expect(out).toContain(each);
    expect(out).not.toMatch(/default:/);
  });

  it("suggests the command that was meant", async () => {
    expect(await naevus("trian")).toMatchObject({ status: 1, error: expect.stringMatching(/Did you mean train/) });
    expect(await naevus("--version")).toMatchObject({ status: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
  });
});

it("doctor says what is here", async () => {
  const { out } = await naevus("doctor");
  for (const word of ["processor", "native calls", "image files", "searched for oneDNN", "cache"]) {
    expect(out).toContain(word);
  }
});

it("doctor says what helps where NAEVUS_ONEDNN names no library, as training does", () => {
  const { status, stdout } = spawnSync(process.execPath, ["bin/naevus.js", "doctor"], {
    cwd: path.resolve(import.meta.dirname, "../.."),
    env: { ...process.env, NAEVUS_ONEDNN: "/none" },
    encoding: "utf8",
  });
  expect(status).toBe(1);
  expect(stdout).toMatch(
    /\n\nCorrect or unset NAEVUS_ONEDNN, which names that file\.\noneDNN can be installed with:\n/,
  );
});
