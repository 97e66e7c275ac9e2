/** The architectures are those of their papers, take their options, and say what they do not take. */
import { createHash } from "node:crypto";
import { describe, expect, it, test } from "vitest";
import type { ArchitectureOption } from "./architectures/options.ts";
import { resNet } from "./architectures/resnet.ts";
import { vgg } from "./architectures/vgg.ts";
import { networkFromText, networkNames, networkOptions, networks } from "./architectures.ts";
import { buildGraph } from "./graph.ts";
import type { Network } from "./layer.ts";
import { countTrainable } from "./parameters.ts";
import { smallNetworks } from "./small-networks.ts";

const trainable = (network: Network) => countTrainable(buildGraph(network).parameters);
const imageNet = { classes: 1000, imageSize: 224 };

describe("for ImageNet, each has the parameters that are published for it", () => {
  test.each<readonly [string, Network, number]>([
    ["resnet18", networks.resnet18(imageNet), 11_689_512],
    ["resnet34", networks.resnet34(imageNet), 21_797_672],
    ["resnet50", networks.resnet50(imageNet), 25_557_032],
    ["densenet121", networks.densenet121(imageNet), 7_978_856],
    ["googlenet, by torchvision's kernels", networks.googlenet({ ...imageNet, kernel: 3 }), 6_624_904],
    ["convnext-tiny", networks["convnext-tiny"](imageNet), 28_589_128],
    ["mobilenetv3-small", networks["mobilenetv3-small"](imageNet), 2_542_856],
    ["mobilenetv3-large", networks["mobilenetv3-large"](imageNet), 5_483_032],
    ["efficientnetv2-b0", networks["efficientnetv2-b0"](imageNet), 7_139_704],
    ["efficientnetv2-s", networks["efficientnetv2-s"](imageNet), 21_458_488],
  ])("%s", (_, network, published) => {
    expect(trainable(network)).toBe(published);
  });

  test.each([
    ["vgg11", 132_868_840, 2752],
    ["vgg13", 133_053_736, 2944],
    ["vgg16", 138_365_992, 4224],
    ["vgg19", 143_678_248, 5504],
  ] as const)("%s, but for the biases that its normalisation takes away", (name, published, biases) => {
    expect(trainable(networks[name]({ ...imageNet, head: "classic" })) + biases).toBe(published);
  });
});

test("those of earlier versions are the same data, so that their runs go on", () => {
  const digest = (name: "notebook" | "resnet18-w32" | "efficientnetv2-mini") => {
    const made = [networks[name]({ classes: 9 }), networks[name]({ classes: 2, imageSize: [96, 64] })];
    return createHash("sha256").update(JSON.stringify(made)).digest("hex");
  };
  expect(digest("notebook")).toBe("6bb1681d0f9424c870a7195b3f7843c9ad52db48ecd650921cc989efbd8c32c9");
  expect(digest("resnet18-w32")).toBe("b205ce97b23cb158660d22e4a3f29152b365995a4cdced6ffb77ddbaf2b65559");
  expect(digest("efficientnetv2-mini")).toBe("08df0fba24a72b7e24b8eff86fa086cfdb07f05800414275a927c01ab9a7aa33");
});

describe("options", () => {
  it("change the network, and stand in its name where they are not the default", () => {
    const { name, layers } = networks.resnet50({ classes: 9, width: 32, stages: [1, 1, 1, 1], stem: "7x7" });
    expect(name).toBe("resnet50:width=32,stages=1-1-1-1");
    expect(layers).toEqual(resNet({ classes: 9, depth: 50, width: 32, stages: [1, 1, 1, 1] }).layers);
    expect(layers).not.toEqual(networks.resnet50({ classes: 9 }).layers);
  });

  it("are read from the name that a network has by them", () => {
    for (const { name, input, layers } of smallNetworks) {
      const options = { classes: 3, imageSize: [input.height, input.width] as const };
      const made = networkFromText(name)?.(options) ?? networks[name as keyof typeof networks](options);
      expect(made).toEqual({ name, input, layers });
    }
    expect(networkFromText("resnet18:width=8,stem=3x3")!({ classes: 2, imageSize: 64 })).toEqual(
      networks.resnet18({ classes: 2, imageSize: 64, width: 8, stem: "3x3" }),
    );
    expect(networkFromText("resnet18")).toBeUndefined();
    expect(networkFromText("C:\\networks\\resnet18:width=8")).toBeUndefined();
  });

  test.each([
    ["resnet18:", "resnet18: expected resnet18:option=value,option=value"],
    ["resnet18:width", 'got "width"; it takes width, stages, stem'],
    ["resnet18:widht=3", 'resnet18: unknown option "widht"; did you mean width?'],
    ["resnet18:depth=50", 'resnet18: unknown option "depth"'],
    ["resnet18:width=0", 'resnet18: width: expected a whole number from 1 to 4096, got "0"'],
    ["resnet18:width=1e3", 'got "1e3"'],
    ["resnet18:width=8,width=8", "resnet18: width is given twice"],
    ["resnet18:stem=5x5", 'resnet18: stem: expected one of 7x7, 3x3, got "5x5"'],
    [
      "resnet18:stages=1-2",
      "expected 4 whole numbers of blocks from 1 to 4096 with hyphens between them, such as 2-2-2-2",
    ],
    [
      "googlenet:stages=3-1-1",
      "expected 3 whole numbers of blocks from 1 to 2, 5, 2 with hyphens between them, such as 2-5-2",
    ],
    ["vgg16:dropout=1", 'vgg16: dropout: expected a rate of at least 0 and below 1, got "1"'],
    ["notebook:width=3", "notebook: it takes no options"],
  ])("%s is refused", (text, sentence) => {
    expect(() => networkFromText(text)).toThrow(sentence);
  });

  test("are refused in programs without types too", () => {
    const untyped = (make: (options: never) => Network, options: unknown) => () => make(options as never);
    expect(untyped(resNet, { classes: 9, wide: 3 })).toThrow('resNet: unknown option "wide"');
    expect(untyped(resNet, { classes: 9, depth: 20 })).toThrow("resNet: depth: expected one of 18, 34, 50, got 20");
    expect(untyped(resNet, {})).toThrow("resNet: classes: expected a whole number of at least 1");
    expect(untyped(vgg, { classes: 9, width: "wide" })).toThrow("vgg: width: expected a whole number from 1 to 4096");
    expect(untyped(networks.vgg16, 9)).toThrow();
  });

  test("each of them is listed with what it decides", () => {
    for (const name of networkNames) {
      for (const { decides } of Object.values<ArchitectureOption>(networkOptions[name]))
        expect(decides).toMatch(/^\S.{5,}/);
    }
  });
});
