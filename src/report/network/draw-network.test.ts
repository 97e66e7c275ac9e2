/** The drawing of a network: whole, escaped, accessible, bounded, and with what repeats drawn once. */
import { describe, expect, it } from "vitest";
import { networkNames, networkOptions, networks } from "../../network/architectures.ts";
import { buildGraph } from "../../network/graph.ts";
import {
  concatenate,
  conv2d,
  dense,
  globalAveragePool,
  type Layer,
  maxPool,
  normalize,
  relu,
  residual,
  squeezeExcite,
} from "../../network/layer.ts";
import { summarize } from "../../network/summary.ts";
import { drawNetwork } from "./draw-network.ts";

const summaryOf = (layers: readonly Layer[], name = "mine") =>
  summarize(
    buildGraph({
      name,
      input: { channels: 3, height: 16, width: 20 },
      layers: [normalize(), ...layers, globalAveragePool(), dense(2)],
    }),
  );

const draw = (layers: readonly Layer[], name?: string) => drawNetwork(summaryOf(layers, name));

const texts = (svg: string) =>
  [...svg.matchAll(/<text[^>]*>(.*?)<\/text>/g)].map(([, text]) => text!.replace(/<[^>]*>/g, ""));

const sizeOf = (svg: string) => /width="(\d+)" height="(\d+)"/.exec(svg)!.slice(1).map(Number) as [number, number];

it("shows every layer with its shape and parameters", () => {
  const drawn = texts(draw([conv2d(8, 3, { stride: 2 }), relu(), maxPool(2)]));
  expect(drawn).toEqual(
    expect.arrayContaining([
      "image 3x16x20",
      "conv2d 8 filters 3x3 /2",
      "relu",
      "224",
      "8x8x10",
      "maxPool 2x2",
      "8x4x5",
    ]),
  );
  expect(drawn).toEqual(
    expect.arrayContaining(["globalAveragePool", "dense 2 units", "18", "2", "logits of 2 classes"]),
  );
});

it("draws the branches of residual layers and gates, and what follows where they meet", () => {
  const drawn = texts(
    draw([
      conv2d(8, 3),
      residual([conv2d(8, 3), squeezeExcite(8, 2)], [conv2d(8, 1)]),
      relu(),
      residual([conv2d(8, 5)]),
    ]),
  );
  expect(drawn.filter((text) => text === "+")).toHaveLength(2);
  expect(drawn.filter((text) => text === "×")).toHaveLength(1);
  expect(drawn).toEqual(
    expect.arrayContaining(["residual", "gate", "conv2d 8 filters 1x1", "dense 8 units", "sigmoid"]),
  );
});

it("draws the branches of a concatenation beside each other, and says how many it leaves out", () => {
  const branches = (count: number) => Array.from({ length: count }, (_, i) => [conv2d(2 + i, 3), relu()]);
  const drawn = texts(draw([concatenate([[], ...branches(3)]), relu()]));
  expect(drawn.filter((text) => text === "‖")).toHaveLength(1);
  expect(drawn).toEqual(
    expect.arrayContaining(["concatenate", "conv2d 2 filters 3x3", "conv2d 3 filters 3x3", "conv2d 4 filters 3x3"]),
  );
  const many = draw([concatenate(branches(40))]);
  expect(texts(many)).toContain("70 more layers");
  expect(sizeOf(many)[0]).toBeLessThan(1300);
});

describe("what repeats", () => {
  it("is drawn once with its number", () => {
    const blocks = Array.from({ length: 5 }, () => [residual([conv2d(8, 3)]), relu()]).flat();
    const drawn = texts(draw([conv2d(8, 3), ...blocks]));
    expect(drawn.filter((text) => text === "conv2d 8 filters 3x3")).toHaveLength(2);
    expect(drawn).toContain("residual × 5");
  });

  it("may be several layers", () => {
    const drawn = texts(draw([conv2d(8, 1), ...Array.from({ length: 3 }, () => [conv2d(4, 3), conv2d(8, 5)]).flat()]));
    expect(drawn.filter((text) => text === "conv2d 4 filters 3x3")).toHaveLength(1);
    expect(drawn).toContain("× 3");
  });

  it("is not what has other sizes", () => {
    const drawn = texts(draw([conv2d(8, 3), conv2d(8, 3)]));
    expect(drawn.filter((text) => text === "conv2d 8 filters 3x3")).toHaveLength(2);
  });
});

it("can be read by those who cannot see it", () => {
  const svg = draw([conv2d(8, 3), residual([conv2d(8, 3)])]);
  const [, title, words] = /<svg [^>]*role="img" aria-labelledby="(\S+) (\S+)"/.exec(svg)!;
  expect(svg).toContain(`<title id="${title}">Network mine</title>`);
  expect(svg).toContain(
    `<desc id="${words}">A network for images of 3x16x20 and 2 classes: 5 layers in a row, of them 1 residual; 826 parameters, `,
  );
  expect(svg).toMatch(/<title>1: conv2d 8 filters 3x3, output 8x16x20, 224 parameters, .*FLOP, sees 3x3<\/title>/);
});

it("has a file's own colours, and a page's in a page", () => {
  const summary = summaryOf([conv2d(8, 3)]);
  expect(drawNetwork(summary)).toMatch(/<style>.*prefers-color-scheme:dark.*<\/style>/);
  expect(drawNetwork(summary, { place: "page" })).not.toContain("<style>");
  expect(drawNetwork(summary)).toBe(drawNetwork(summary));
});

it("lets no name become markup", () => {
  const svg = draw([conv2d(8, 3)], `</title><script>"x"&\u0007\u202e${"long ".repeat(100)}`);
  expect(svg).toContain("&lt;/title&gt;&lt;script&gt;&quot;x&quot;&amp;??long");
  expect(svg).not.toContain("<script");
  expect(sizeOf(svg)[0]).toBeLessThan(800);
});

describe("its size is bounded", () => {
  const nested = (depth: number): Layer[] =>
    depth === 0 ? [conv2d(8, 3)] : [conv2d(8, 1), residual(nested(depth - 1)), conv2d(8, depth * 2 + 1)];
  const different = (count: number) =>
    Array.from({ length: count }, (_, i) => conv2d(8, i % 7 === 0 ? 3 : 1, { bias: (i * i) % 11 > 4 }));
  it.each<readonly [string, readonly Layer[]]>([
    ["many layers", [conv2d(8, 1), ...different(2000)]],
    [
      "many branches",
      [conv2d(8, 1), ...Array.from({ length: 60 }, (_, i) => residual([...different(30 + i)])), relu()],
    ],
    ["deep branches", [conv2d(8, 1), ...nested(25)]],
    ["one long branch", [conv2d(8, 1), residual(different(1500), different(100))]],
    ["many notes", [conv2d(8, 1), ...Array.from({ length: 1000 }, () => relu())]],
  ])("with %s", (_, layers) => {
    const svg = draw(layers);
    const [width, height] = sizeOf(svg);
    expect(width).toBeLessThan(1300);
    expect(height).toBeLessThan(5000);
    expect(svg.length).toBeLessThan(150_000);
    expect(svg).toMatch(/\d more layers|\d layers|× \d/);
  });

  it.each(networkNames)("and %s fits a page", (name) => {
    const [width, height] = sizeOf(drawNetwork(summarize(buildGraph(networks[name]({ classes: 9 })))));
    expect(width).toBeLessThan(1300);
    // The published ones repeat less than they hold.
    expect(height).toBeLessThan(Object.keys(networkOptions[name]).length === 0 ? 2000 : 5000);
  });
});
