/** What a layer may look like in JSON: every kind with its fields, of which those that a builder has a default for may be left out. */
import { z } from "zod";
import {
  type Activation,
  type ActivationOption,
  activationOptions,
  eachActivation,
  expectedOption,
} from "../activations.ts";
import { mostValues as most } from "../bounds.ts";
import {
  distributionNames,
  type Initialization,
  type InitializationOptions,
  initializationNames,
  type ScalingScheme,
  schemeNames,
} from "../initialization.ts";
import type { Layer, PaddingOption } from "../layer.ts";

const inWords = <S extends z.ZodType>(expected: string, schema: S): S => schema.meta({ expected });

const wholeNumber = (least: number) => inWords(`a whole number from ${least} to ${most}`, z.int().min(least).max(most));
const size = wholeNumber(1);
const margin = wholeNumber(0);
const pairOf = <S extends z.ZodType>(one: S) => z.union([one, z.tuple([one, one])]);
const sizes = inWords(`a whole number from 1 to ${most}, or two of them: [height, width]`, pairOf(size));
const marginsOf = (words: readonly string[]) =>
  inWords(
    `${words.map((word) => `"${word}", `).join("")}a whole number from 0 to ${most}, or a list of them: [height, width] or [top, left, bottom, right]`,
    z.union([z.literal(words), margin, z.tuple([margin, margin]), z.tuple([margin, margin, margin, margin])]),
  );
const margins = marginsOf(["sameUpper"]) as z.ZodType<PaddingOption>;
const paddings = marginsOf(["same", "sameUpper"]) as z.ZodType<PaddingOption | "same">;
const rate = inWords("a number of at least 0 and below 1", z.number().min(0).lt(1));
const strength = inWords("a number of at least 0 and at most 1", z.number().min(0).max(1));
const epsilon = inWords("a number above 0 and at most 1", z.number().positive().max(1));
const flag = inWords("true or false", z.boolean());
const channelMeans = inWords("a list of numbers, one for each channel", z.array(z.number()).min(1).max(64));
const channelDeviations = inWords(
  "a list of numbers above 0, one for each channel",
  z.array(z.number().positive()).min(1).max(64),
);
const layerList = inWords(
  "a list of layers",
  z.lazy((): z.ZodType<readonly LayerForm[]> => z.array(layerForm)),
);

const branchList = inWords("a list of branches, each a list of layers", z.array(layerList).min(1));
const gain = z.number().positive().exactOptional();
const scalings = schemeNames.filter((name): name is ScalingScheme => name !== "orthogonal");
const initialization: z.ZodType<Initialization> = inWords(
  `one of ${initializationNames.join(", ")}, or {"scheme": …, "distribution": …, "gain": …}`,
  z.union([
    z.enum(initializationNames),
    z.strictObject({ scheme: z.enum(scalings), distribution: z.enum(distributionNames), gain }),
    z.strictObject({ scheme: z.literal("orthogonal"), gain }),
  ]) satisfies z.ZodType<Initialization | InitializationOptions>,
).meta({ id: "initialization" });

const pooling = {
  kernel: sizes,
  stride: sizes.exactOptional(),
  padding: margins.exactOptional(),
  ceil: flag.exactOptional(),
};

const optionForm = (option: ActivationOption): z.ZodType =>
  inWords(expectedOption(option), "usual" in option ? z.number().nonnegative() : z.enum([...option.words]));

const activation = (kind: Activation["kind"]) =>
  Object.fromEntries(
    Object.entries(activationOptions(kind)).map(([name, option]) => [name, optionForm(option).exactOptional()]),
  );

