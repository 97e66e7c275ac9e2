/** How weights begin: the schemes of the literature, their names, and the drawing of a weight. */
import { NetworkError } from "../errors.ts";
import type { Random } from "../random.ts";
import { nameList } from "../text/name-list.ts";
import { nearestName } from "../text/nearest-name.ts";
import { valueInWords } from "../text/value-in-words.ts";

/** A scheme that scales independent numbers by how many inputs and outputs a weight connects. */
export type ScalingScheme = "he" | "glorot" | "leCun";

/** What independent weights are drawn from. */
export type InitialDistribution = "normal" | "uniform" | "truncatedNormal";

/**
 * The variance of each scheme from the numbers of inputs and outputs: He et al. 2015, "Delving Deep into Rectifiers" (2 / inputs, which keeps the
 * signal's size through rectifiers); Glorot and Bengio 2010 (2 / (inputs + outputs)); LeCun et al. 1998, "Efficient BackProp" (1 / inputs).
 */
const variances: Readonly<Record<ScalingScheme, (inputs: number, outputs: number) => number>> = {
  he: (inputs: number) => 2 / inputs,
  glorot: (inputs: number, outputs: number) => 2 / (inputs + outputs),
  leCun: (inputs: number) => 1 / inputs,
};

/**
 * What a standard number of variance 1 is drawn from. Keras's "normal" schemes (`he_normal`, `glorot_normal`, `lecun_normal`) are `truncatedNormal` here: what is beyond two
 * deviations is drawn again, and the deviation is made larger by as much as that takes away. PyTorch's are `normal`.
 */
const distributions: Readonly<Record<InitialDistribution, (random: Random) => number>> = {
  normal: (random: Random) => random.normal(),
  uniform: (random: Random) => Math.sqrt(3) * (2 * random.uniform() - 1),
  truncatedNormal: (random: Random) => {
    let value: number;
    do value = random.normal();
    while (Math.abs(value) > 2);
    return value / TRUNCATED_DEVIATION;
  },
};

/** The deviation of a standard normal number that is cut off at two deviations. */
const TRUNCATED_DEVIATION = 0.87962566103423978;

/** How weights begin, as fields. */
export type InitializationOptions =
  | {
      readonly scheme: ScalingScheme;
      readonly distribution: InitialDistribution;
      /** Factor of every weight, default 1. */
      readonly gain?: number;
    }
  | {
      /**
       * Saxe et al. 2014: the weight as a matrix (filters, all else) has orthonormal rows, or columns where it has more rows. Drawing it takes
       * 2 n² m multiplications for n x m with n <= m.
       */
      readonly scheme: "orthogonal";
      /** Factor of every weight, default 1. */
      readonly gain?: number;
    };

/** The name of a scheme with its distribution, such as `glorotUniform`, or `orthogonal`. */
export type InitializationName = `${ScalingScheme}${Capitalize<InitialDistribution>}` | "orthogonal";

/** How weights begin: by name, or as fields where there is a gain. */
export type Initialization = InitializationName | InitializationOptions;

const schemes = Object.keys(variances) as readonly ScalingScheme[];

/** What independent weights can be drawn from. */
export const distributionNames = Object.keys(distributions) as readonly InitialDistribution[];

const nameOf = (scheme: ScalingScheme, distribution: InitialDistribution): InitializationName =>
  `${scheme}${distribution.replace(/^./, (letter) => letter.toUpperCase()) as Capitalize<InitialDistribution>}`;

const named: ReadonlyMap<string, InitializationOptions> = new Map<string, InitializationOptions>([
  ...schemes.flatMap((scheme) =>
    distributionNames.map((distribution) => [nameOf(scheme, distribution), { scheme, distribution }] as const),
  ),
  ["orthogonal", { scheme: "orthogonal" }],
]);

/** The schemes. */
export const schemeNames = [...schemes, "orthogonal"] as const satisfies readonly InitializationOptions["scheme"][];

/** All initialisations by name. */
export const initializationNames = [...named.keys()] as [InitializationName, ...InitializationName[]];

/** What weights begin with where nothing else is said. */
export const defaultInitialization: InitializationName = "heNormal";

const form = '{ scheme, distribution, gain }, such as { scheme: "orthogonal", gain: 1.41 }';

