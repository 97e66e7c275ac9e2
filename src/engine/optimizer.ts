/**
 * Optimizers as data; each engine has a table of how to run them. `weightDecay` applies to parameters of the role "weight"
 * only: biases and batch normalisation's scale and shift do not decay.
 */

/** Stochastic gradient descent: g += weightDecay w; v = momentum v + g; w -= rate v. */
export interface Sgd {
  readonly kind: "sgd";
  readonly momentum: number;
  readonly weightDecay: number;
}

/** Kingma and Ba 2015; `weightDecay` is added to the gradient. */
export interface Adam {
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

/** How gradients change the weights, as data. */
export type Optimizer = Sgd | Adam | AdamW;

/** The tensors of state that each optimizer keeps per parameter. */
export const optimizerSlots = {
  adam: ["mean", "meanSquare"],
  adamW: ["mean", "meanSquare"],
  sgd: ["velocity"],
} as const satisfies { readonly [K in Optimizer["kind"]]: readonly string[] };

/** All optimizers by name. */
export const optimizerKinds = Object.keys(optimizerSlots) as readonly Optimizer["kind"][];

/** Stochastic gradient descent; by default with a momentum of 0.9 and no weight decay. */
export const sgd = ({ momentum = 0.9, weightDecay = 0 }: Partial<Omit<Sgd, "kind">> = {}): Sgd => ({
  kind: "sgd",
  momentum,
  weightDecay,
});

/** The numbers of Adam and AdamW; those left out have their usual values. */
export type AdamOptions = Partial<Omit<Adam, "kind">>;

const adamOptions = ({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: AdamOptions) => ({
  beta1,
  beta2,
  epsilon,
  weightDecay,
});

/** Adam (Kingma and Ba 2015); by default beta1 0.9, beta2 0.999, epsilon 1e-8 and no weight decay, which is added to the gradient. */
export const adam = (options: AdamOptions = {}): Adam => ({ kind: "adam", ...adamOptions(options) });

/** AdamW (Loshchilov and Hutter 2019); by default as {@link adam}, with a decoupled weight decay of 0.01. */
export const adamW = (options: AdamOptions = {}): AdamW => ({
  kind: "adamW",
  ...adamOptions({ weightDecay: 0.01, ...options }),
});
