/** A network as JSON that people can read and change: a layer on a line, without what the builders have as their default. */
import { eachActivation, optionsOf } from "../activations.ts";
import type { AveragePool, BatchNorm, HeightWidth, Layer, Network, Padding } from "../layer.ts";
import { batchNorm, normalize } from "../layer.ts";
import { groupNorm, layerNorm, layerScale } from "../normalization.ts";
import { blurPool, generalizedMeanPool } from "../pooling.ts";
import { samePadding } from "../windows.ts";

type Form = Readonly<Record<string, unknown>>;

const pairOf = ([height, width]: HeightWidth): number | HeightWidth => (height === width ? height : [height, width]);

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The field, where it has not its default. */
const unless = (name: string, value: unknown, usual: unknown, written = value): Form =>
  isSame(value, usual) ? {} : { [name]: written };

/** As builders take it. */
const paddingForm = (padding: Padding) => (padding !== "sameUpper" && padding.length === 2 ? pairOf(padding) : padding);

const pooling = ({ kernel, stride, padding, ceil, countPadding }: Omit<AveragePool, "kind">): Form => ({
  kernel: pairOf(kernel),
  ...unless("stride", stride, kernel, pairOf(stride)),
  ...unless("padding", padding, [0, 0], paddingForm(padding)),
  ...unless("ceil", ceil, undefined),
  ...unless("countPadding", countPadding, undefined),
});

const none = () => ({});

const forms: { readonly [K in Layer["kind"]]: (layer: Extract<Layer, { kind: K }>) => Form } = {
  normalize: ({ mean, standardDeviation }) =>
    isSame([mean, standardDeviation], [normalize().mean, normalize().standardDeviation])
      ? {}
      : { mean, standardDeviation },
  conv2d: ({ filters, kernel, stride, padding, dilation, groups, bias, frequencies, l2, initialization }) => ({
    filters,
    kernel: pairOf(kernel),
    ...unless("stride", stride, [1, 1], pairOf(stride)),
    ...unless("padding", padding, samePadding(kernel, dilation), paddingForm(padding)),
    ...unless("dilation", dilation, undefined, dilation && pairOf(dilation)),
    ...unless("groups", groups, 1),
    ...unless("bias", bias, true),
    ...unless("frequencies", frequencies, undefined),
    ...unless("l2", l2, undefined),
    ...(initialization && { initialization }),
  }),
  batchNorm: ({ momentum, epsilon, initialScale }) => {
    const usual: BatchNorm = batchNorm();
    return {
      ...unless("momentum", momentum, usual.momentum),
      ...unless("epsilon", epsilon, usual.epsilon),
      ...(initialScale !== undefined && { initialScale }),
    };
  },
  layerNorm: ({ epsilon }) => unless("epsilon", epsilon, layerNorm().epsilon),
  groupNorm: ({ groups, epsilon }) => ({ groups, ...unless("epsilon", epsilon, groupNorm(groups).epsilon) }),
  layerScale: ({ initial }) => unless("initial", initial, layerScale().initial),
  ...eachActivation(() => optionsOf),
  maxPool: pooling,
  averagePool: pooling,
  globalAveragePool: none,
  globalMaxPool: none,
  generalizedMeanPool: ({ p, learned, epsilon }) => {
    const usual = generalizedMeanPool();
    return {
      ...unless("p", p, usual.p),
      ...unless("learned", learned, usual.learned),
      ...unless("epsilon", epsilon, usual.epsilon),
    };
  },
  blurPool: ({ kernel, stride }) => ({
    ...unless("kernel", kernel, blurPool().kernel),
    ...unless("stride", stride, blurPool().stride, pairOf(stride)),
  }),
  flatten: none,
  dense: ({ units, bias, l2, initialization }) => ({
    units,
    ...unless("bias", bias, true),
    ...unless("l2", l2, undefined),
    ...(initialization && { initialization }),
  }),
  dropout: ({ rate, per }) => ({ rate, ...unless("per", per, "value") }),
  residual: ({ body, shortcut, stochasticDepth }) => ({
    ...unless("stochasticDepth", stochasticDepth, 0),
    body: formsOf(body),
    ...unless("shortcut", shortcut, [], formsOf(shortcut)),
  }),
  gate: ({ body }) => ({ body: formsOf(body) }),
  concatenate: ({ branches }) => ({ branches: branches.map(formsOf) }),
};

const formsOf = (layers: readonly Layer[]): readonly Form[] =>
  layers.map((layer) => ({ kind: layer.kind, ...(forms[layer.kind] as (layer: Layer) => Form)(layer) }));

/** Objects that hold lists of others have a line for each of these, all else stands on one line. */
function write(value: unknown, margin: string): string {
  const inner = `${margin}  `;
  const holdsObjects = (part: unknown) => Array.isArray(part) && part.some((one) => typeof one === "object");
  if (Array.isArray(value)) {
    return holdsObjects(value)
      ? `[\n${value.map((one) => inner + write(one, inner)).join(",\n")}\n${margin}]`
      : `[${value.map((one) => JSON.stringify(one)).join(", ")}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const isLong = Object.values(value).some(holdsObjects);
  const fields = Object.entries(value).map(
    ([name, part]) => `${JSON.stringify(name)}: ${write(part, isLong ? inner : margin)}`,
  );
  return isLong ? `{\n${inner}${fields.join(`,\n${inner}`)}\n${margin}}` : `{ ${fields.join(", ")} }`;
}

/**
 * The JSON text of a network, which `parseNetwork` reads back: the same network for as many classes. Where the last layer is dense, its units are
 * written as `"classes"`, so that the file is good for other data as well.
 */
export function formatNetwork({ name, input, frozen, initialization, layers }: Network): string {
  const { channels, height, width } = input;
  const all = formsOf(layers);
  const last = layers.at(-1)?.kind === "dense" ? [{ ...all.at(-1), units: "classes" }] : all.slice(-1);
  const form = {
    name,
    input: { ...unless("channels", channels, 3), height, width },
    ...(frozen !== undefined && { frozen }),
    ...(initialization && { initialization }),
    layers: [...all.slice(0, -1), ...last],
  };
  return `${write(form, "")}\n`;
}
