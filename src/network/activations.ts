/** Activations: functions of each value by itself, and all that is known of them, in one table. */
import { NetworkError } from "../errors.ts";
import { knownOptions } from "./builder-options.ts";
import { errorFunction } from "./error-function.ts";

/** max(x, 0) */
export interface Relu {
  readonly kind: "relu";
}

/** 1 / (1 + exp(-x)) */
export interface Sigmoid {
  readonly kind: "sigmoid";
}

/** x where it is positive, else slope x (Maas et al. 2013). */
export interface LeakyRelu {
  readonly kind: "leakyRelu";
  readonly slope: number;
}

/** min(max(x, 0), 6) (Krizhevsky 2010) */
export interface Relu6 {
  readonly kind: "relu6";
}

/** x where it is positive, else alpha (exp(x) - 1) (Clevert et al. 2016). */
export interface Elu {
  readonly kind: "elu";
  readonly alpha: number;
}

/** x / (1 + exp(-x)), also called swish (Elfwing et al. 2018, Ramachandran et al. 2017). */
export interface Silu {
  readonly kind: "silu";
}

/**
 * x Φ(x), where Φ is the normal distribution (Hendrycks and Gimpel 2016): by the error function, or `approximate` by
 * x/2 (1 + tanh(sqrt(2/π) (x + 0.044715 x³))).
 */
export interface Gelu {
  readonly kind: "gelu";
  readonly approximate?: "tanh";
}

/** x min(max(x + 3, 0), 6) / 6 (Howard et al. 2019) */
export interface HardSwish {
  readonly kind: "hardSwish";
}

/** min(max(x/6 + 1/2, 0), 1), as in PyTorch and Keras 3. */
export interface HardSigmoid {
  readonly kind: "hardSigmoid";
}

/** The hyperbolic tangent. */
export interface Tanh {
  readonly kind: "tanh";
}

/** log(1 + exp(x)) */
export interface Softplus {
  readonly kind: "softplus";
}

/** A layer that is a function of each value by itself. */
export type Activation =
  | Relu
  | Sigmoid
  | LeakyRelu
  | Relu6
  | Elu
  | Silu
  | Gelu
  | HardSwish
  | HardSigmoid
  | Tanh
  | Softplus;

/** What an option may be: a number of at least 0, where `usual` is the default, or one of some words, where none is. */
export type ActivationOption = { readonly usual: number } | { readonly words: readonly string[] };

/** An activation: its options by their names, its value, and its slope, which at a corner is that of one of the sides. */
interface ActivationRule<A extends Activation> {
  readonly options: { readonly [Name in Exclude<keyof A, "kind">]-?: ActivationOption };
  readonly value: (x: number, layer: A) => number;
  readonly slope: (x: number, layer: A) => number;
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const clamped = (x: number, least: number, most: number): number => Math.min(Math.max(x, least), most);
const normalDensity = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
const normalShare = (x: number): number => (1 + errorFunction(x / Math.SQRT2)) / 2;

/** Of the approximate Gelu. */
export const geluFactor = Math.sqrt(2 / Math.PI);
/** Of the approximate Gelu: the cube's part. */
export const geluCube = 0.044715;
const geluTanh = (x: number): number => Math.tanh(geluFactor * (x + geluCube * x ** 3));

const rules: { readonly [K in Activation["kind"]]: ActivationRule<Extract<Activation, { kind: K }>> } = {
  relu: { options: {}, value: (x) => Math.max(0, x), slope: (x) => (x > 0 ? 1 : 0) },
  sigmoid: { options: {}, value: logistic, slope: (x) => logistic(x) * (1 - logistic(x)) },
  leakyRelu: {
    options: { slope: { usual: 0.01 } },
    value: (x, { slope }) => (x > 0 ? x : slope * x),
    slope: (x, { slope }) => (x > 0 ? 1 : slope),
  },
  relu6: { options: {}, value: (x) => clamped(x, 0, 6), slope: (x) => (x > 0 && x < 6 ? 1 : 0) },
  elu: {
    options: { alpha: { usual: 1 } },
    value: (x, { alpha }) => (x > 0 ? x : alpha * Math.expm1(x)),
    slope: (x, { alpha }) => (x > 0 ? 1 : alpha * Math.exp(x)),
  },
  silu: {
    options: {},
    value: (x) => x * logistic(x),
    slope: (x) => logistic(x) * (1 + x * (1 - logistic(x))),
  },
  gelu: {
    options: { approximate: { words: ["tanh"] } },
    value: (x, { approximate }) => x * (approximate === "tanh" ? (1 + geluTanh(x)) / 2 : normalShare(x)),
    slope(x, { approximate }) {
      if (approximate !== "tanh") return normalShare(x) + x * normalDensity(x);
      const bent = geluTanh(x);
      return (1 + bent + x * (1 - bent ** 2) * geluFactor * (1 + 3 * geluCube * x ** 2)) / 2;
    },
  },
  hardSwish: {
    options: {},
    value: (x) => (x * clamped(x + 3, 0, 6)) / 6,
    slope: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5),
  },
  hardSigmoid: {
    options: {},
    value: (x) => clamped(x / 6 + 0.5, 0, 1),
    slope: (x) => (x > -3 && x < 3 ? 1 / 6 : 0),
  },
  tanh: { options: {}, value: Math.tanh, slope: (x) => 1 - Math.tanh(x) ** 2 },
  softplus: {
    options: {},
    value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    slope: logistic,
  },
};

