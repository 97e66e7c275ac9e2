/** Settings in words, for `--help` and the documentation. */
import { expect, it } from "vitest";
import { networkNames } from "../../network/architectures.ts";
import { settingDescriptions } from "./descriptions.ts";
import { settingsTable } from "./settings-table.ts";

it("describes every setting in words", () => {
  for (const { name, description, expected } of settingDescriptions) {
    expect(description, name).toMatch(/^[A-Z].{10,}$/);
    expect(expected, name).toMatch(/^(one of|a path|a number|a whole number|true or false)/);
  }
  expect(settingDescriptions.find(({ name }) => name === "network")).toMatchObject({
    choices: networkNames,
    defaultValue: "notebook",
  });
});

it("gives each setting the option that changes it", () => {
  const flags = new Map(settingDescriptions.map(({ name, flag }) => [name, flag]));
  expect(flags.get("learningRate")).toBe("--learning-rate");
  expect(flags.get("tensorboard")).toBe("--tensorboard");
  expect(flags.get("hashes")).toBe("--no-hashes");
});

it("makes a table in Markdown with a row for each setting", () => {
  const lines = settingsTable().split("\n");
  expect(lines.slice(0, 2)).toEqual([
    "| setting | option | value | default | decides | meaning |",
    "| --- | --- | --- | --- | --- | --- |",
  ]);
  expect(lines).toHaveLength(settingDescriptions.length + 2);
  expect(lines).toContain(
    "| `epochs` | `--epochs` | a whole number of at least 1 and at most 100000 | `20` | weights | Passes over the training images |",
  );
  // A vertical line would end a cell, and a tag would not be shown.
  for (const line of lines) expect(line.match(/(?<!\\)\|/g), line).toHaveLength(7);
  expect(lines.join("\n")).toContain("Train/&lt;class>/*");
});
