/** A model that another one's training went on from, as figures and records name it. */

/** What is said of an ancestor of a model. */
export interface AncestorSummary {
  /** Name of its network. */
  readonly network: string;
  /** The fingerprint of the data set that it was trained on. */
  readonly dataFingerprint: string;
  /** Version of naevus that wrote it. */
  readonly version: string;
  /** In the order of its probabilities. */
  readonly classes: readonly string[];
  /** `phantom`: trained on drawn images, not on photographs. */
  readonly origin?: "folder" | "phantom";
  /** How many images its weights were fitted to, and an epoch and a temperature chosen on; absent where it does not tell which. */
  readonly trainingImages?: number;
  readonly validationImages?: number;
}
