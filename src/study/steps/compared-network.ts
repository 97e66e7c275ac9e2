/** The network whose recipes chapter 8 compares with the notebook's: ResNet-18, or the one that a study is given. */
import { NetworkError } from "../../errors.ts";
import { type NetworkSource, networkName } from "../../network/network-source.ts";
import { graphOf } from "../../run/run-preparation.ts";
import type { Settings } from "../../training/settings/schema.ts";
import { settingsForClasses } from "../../training/settings/train-settings.ts";
import { largerNetwork, type Recipe } from "./cross-validated.ts";

/** What a report calls the best recipe of the chapters before. */
export const notebookRecipes = "the notebook's";

/** A network for the classes that are trained on. */
export interface ComparedNetwork {
  /** What a report calls the network that the study was given; undefined where it was given none. */
  readonly name: string | undefined;
  /** Pixels of a side, as of a square, where the budget does not reduce it. */
  readonly side: number;
  /** The network and the size of its images, in a study that reduces sides to so many pixels, by default to none: smaller images stay as they are. */
  at(reduced?: number | null): Promise<Pick<Recipe, "network" | "imageSize">>;
}

/**
 * Calls a function, and checks what it gives or what was given.
 *
 * @param classesLeftOut by curation, for the sentence that says why the network does not fit
 * @throws NetworkError, SettingsError, and what the function throws
 */
export async function comparedNetwork(
  settings: Settings,
  source: NetworkSource | undefined,
  { classes, classesLeftOut }: { readonly classes: number; readonly classesLeftOut: readonly string[] },
): Promise<ComparedNetwork> {
  const made = async (imageSize: Settings["imageSize"], note: string) => {
    const asked = { ...settings, imageSize, network: source ?? largerNetwork };
    try {
      const own = await settingsForClasses(asked, classes);
      const [, height, width] = graphOf(own, classes).inputShape as readonly [number, number, number];
      return { network: own.network, side: Math.sqrt(height * width) };
    } catch (error) {
      if (!(error instanceof NetworkError) || note === "") throw error;
      throw new NetworkError(`${error.message}; ${note}`, { cause: error });
    }
  };
  const { network, side } = await made(
    settings.imageSize,
    classesLeftOut.length === 0 ? "" : `curation left out ${classesLeftOut.map((name) => `"${name}"`).join(", ")}`,
  );
  const name = source === undefined ? undefined : networkName(network);
  return {
    // Recipes are told from each other by their names.
    name: name === notebookRecipes ? `${name} (given)` : name,
    side,
    at: async (reduced) => {
      if (reduced === undefined || reduced === null || (source !== undefined && side <= reduced)) return { network };
      const cure = `the budget reduces the images to ${reduced} x ${reduced} pixels; give it more minutes, or set the image size`;
      return { network: (await made(reduced, cure)).network, imageSize: reduced };
    },
  };
}
