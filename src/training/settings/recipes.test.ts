/** Recipes: what goes before what, and what each of them says. */
import { expect, it } from "vitest";
import { adam } from "../../engine/optimizer.ts";
import { studySettings } from "../../study/open-study.ts";
import { parseSettings, parseStoredSettings } from "./parse.ts";
import { recipeNames } from "./recipe-names.ts";
import { recipes } from "./recipes.ts";
import { learningRateOf, networkOf, optimizerOf } from "./resolve.ts";
import { settingsBeforeNetwork, withNetwork } from "./train-settings.ts";

it("takes what is given before the recipe, and the recipe before the defaults", () => {
  const plain = parseSettings({});
  for (const recipe of recipeNames) {
    const { epochs, settings } = recipes[recipe];
    const own = settings(epochs);
    expect(parseSettings({ recipe })).toEqual({ ...plain, ...own, epochs, recipe });
    expect(parseSettings({ recipe, batch: 8, epochs: 3, network: undefined })).toEqual({
      ...plain,
      ...settings(3),
      epochs: 3,
      batch: 8,
      recipe,
    });
  }
});

it("begins and optimises in the recipe keras as Keras does", () => {
  const settings = parseSettings({ recipe: "keras" });
  expect(optimizerOf(settings)).toEqual(adam({ beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }));
  expect(learningRateOf(settings)).toBe(0.001);
  const network = networkOf(settings, { classes: 9 });
  expect(network).toMatchObject({ initialization: "glorotUniform", input: { height: 180, width: 180 } });
  expect(network.layers[0]).toEqual({ kind: "normalize", mean: [0, 0, 0], standardDeviation: [1, 1, 1] });
  expect(settings).toMatchObject({ schedule: "constant", warmupEpochs: 0, validation: 0.2, keep: "last", batch: 32 });
});

it("gives another optimizer no numbers of the recipe's own", () => {
  const { epsilon, learningRate, schedule } = parseSettings({ recipe: "keras", optimizer: "sgd" });
  expect({ epsilon, learningRate, schedule }).toEqual({
    epsilon: undefined,
    learningRate: undefined,
    schedule: "constant",
  });
  expect(parseSettings({ recipe: "keras", optimizer: "adam" }).epsilon).toBe(1e-7);
});

it("mixes images in the recipe fast where there are epochs enough", () => {
  const { cutmix, warmupEpochs } = parseSettings({ recipe: "fast" });
  expect({ cutmix, warmupEpochs }).toEqual({ cutmix: 1, warmupEpochs: 5 });
  expect(parseSettings({ recipe: "fast", epochs: 10 })).toMatchObject({ cutmix: 0, warmupEpochs: 1 });
});

it("leaves the settings that a run keeps as they are, whatever the recipe says by now", () => {
  const kept = { ...parseSettings({}), recipe: "keras" };
  expect(parseStoredSettings(kept)).toEqual(kept);
});

it("says where the recipe contradicts what is given, and names the nearest recipe", () => {
  const refused = (input: object) => () => parseSettings(input);
  expect(refused({ recipe: "kears" })).toThrow(
    'settings: recipe: expected one of keras, fast, got "kears"; did you mean keras?',
  );
  expect(refused({ recipe: "keras", patience: 3 })).toThrow(/^patience: .*\(with what the recipe keras says\)$/);
  expect(() => settingsBeforeNetwork({ epochs: 3, seconds: 60 })).toThrow("leave one of the two out");
  expect(() => studySettings({ recipe: "keras" })).toThrow("recipe: a study has recipes and a budget of its own");
  expect(() => studySettings({ seconds: 60 })).toThrow("seconds: a study has");
});

it("goes with a network that is a function", async () => {
  const { network } = parseSettings({ recipe: "keras" });
  expect(network).toBe("notebook");
  const mine = () => networkOf(parseSettings({}), { classes: 2, imageSize: 16 });
  expect(settingsBeforeNetwork({ recipe: "keras", network: mine })).toMatchObject({ epsilon: 1e-7, epochs: 20 });
  const made = parseSettings(await withNetwork({ recipe: "keras", network: mine }, { classes: 2 }));
  expect(made).toMatchObject({ network: mine(), initialization: "glorotUniform" });
});
