/** Networks written as JSON are the same when they are read back. */
import { describe, expect, it } from "vitest";
import { networkNames, networks } from "../architectures.ts";
import {
  averagePool,
  batchNorm,
  concatenate,
  conv2d,
  dense,
  dropout,
  flatten,
  gate,
  globalAveragePool,
  maxPool,
  type Network,
  normalize,
  relu,
  residual,
  sigmoid,
} from "../layer.ts";
import { groupNorm, layerNorm, layerScale } from "../normalization.ts";
import { formatNetwork } from "./format-network.ts";
import { parseNetwork } from "./parse-network.ts";

describe("a network as JSON", () => {
  it.each(networkNames)("is %s again when it is read", (name) => {
    const network = networks[name]({ classes: 7, imageSize: [96, 128] });
    expect(parseNetwork(formatNetwork(network), { classes: 7 })).toEqual(network);
    expect(parseNetwork(formatNetwork(network), { classes: 2, imageSize: 64 })).toEqual(
      networks[name]({ classes: 2, imageSize: 64 }),
    );
  });

  it("has every field that differs from its default, and no other", () => {
    const network: Network = {
      name: 'a "name"',
      input: { channels: 1, height: 32, width: 48 },
      frozen: 2,
      layers: [
        normalize([0.5], [0.25]),
        conv2d(4, [3, 5], { stride: [1, 2], padding: 0, groups: 1, bias: false }),
        batchNorm({ momentum: 0.2, epsilon: 0.001 }),
        conv2d(8, 3, { groups: 4, padding: [1, 2] }),
        maxPool(3, { stride: 2, padding: 1 }),
        averagePool([2, 1]),
        residual([conv2d(8, 1), relu()], [batchNorm()], { stochasticDepth: 0.25 }),
        residual([gate([globalAveragePool(), dense(8, { bias: false }), sigmoid()])]),
        concatenate([[], [conv2d(8, 1), concatenate([[relu()], []])]]),
        layerNorm({ epsilon: 0.5 }),
        layerNorm(),
        groupNorm(2, { epsilon: 0.25 }),
        groupNorm(4),
        layerScale({ initial: 1 }),
        layerScale(),
        flatten(),
        dropout(0.5),
        { kind: "dropout", rate: 0.1, per: "image" },
        dropout(0.25, { per: "channel" }),
        dense(3),
        relu(),
      ],
    };
    const text = formatNetwork(network);
    expect(parseNetwork(text)).toEqual(network);
    expect(text).toContain('\n    { "kind": "maxPool", "kernel": 3, "stride": 2, "padding": 1 },\n');
    expect(text).toContain('{ "kind": "batchNorm" }');
    expect(text).toContain('{ "kind": "averagePool", "kernel": [2, 1] }');
    expect(text).not.toContain("classes");
  });
});
