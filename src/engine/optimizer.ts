/**
 * Optimizers as data; each engine has a table of how to run them. `weightDecay` applies to parameters of the role "weight"
 * only: biases and batch normalisation's scale and shift do not decay.
 */

/**
 * What becomes of the gradients before the optimizer has them, in this order: centralised, a layer's own `l2` added, clipped. Each is absent
 * where it is not done, so that an optimizer without them is the same data as ever.
 */
export interface GradientOptions {
  /** Subtracts from the gradient of each filter or unit its mean (Yong et al. 2020, "Gradient Centralization"). */
  readonly centralize?: true;
  /** Bounds each number of a gradient to [-clipValue, clipValue]. Not together with `clipNorm`. */
  readonly clipValue?: number;
  /** Scales all gradients together so that their norm is at most this (Pascanu et al. 2013). */
  readonly clipNorm?: number;
}

/** Stochastic gradient descent: g += weightDecay w; v = momentum v + g; w -= rate v. */
export interface Sgd extends GradientOptions {
  readonly kind: "sgd";
  readonly momentum: number;
  readonly weightDecay: number;
  /** Nesterov's momentum, as PyTorch has it: w -= rate (g + momentum v). Absent where it is not. */
  readonly nesterov?: true;
}

/** Kingma and Ba 2015; `weightDecay` is added to the gradient. */
export interface Adam extends GradientOptions {
  readonly kind: "adam";
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** Loshchilov and Hutter 2019: Adam whose decay shrinks the weights directly, by rate x weightDecay. */
export interface AdamW extends Omit<Adam, "kind"> {
  readonly kind: "adamW";
}

/** Tieleman and Hinton 2012: g += weightDecay w; s = rho s + (1 - rho) g^2; v = momentum v + g / (sqrt(s) + epsilon); w -= rate v. */
export interface RmsProp extends GradientOptions {
  readonly kind: "rmsProp";
  readonly rho: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

/**
 * Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms": w -= rate (sign(beta1 m + (1 - beta1) g) + weightDecay w);
 * m = beta2 m + (1 - beta2) g.
 */
export interface Lion extends GradientOptions {
  readonly kind: "lion";
  readonly beta1: number;
  readonly beta2: number;
  readonly weightDecay: number;
}

/** How gradients change the weights, as data. */
export type Optimizer = Sgd | Adam | AdamW | RmsProp | Lion;

/** The tensors of state that each optimizer keeps per parameter. */
export const optimizerSlots = {
  adam: ["mean", "meanSquare"],
  adamW: ["mean", "meanSquare"],
  sgd: ["velocity"],
  rmsProp: ["meanSquare", "velocity"],
  lion: ["mean"],
} as const satisfies { readonly [K in Optimizer["kind"]]: readonly string[] };

/** All optimizers by name. */
export const optimizerKinds = Object.keys(optimizerSlots) as readonly Optimizer["kind"][];

/** Optimizers whose decay shrinks the weights directly, instead of being added to the gradient. */
const decouplesDecay: { readonly [K in Optimizer["kind"]]: boolean } = {
  adam: false,
  adamW: true,
  sgd: false,
  rmsProp: false,
  lion: true,
};

/**
 * How an optimizer's decay acts on a weight.
 *
 * @returns `coupled` times the weight is added to the gradient; rate x `decoupled` is the part of the weight that an update takes away
 */
export const decayOf = ({ kind, weightDecay }: Optimizer): { readonly coupled: number; readonly decoupled: number } =>
  decouplesDecay[kind] ? { coupled: 0, decoupled: weightDecay } : { coupled: weightDecay, decoupled: 0 };

/** The factor of all gradients that `clipNorm` comes to, PyTorch's; no number where the norm is none, so that the update tells of it. */
export const clippingScale = (norm: number, clipNorm: number): number =>
  Number.isFinite(norm) ? Math.min(1, clipNorm / (norm + 1e-6)) : Number.NaN;

/** The factor of all gradients that SAM's perturbation of a radius comes to; no number where their norm is none. */
export const perturbationScale = (norm: number, radius: number): number =>
  Number.isFinite(norm) ? radius / (norm + 1e-12) : Number.NaN;

/** Options of an optimizer, of which `false` and undefined are as if left out. */
export type OptimizerOptions<O extends Optimizer> = {
  readonly [K in Exclude<keyof O, "kind">]?: (true extends O[K] ? boolean : O[K]) | undefined;
};

const optionKeys = ["centralize", "clipValue", "clipNorm", "nesterov"] as const;

/** Those of the optional fields that are given. */
const given = (options: { readonly [K in (typeof optionKeys)[number]]?: unknown }): object =>
  Object.fromEntries(
    optionKeys.flatMap((key) => (options[key] === undefined || options[key] === false ? [] : [[key, options[key]]])),
  );

/** Stochastic gradient descent; by default with a momentum of 0.9, which is not Nesterov's, and no weight decay. */
export const sgd = ({ momentum = 0.9, weightDecay = 0, ...options }: OptimizerOptions<Sgd> = {}): Sgd => ({
  kind: "sgd",
  momentum,
  weightDecay,
  ...given(options),
});

/** The numbers of Adam and AdamW; those left out have their usual values. */
export type AdamOptions = OptimizerOptions<Adam>;

const adamOptions = ({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, ...options }: AdamOptions) => ({
  beta1,
  beta2,
  epsilon,
  weightDecay,
  ...given(options),
});

/** Adam (Kingma and Ba 2015); by default beta1 0.9, beta2 0.999, epsilon 1e-8 and no weight decay, which is added to the gradient. */
export const adam = (options: AdamOptions = {}): Adam => ({ kind: "adam", ...adamOptions(options) });

/** AdamW (Loshchilov and Hutter 2019); by default as {@link adam}, with a decoupled weight decay of 0.01. */
export const adamW = ({ weightDecay = 0.01, ...options }: AdamOptions = {}): AdamW => ({
  kind: "adamW",
  ...adamOptions({ weightDecay, ...options }),
});

/** RMSprop (Tieleman and Hinton 2012); by default as PyTorch's: rho 0.99, epsilon 1e-8, no momentum and no weight decay. */
export const rmsProp = ({
  rho = 0.99,
  epsilon = 1e-8,
  momentum = 0,
  weightDecay = 0,
  ...options
}: OptimizerOptions<RmsProp> = {}): RmsProp => ({
  kind: "rmsProp",
  rho,
  epsilon,
  momentum,
  weightDecay,
  ...given(options),
});

/**
 * Lion (Chen et al. 2023); by default beta1 0.9, beta2 0.99 and no weight decay. All weights move by the learning rate in each update: it wants
 * a third to a tenth of AdamW's, and as much more decay.
 */
export const lion = ({
  beta1 = 0.9,
  beta2 = 0.99,
  weightDecay = 0,
  ...options
}: OptimizerOptions<Lion> = {}): Lion => ({
  kind: "lion",
  beta1,
  beta2,
  weightDecay,
  ...given(options),
});
