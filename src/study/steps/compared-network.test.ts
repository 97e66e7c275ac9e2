/** The network that a study is given, at the sizes that its budget asks for. */
import { expect, it } from "vitest";
import { type ArchitectureOptions, imageInput } from "../../network/architectures.ts";
import { conv2d, dense, flatten, maxPool, type Network, normalize } from "../../network/layer.ts";
import { parseSettings } from "../../training/settings/parse.ts";
import { comparedNetwork } from "./compared-network.ts";

const settings = parseSettings({});
const of = { classes: 3, classesLeftOut: [] };
const made = ({ classes, imageSize = [96, 150] }: ArchitectureOptions): Network => ({
  name: "own",
  input: imageInput(imageSize),
  layers: [normalize(), conv2d(2, 3, { stride: 2 }), flatten(), dense(classes)],
});

it("is ResNet-18 by default, without a name of its own, at the size that all are reduced to", async () => {
  const { name, side, at } = await comparedNetwork(settings, undefined, of);
  expect([name, side]).toEqual([undefined, 128]);
  expect(await at()).toEqual({ network: "resnet18-w32" });
  expect(await at(128)).toEqual({ network: "resnet18-w32", imageSize: 128 });
});

it("is made again for smaller images, and never enlarged", async () => {
  const { name, side, at } = await comparedNetwork(settings, made, of);
  expect([name, side]).toEqual(["own", 120]);
  expect(await at(64)).toEqual({ network: made({ classes: 3, imageSize: 64 }), imageSize: 64 });
  for (const size of [null, undefined, 128]) expect(await at(size)).toEqual({ network: made({ classes: 3 }) });
});

it("says that the budget made the images too small", async () => {
  const pools = Array.from({ length: 7 }, () => maxPool(2));
  const deep = { ...made({ classes: 3, imageSize: 128 }), layers: [normalize(), ...pools, flatten(), dense(3)] };
  const { at } = await comparedNetwork(settings, deep, of);
  await expect(at(64)).rejects.toThrow(
    /^network "own": .*; the budget reduces the images to 64 x 64 pixels; give it more minutes, or set the image size$/,
  );
});

it("keeps its recipes' names apart from the notebook's", async () => {
  const { name } = await comparedNetwork(settings, { ...made({ classes: 3 }), name: "the notebook's" }, of);
  expect(name).toBe("the notebook's (given)");
});