const ruleOf = (layer: Activation) => rules[layer.kind] as ActivationRule<Activation>;

/** f(x) */
export const activationValue = (layer: Activation, x: number): number => ruleOf(layer).value(x, layer);

/** f'(x) */
export const activationSlope = (layer: Activation, x: number): number => ruleOf(layer).slope(x, layer);

/** The kinds of activations. */
export const activationKinds = Object.keys(rules) as readonly Activation["kind"][];

/** The part of a table over layers that is the activations', for which what `make` gives holds. */
export const eachActivation = <T>(make: (kind: Activation["kind"]) => T): { readonly [K in Activation["kind"]]: T } =>
  Object.fromEntries(activationKinds.map((kind) => [kind, make(kind)])) as { readonly [K in Activation["kind"]]: T };

/** What a kind of activation takes, by name. */
export const activationOptions = (kind: Activation["kind"]): Readonly<Record<string, ActivationOption>> =>
  rules[kind].options;

/** What is said of a layer beside its kind: the options that have not their default. */
export const optionsOf = (layer: Activation): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(activationOptions(layer.kind)).flatMap(([name, option]) => {
      const value: unknown = (layer as unknown as Readonly<Record<string, unknown>>)[name];
      return value === ("usual" in option ? option.usual : undefined) ? [] : [[name, value]];
    }),
  );

/** What an option takes, in words. */
export const expectedOption = (option: ActivationOption): string =>
  "usual" in option ? "a number of at least 0" : option.words.map((word) => `"${word}"`).join(" or ");

const fits = (option: ActivationOption, value: unknown): boolean =>
  "usual" in option
    ? typeof value === "number" && value >= 0 && Number.isFinite(Math.fround(value))
    : value === undefined || option.words.some((word) => word === value);

/** Refuses an activation whose options are none of those that it takes. */
export function checkActivation(layer: Activation): void {
  for (const [name, option] of Object.entries(activationOptions(layer.kind))) {
    const value: unknown = (layer as unknown as Readonly<Record<string, unknown>>)[name];
    if (!fits(option, value))
      throw new NetworkError(`${layer.kind}: ${name}: expected ${expectedOption(option)}, got ${String(value)}`);
  }
}

/** max(x, 0) */
export const relu = (): Relu => ({ kind: "relu" });

/** 1 / (1 + exp(-x)) */
export const sigmoid = (): Sigmoid => ({ kind: "sigmoid" });

/** x where it is positive, else `slope` x, by default 0.01 x, as in PyTorch; Keras has 0.3. */
export const leakyRelu = (options: Partial<Omit<LeakyRelu, "kind">> = {}): LeakyRelu => {
  const { slope = 0.01 } = knownOptions("leakyRelu", options, ["slope"]);
  return { kind: "leakyRelu", slope };
};

/** min(max(x, 0), 6) */
export const relu6 = (): Relu6 => ({ kind: "relu6" });

/** x where it is positive, else `alpha` (exp(x) - 1), by default with alpha 1. */
export const elu = (options: Partial<Omit<Elu, "kind">> = {}): Elu => {
  const { alpha = 1 } = knownOptions("elu", options, ["alpha"]);
  return { kind: "elu", alpha };
};

/** x / (1 + exp(-x)), also called swish. */
export const silu = (): Silu => ({ kind: "silu" });

/** x Φ(x), where Φ is the normal distribution: exact, or `{ approximate: "tanh" }`. */
export const gelu = (options: Omit<Gelu, "kind"> = {}): Gelu => {
  const { approximate } = knownOptions("gelu", options, ["approximate"]);
  return { kind: "gelu", ...(approximate !== undefined && { approximate }) };
};

/** x min(max(x + 3, 0), 6) / 6 */
export const hardSwish = (): HardSwish => ({ kind: "hardSwish" });

/** min(max(x/6 + 1/2, 0), 1) */
export const hardSigmoid = (): HardSigmoid => ({ kind: "hardSigmoid" });

/** The hyperbolic tangent. */
export const tanh = (): Tanh => ({ kind: "tanh" });

/** log(1 + exp(x)) */
export const softplus = (): Softplus => ({ kind: "softplus" });

/** The builder of every kind, for layers that are read. */
export const activationBuilders = {
  relu,
  sigmoid,
  leakyRelu,
  relu6,
  elu,
  silu,
  gelu,
  hardSwish,
  hardSigmoid,
  tanh,
  softplus,
} satisfies { readonly [K in Activation["kind"]]: (options: never) => Extract<Activation, { kind: K }> };
