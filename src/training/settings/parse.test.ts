/** Settings checked: defaults, and refusals in words. */
import { describe, expect, it } from "vitest";
import { SettingsError } from "../../errors.ts";
import { networkNames } from "../../network/architectures.ts";
import { checkSettings, parseSettings, settingFromText } from "./parse.ts";

const refusal = (input: unknown): string => {
  try {
    parseSettings(input);
  } catch (error) {
    expect(error).toBeInstanceOf(SettingsError);
    return (error as Error).message;
  }
  throw new Error("was not refused");
};

describe("parseSettings", () => {
  it("fills in defaults", () => {
    expect(parseSettings({})).toMatchObject({ network: "notebook", engine: "auto", batch: 32, seed: 0 });
    expect(parseSettings({ epochs: 3 }).epochs).toBe(3);
  });

  it.each([
    [{ epochs: 0 }, "settings: epochs: expected a whole number of at least 1 and at most 100000, got 0"],
    [{ epochs: 2.5 }, "settings: epochs: expected a whole number of at least 1 and at most 100000, got 2.5"],
    [{ epochs: "many" }, 'settings: epochs: expected a whole number of at least 1 and at most 100000, got "many"'],
    [{ epochs: null }, "settings: epochs: expected a whole number of at least 1 and at most 100000, got null"],
    [{ learningRate: Number.NaN }, "settings: learningRate: expected a number above 0 and at most 100, got NaN"],
    [{ momentum: 1, optimizer: "sgd" }, "settings: momentum: expected a number of at least 0 and below 1, got 1"],
    [
      { network: "notebok" },
      `settings: network: expected one of ${networkNames.join(", ")}, or a network, got "notebok"; did you mean notebook?`,
    ],
    [{ network: "vgg" }, `settings: network: expected one of ${networkNames.join(", ")}, or a network, got "vgg"`],
    [{ randomErasing: 1.5 }, "settings: randomErasing: expected a number of at least 0 and at most 1, got 1.5"],
    [{ data: "" }, 'settings: data: expected a path, got ""'],
    [{ epocs: 3 }, "settings: epocs: unknown setting; did you mean epochs?"],
    [{ "learning-rate": 3 }, "settings: learning-rate: unknown setting; did you mean learningRate?"],
    [[], "settings: expected an object, got []"],
    [
      { stochasticDepth: 0.2 },
      "stochasticDepth: drops residual blocks, and the network notebook has none; leave it out, or take another network",
    ],
    [{ momentum: 0.9 }, "momentum: only sgd, rmsProp have it, and the optimizer is adam; leave it out"],
    [{ gamma: 0.5 }, "gamma: only the schedule step or plateau has it, and the schedule is cosine; leave it out"],
    [{ schedule: "plateau" }, "schedule: plateau goes by the validation loss; give validation as well, such as 0.15"],
    [
      { averaging: 0.9, swa: 0.5 },
      "swa: not together with averaging, as one average of the weights becomes the model; leave one of the two out",
    ],
    [{ nesterov: true }, "nesterov: changes the momentum of sgd, and the optimizer is adam; leave it out"],
    [
      { nesterov: true, optimizer: "sgd", momentum: 0 },
      "nesterov: changes the momentum of sgd, and the momentum is 0; leave it out",
    ],
    [{ rho: 0.9, optimizer: "sgd" }, "rho: only rmsProp has it, and the optimizer is sgd; leave it out"],
    [
      { clipNorm: 1, clipValue: 1 },
      "clipNorm: not together with clipValue, which bounds the same gradients; leave one of the two out",
    ],
  ])("refuses %j", (input, message) => {
    expect(refusal(input)).toBe(message);
  });

  it.each([0, 4097, 1.5, "128", "128x", "0x5", "96X128", "96x4097", "-5x5", "1e2x5", [96, 128]])(
    "refuses the image size %j",
    (imageSize) => {
      expect(refusal({ imageSize })).toBe(
        "settings: imageSize: expected a whole number of at least 1 and at most 4096, or two such as 96x128 (height x width), " +
          `got ${JSON.stringify(imageSize)}`,
      );
    },
  );

  it("takes an image size as a number or as height x width, and keeps one form of each", () => {
    expect(parseSettings({ imageSize: 128 }).imageSize).toBe(128);
    expect(parseSettings({ imageSize: "128x128" }).imageSize).toBe(128);
    expect(parseSettings({ imageSize: "96x128" }).imageSize).toBe("96x128");
    expect(parseSettings({}).imageSize).toBeUndefined();
  });

  it("names the known settings where none is near", () => {
    expect(refusal({ colour: 1 })).toMatch(
      /^settings: colour: unknown setting; expected one of data, classMap, curation, /,
    );
  });

  it("names every wrong setting, and where it stands", () => {
    expect(() => checkSettings({ epochs: -1, sede: 1 }, (name) => `my.json: ${name}`)).toThrow(
      /^my\.json: epochs: expected .* got -1\nmy\.json: sede: unknown setting; did you mean seed\?$/,
    );
  });
});

it("turns text into numbers only where it is one", () => {
  expect(settingFromText("epochs", "12")).toBe(12);
  expect(settingFromText("learningRate", "1e-3")).toBe(0.001);
  expect(settingFromText("learningRate", ".5")).toBe(0.5);
  for (const text of ["", "0x10", "12abc", "Infinity"]) expect(settingFromText("epochs", text)).toBe(text);
  expect(settingFromText("out", "12")).toBe("12");
  expect(settingFromText("imageSize", "96")).toBe(96);
  expect(settingFromText("imageSize", "96x128")).toBe("96x128");
});
