/** Which images a model was trained on and is to be tested on, as short digests that lie in the model file. */

/** Hexadecimal digits of a hash that a digest keeps: 48 bits, which a number holds exactly. */
const digits = 12;
const digestBytes = digits / 2;

/** An image, lesion or patient as the first 48 bits of its SHA-256. */
export type Digest = number;

/** The digest of a SHA-256 in hexadecimal. */
export const digestOf = (sha256: string): Digest => Number.parseInt(sha256.slice(0, digits), 16);

/**
 * What a model has to do with which images. An image stands in its set by the hash of its pixels and by that of its file, a lesion
 * or patient by the hash of its id. Something else is taken for one of n entries with a probability of n / 2^48: about 2e-11 for
 * 2,500 images, 3e-9 for 400,000.
 */
export interface LearnedImages {
  /** The weights were fitted to these. */
  readonly train: ReadonlySet<Digest>;
  /** An epoch and a temperature were chosen on these. */
  readonly validation: ReadonlySet<Digest>;
  /** The images of the run's own test, with a label for each file that has the content. */
  readonly test: ReadonlyMap<Digest, readonly number[]>;
  /** How many images that are; one has up to two digests. */
  readonly counts: { readonly train: number; readonly validation: number; readonly test: number };
  /** The lesions of the training and validation images, where they are known. */
  readonly lesions: ReadonlySet<Digest>;
  /** Their patients, where the run kept patients apart. */
  readonly patients: ReadonlySet<Digest>;
}

function encode(digests: Iterable<Digest>): string {
  // Sorted, so that the file does not tell the order of the images.
  const sorted = [...digests].sort((a, b) => a - b);
  const bytes = new Uint8Array(sorted.length * digestBytes);
  for (const [i, digest] of sorted.entries()) {
    let rest = digest;
    for (let at = digestBytes - 1; at >= 0; at--) {
      bytes[i * digestBytes + at] = rest % 256;
      rest = Math.floor(rest / 256);
    }
  }
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function decode(text: unknown): Digest[] {
  const binary = atob(String(text));
  if (binary.length % digestBytes !== 0) throw new RangeError("digests of another length");
  const digests: Digest[] = [];
  for (let start = 0; start < binary.length; start += digestBytes) {
    let digest = 0;
    for (let at = start; at < start + digestBytes; at++) digest = digest * 256 + binary.charCodeAt(at);
    digests.push(digest);
  }
  return digests;
}

/** Learned images as JSON holds them, some eight characters a digest; `classes` is how many labels there are. */
export function storedLearnedImages(
  { train, validation, test, counts, lesions, patients }: LearnedImages,
  classes: number,
): Readonly<Record<string, unknown>> {
  const byLabel = Array.from({ length: classes }, (): Digest[] => []);
  for (const [digest, labels] of test) for (const label of labels) byLabel[label]!.push(digest);
  return {
    digests: `first ${digits * 4} bits of SHA-256, base64`,
    train: encode(train),
    validation: encode(validation),
    test: byLabel.map(encode),
    counts,
    lesions: encode(lesions),
    patients: encode(patients),
  };
}

/** Reads {@link storedLearnedImages}; undefined where the value is none. */
export function learnedImagesFrom(value: unknown): LearnedImages | undefined {
  try {
    const { train, validation, test, counts, lesions, patients } = value as Record<string, unknown>;
    const labels = new Map<Digest, number[]>();
    for (const [label, part] of (test as unknown[]).entries()) {
      for (const digest of decode(part)) labels.set(digest, [...(labels.get(digest) ?? []), label]);
    }
    const { train: trained, validation: validated, test: tested } = counts as LearnedImages["counts"];
    if (![trained, validated, tested].every((count) => Number.isSafeInteger(count) && count >= 0)) return undefined;
    return {
      train: new Set(decode(train)),
      validation: new Set(decode(validation)),
      test: labels,
      counts: { train: trained, validation: validated, test: tested },
      lesions: new Set(decode(lesions)),
      patients: new Set(decode(patients)),
    };
  } catch {
    return undefined;
  }
}

/** The text of learned images; `classes` is how many labels there are. */
export const formatLearnedImages = (images: LearnedImages, classes: number): string =>
  JSON.stringify(storedLearnedImages(images, classes));

/** Reads {@link formatLearnedImages}; undefined where the text is none. */
export function parseLearnedImages(text: string): LearnedImages | undefined {
  try {
    return learnedImagesFrom(JSON.parse(text));
  } catch {
    return undefined;
  }
}