/** The fields of the layers that hold no others. */
const leaves = {
  normalize: { mean: channelMeans.exactOptional(), standardDeviation: channelDeviations.exactOptional() },
  conv2d: {
    filters: size,
    kernel: sizes,
    stride: sizes.exactOptional(),
    padding: paddings.exactOptional(),
    dilation: sizes.exactOptional(),
    groups: size.exactOptional(),
    bias: flag.exactOptional(),
    frequencies: size.exactOptional(),
    l2: strength.exactOptional(),
    initialization: initialization.exactOptional(),
  },
  batchNorm: {
    momentum: inWords("a number above 0 and at most 1", z.number().positive().max(1)).exactOptional(),
    epsilon: inWords("a number above 0 and at most 1", z.number().positive().max(1)).exactOptional(),
    initialScale: inWords("a number from 0 to 100", z.number().min(0).max(100)).exactOptional(),
  },
  layerNorm: { epsilon: epsilon.exactOptional() },
  groupNorm: { groups: size, epsilon: epsilon.exactOptional() },
  layerScale: { initial: inWords("a number", z.number()).exactOptional() },
  ...eachActivation(activation),
  maxPool: pooling,
  averagePool: { ...pooling, countPadding: flag.exactOptional() },
  globalAveragePool: {},
  globalMaxPool: {},
  generalizedMeanPool: {
    p: inWords("a number from 1 to 100", z.number().min(1).max(100)).exactOptional(),
    learned: flag.exactOptional(),
    epsilon: inWords("a number above 0 and at most 1", z.number().positive().max(1)).exactOptional(),
  },
  blurPool: {
    kernel: inWords("a whole number from 2 to 7", z.int().min(2).max(7)).exactOptional(),
    stride: sizes.exactOptional(),
  },
  flatten: {},
  dense: {
    units: inWords(`a whole number from 1 to ${most}, or "classes"`, z.union([size, z.literal("classes")])),
    bias: flag.exactOptional(),
    l2: strength.exactOptional(),
    initialization: initialization.exactOptional(),
  },
  dropout: {
    rate,
    per: inWords('"value", "channel" or "image"', z.enum(["value", "channel", "image"])).exactOptional(),
  },
} satisfies { readonly [K in Exclude<Layer["kind"], "residual" | "gate" | "concatenate">]: z.ZodRawShape };

/** The fields of every kind of layer, beside its kind. */
export const layerFields = {
  ...leaves,
  residual: { body: layerList, shortcut: layerList.exactOptional(), stochasticDepth: rate.exactOptional() },
  gate: { body: layerList },
  concatenate: { branches: branchList },
} satisfies { readonly [K in Layer["kind"]]: z.ZodRawShape };

/** The kinds of layers. */
export const layerKinds = Object.keys(layerFields) as readonly Layer["kind"][];

interface GateForm {
  readonly body: readonly LayerForm[];
}

interface ConcatenateForm {
  readonly branches: readonly (readonly LayerForm[])[];
}

interface ResidualForm {
  readonly body: readonly LayerForm[];
  readonly shortcut?: readonly LayerForm[];
  readonly stochasticDepth?: number;
}

/** A layer of one kind as JSON may have it. */
export type FormOf<K extends Layer["kind"]> = K extends keyof typeof leaves
  ? z.output<z.ZodObject<(typeof leaves)[K]>>
  : K extends "gate"
    ? GateForm
    : K extends "concatenate"
      ? ConcatenateForm
      : ResidualForm;

/** A layer as JSON may have it. */
export type LayerForm = { [K in Layer["kind"]]: { readonly kind: K } & FormOf<K> }[Layer["kind"]];

const oneOf = layerKinds.map((kind) => z.strictObject({ kind: z.literal(kind), ...layerFields[kind] }));

const layerForm = z
  .discriminatedUnion("kind", oneOf as unknown as [z.ZodObject<{ kind: z.ZodLiteral<string> }>])
  .meta({ id: "layer" }) as unknown as z.ZodType<LayerForm>;

const pixels = inWords("a whole number from 1 to 4096", z.int().min(1).max(4096));

/** The fields of a network. */
export const networkFields = {
  $schema: inWords("the address of a JSON Schema", z.string()).exactOptional(),
  name: inWords(
    "a name of 1 to 100 characters that can be seen",
    z.string().regex(/^(?!\s*$)[^\p{C}\p{Zl}\p{Zp}]{1,100}$/u),
  ).exactOptional(),
  input: inWords(
    "an object with height and width in pixels",
    z.strictObject({
      channels: inWords("3 (RGB) or 1 (luminance)", z.literal([3, 1])).exactOptional(),
      height: pixels.exactOptional(),
      width: pixels.exactOptional(),
    }),
  ).exactOptional(),
  initialization: initialization.exactOptional(),
  frozen: inWords("a number of layers, from 0", z.int().min(0).max(most)).exactOptional(),
  layers: inWords("a list of at least one layer", z.array(layerForm).min(1)),
};

/** The fields of a network's input. */
export const inputFields = networkFields.input.unwrap().shape;

/** A network as JSON may have it. */
export const networkForm = z.strictObject(networkFields);

/** A network as JSON may have it. */
export type NetworkForm = z.output<typeof networkForm>;
