/** Step 3: how the images look, and who they are of, by class. */
import type { ImageMetadata } from "../../dataset/metadata.ts";
import { ageBand } from "../../evaluation/judgement/age-band.ts";
import { pixelPicture } from "../../image/pixel-picture.ts";
import type { PackedImages } from "../../image/store/packed-store.ts";
import { Random } from "../../random.ts";
import { doStep, pictureInputs, type StudyContext } from "../study-context.ts";
import { countBy } from "./count-by.ts";
import { firstNetwork } from "./cross-validated.ts";
import type { MadeDataset } from "./dataset.ts";
import { type Spread, spread } from "./spread.ts";

/** How the images look, by class. */
export interface LookFindings {
  readonly classes: readonly {
    readonly name: string;
    /** JPEG as `data:` addresses; none in a report without pictures. */
    readonly samples: readonly string[];
  }[];
  /** Of each training image: what its colours are in the mean, and how large its file is. */
  readonly colours: readonly {
    readonly class: string;
    readonly brightness: Spread;
    readonly redness: Spread;
    readonly kilobytes: Spread;
  }[];
  readonly people: readonly {
    readonly field: "age" | "sex" | "site";
    readonly counts: readonly { readonly class: string; readonly value: string; readonly images: number }[];
    readonly unknown: number;
  }[];
}

const samplesPerClass = 6;

/** How the images look at the size of the notebook's network. */
export const looksStep = (
  context: StudyContext,
  { data, findings }: Pick<MadeDataset, "data" | "findings">,
): Promise<LookFindings> => {
  const { settings, pictures } = context;
  const { seed } = settings;
  return doStep(context, {
    id: "looks",
    inputs: [findings.plan, settings.imageSize ?? null, seed, ...pictureInputs(context)],
    run: async () => {
      const packed = await data.pack({ ...settings, network: firstNetwork });
      return findLooks(packed, data.clean.classes, (path) => data.metadata?.of(path), { seed, pictures });
    },
  });
};

/** Looks at the training images: samples, colours, and who they are of. */
async function findLooks(
  packed: PackedImages,
  classes: readonly string[],
  metadataOf: (path: string) => ImageMetadata | undefined,
  { seed, pictures }: { readonly seed: number; readonly pictures: boolean },
): Promise<LookFindings> {
  const { height, width } = packed;
  const training = packed.images.flatMap(({ split }, index) => (split === "train" ? [index] : []));
  const pixels = new Uint8Array(height * width * 3);
  const colours = new Map(training.map((index) => [index, coloursOf(index)]));

  function coloursOf(index: number): { readonly brightness: number; readonly redness: number } {
    packed.read([index], pixels);
    const sums = [0, 0, 0];
    for (let i = 0; i < pixels.length; i++) sums[i % 3]! += pixels[i]!;
    const [red, green, blue] = sums.map((sum) => sum / (height * width)) as [number, number, number];
    return {
      // Rec. 709 luma of the mean colour.
      brightness: 0.2126 * red + 0.7152 * green + 0.0722 * blue,
      redness: red / Math.max(1, red + green + blue),
    };
  }

  const byClass = classes.map((_, label) => training.filter((index) => packed.images[index]!.label === label));
  const samples = await Promise.all(
    byClass.map(async (indices, label) => {
      const chosen = [...Random.of(seed, label).shuffle([...indices])].slice(0, pictures ? samplesPerClass : 0);
      const own: string[] = [];
      for (const index of chosen) {
        const image = new Uint8Array(pixels.length);
        packed.read([index], image);
        own.push(await pixelPicture(image, { height, width, size: 112 }));
      }
      return { name: classes[label]!, samples: own };
    }),
  );
  const fields = ["age", "sex", "site"] as const;
  return {
    classes: samples,
    colours: byClass.flatMap((indices, label) =>
      indices.length === 0
        ? []
        : [
            {
              class: classes[label]!,
              brightness: spread(indices.map((index) => colours.get(index)!.brightness)),
              redness: spread(indices.map((index) => colours.get(index)!.redness)),
              kilobytes: spread(indices.map((index) => packed.images[index]!.bytes / 1000)),
            },
          ],
    ),
    people: fields.flatMap((field) => {
      const values = training.map((index) => {
        const about = metadataOf(packed.images[index]!.path);
        return field === "age" ? ageBand(about?.age ?? null) : (about?.[field] ?? null);
      });
      if (values.every((value) => value === null)) return [];
      const counts = countBy(
        training.flatMap((index, at) =>
          values[at] === null ? [] : [`${classes[packed.images[index]!.label]}\n${values[at]}`],
        ),
      );
      return [
        {
          field,
          counts: [...counts].map(([key, images]) => {
            const [name, value] = key.split("\n") as [string, string];
            return { class: name, value, images };
          }),
          unknown: values.filter((value) => value === null).length,
        },
      ];
    }),
  };
}