/**
 * An initialisation in its one form: the name, where it has one, else its fields.
 *
 * @throws NetworkError that says what there is
 */
export function checkedInitialization(given: Initialization): Initialization {
  const refuse = (reason: string) => new NetworkError(`initialization: ${reason}`);
  if (typeof given === "string") {
    if (named.has(given)) return given;
    const near = nearestName(given, initializationNames);
    throw refuse(
      `expected ${nameList(initializationNames)}, got ${valueInWords(given)}${near === undefined ? "" : `; did you mean ${near}?`}`,
    );
  }
  if (typeof given !== "object" || given === null) {
    throw refuse(`expected a name, such as "${defaultInitialization}", or ${form}, got ${valueInWords(given)}`);
  }
  const {
    scheme,
    distribution,
    gain = 1,
    ...others
  } = given as InitializationOptions & {
    readonly distribution?: InitialDistribution;
  };
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) throw refuse(`unknown field "${unknown}"; expected ${form}`);
  if (!(schemeNames as readonly string[]).includes(scheme)) {
    throw refuse(`scheme: expected one of ${schemeNames.join(", ")}, got ${valueInWords(scheme)}`);
  }
  if (!(Number.isFinite(gain) && gain > 0)) throw refuse(`gain: expected a number above 0, got ${valueInWords(gain)}`);
  if (scheme === "orthogonal") {
    if (distribution !== undefined) throw refuse("distribution: orthogonal has none; leave it out");
    return gain === 1 ? scheme : { scheme, gain };
  }
  if (!distributionNames.some((name) => name === distribution)) {
    throw refuse(`distribution: expected one of ${distributionNames.join(", ")}, got ${valueInWords(distribution)}`);
  }
  return gain === 1 ? nameOf(scheme, distribution!) : { scheme, distribution: distribution!, gain };
}

/**
 * Draws a weight into `data`, in row-major order.
 *
 * @param weight its shape begins with filters and channels / groups, or units and features; `fanIn` is how many inputs an output sums over
 */
export function drawWeight(
  data: Float32Array,
  { shape, fanIn }: { readonly shape: readonly number[]; readonly fanIn: number },
  initialization: Initialization,
  random: Random,
): void {
  const options = typeof initialization === "string" ? named.get(initialization)! : initialization;
  const { gain = 1 } = options;
  if (options.scheme === "orthogonal") {
    drawOrthogonal(data, shape[0]!, gain, random);
    return;
  }
  // As PyTorch and Keras count them for a convolution in groups: these divide the inputs, and not the outputs.
  const fanOut = (fanIn * shape[0]!) / shape[1]!;
  const deviation = gain * Math.sqrt(variances[options.scheme](fanIn, fanOut));
  const draw = distributions[options.distribution];
  for (let i = 0; i < data.length; i++) data[i] = draw(random) * deviation;
}

/**
 * Q of the QR decomposition of a matrix of standard normal numbers whose R has a positive diagonal, which makes Q uniform over all orthogonal
 * matrices (Mezzadri 2007). Gram and Schmidt's process in its modified form gives just this R.
 */
function drawOrthogonal(data: Float32Array, rows: number, gain: number, random: Random): void {
  const columns = data.length / rows;
  const isWide = rows < columns;
  const [count, length] = isWide ? [rows, columns] : [columns, rows];
  const drawn = Float64Array.from(data, () => random.normal());
  const at = isWide ? (i: number, k: number) => i * columns + k : (i: number, k: number) => k * columns + i;
  const vectors = Array.from({ length: count }, (_, i) => Float64Array.from({ length }, (_, k) => drawn[at(i, k)]!));
  vectors.forEach((vector, i) => {
    for (const other of vectors.slice(0, i)) {
      let product = 0;
      for (let k = 0; k < length; k++) product += other[k]! * vector[k]!;
      for (let k = 0; k < length; k++) vector[k]! -= product * other[k]!;
    }
    let square = 0;
    for (let k = 0; k < length; k++) square += vector[k]! ** 2;
    const scale = 1 / Math.sqrt(square);
    for (let k = 0; k < length; k++) vector[k]! *= scale;
    for (let k = 0; k < length; k++) data[at(i, k)] = gain * vector[k]!;
  });
}
