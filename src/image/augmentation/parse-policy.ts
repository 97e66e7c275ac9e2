/** An augmentation policy from JSON: checked, with errors by path, and made whole. */
import { z } from "zod";
import { SettingsError } from "../../errors.ts";
import { firstOf, JsonDataError, jsonData, shown } from "../../formats/json-data.ts";
import { jsonSchemaOf } from "../../formats/json-schema.ts";
import { type DataPath, pathInWords } from "../../formats/plain-data.ts";
import { nearestName } from "../../text/nearest-name.ts";
import {
  type Augmentation,
  type AugmentationPolicy,
  affine,
  colour,
  dihedral,
  erase,
  flip,
  type Range,
  resizedCrop,
  stepLimits,
} from "./policy.ts";

const between = ([least, greatest]: Range) => z.number().min(least).max(greatest);
const number = (limits: Range) =>
  between(limits)
    .meta({ expected: `a number from ${limits.join(" to ")}` })
    .exactOptional();
const range = (limits: Range) =>
  z
    .tuple([between(limits), between(limits)])
    .meta({ expected: `two numbers from ${limits.join(" to ")}: [least, greatest]` })
    .exactOptional();

const { flip: flips, affine: jitter, resizedCrop: crop, colour: tint, erase: hole } = stepLimits;

/** The fields of every step, beside its kind. */
export const stepFields = {
  flip: { horizontal: number(flips.horizontal), vertical: number(flips.vertical) },
  dihedral: {},
  affine: {
    rotation: number(jitter.rotation),
    scale: range(jitter.scale),
    shear: number(jitter.shear),
    translation: number(jitter.translation),
  },
  resizedCrop: { area: range(crop.area), aspect: range(crop.aspect) },
  colour: {
    brightness: number(tint.brightness),
    contrast: number(tint.contrast),
    saturation: number(tint.saturation),
    hue: number(tint.hue),
  },
  erase: { probability: number(hole.probability), area: range(hole.area), aspect: range(hole.aspect) },
} satisfies { readonly [K in Augmentation["kind"]]: z.ZodRawShape };

type Kind = Augmentation["kind"];
type FormOf<K extends Kind> = z.output<z.ZodObject<(typeof stepFields)[K]>>;

const builders: { readonly [K in Kind]: (options: FormOf<K>) => Extract<Augmentation, { kind: K }> } = {
  flip,
  dihedral,
  affine,
  resizedCrop,
  colour,
  erase,
};

/** The kinds of steps. */
export const stepKinds = Object.keys(stepFields) as readonly Kind[];

const steps = stepKinds.map((kind) => z.strictObject({ kind: z.literal(kind), ...stepFields[kind] }));

const policyFields = {
  $schema: z.string().meta({ expected: "the address of a JSON Schema" }).exactOptional(),
  fill: z.enum(["reflect", "edge"]).meta({ expected: '"reflect" or "edge"' }).exactOptional(),
  steps: z
    .array(z.discriminatedUnion("kind", steps as unknown as [z.ZodObject<{ kind: z.ZodLiteral<Kind> }>]))
    .max(100)
    .meta({ expected: "a list of at most 100 steps" }),
};
const policyForm = z.strictObject(policyFields);

/** A JSON Schema (draft 2020-12) that takes what {@link parsePolicy} takes, but for ranges whose greatest value is below the least. */
export const policyJsonSchema = () => jsonSchemaOf(policyForm, "An augmentation policy of naevus");

type Fields = Readonly<Record<string, z.ZodType>>;

const expectedBy = (schema: z.ZodType | undefined): unknown =>
  (schema instanceof z.ZodExactOptional ? (schema.unwrap() as z.ZodType) : schema)?.meta()?.expected;

const unknownNames = (what: string, names: readonly string[], known: readonly string[]): string =>
  firstOf(names, (name) => {
    const near = nearestName(name, known);
    const takes = known.length === 0 ? "it takes none" : `expected one of ${known.join(", ")}`;
    return `unknown ${what} ${shown(name)}; ${near === undefined ? takes : `did you mean ${near}?`}`;
  });

/** The sentence on one issue. */
function problemOf(issue: z.core.$ZodIssue, data: unknown): string {
  const [list, index, field] = issue.path as DataPath;
  const keys = issue.code === "unrecognized_keys" ? issue.keys : undefined;
  const holder = data as Readonly<Record<string, unknown>> | undefined;
  if (list === undefined) {
    if (keys) return unknownNames("field", keys, ["fill", "steps"]);
    return `expected a policy, such as {"steps": [{"kind": "dihedral"}]}, got ${shown(data)}`;
  }
  const place = pathInWords([list, ...(index === undefined ? [] : [index])]);
  if (index === undefined) {
    return `${place}: expected ${expectedBy((policyFields as Fields)[String(list)])}, got ${shown(holder?.[list])}`;
  }
  const step = (holder?.[list] as readonly unknown[] | undefined)?.[Number(index)];
  if (typeof step !== "object" || step === null || Array.isArray(step)) {
    return `${place}: expected a step, such as {"kind": "dihedral"}, got ${shown(step)}`;
  }
  const { kind, ...others } = step as { readonly kind?: unknown };
  const known = stepKinds.find((one) => one === kind);
  if (known === undefined) {
    return typeof kind === "string"
      ? `${place}: ${unknownNames("step", [kind], stepKinds)}`
      : `${place}: expected a step with its kind, one of ${stepKinds.join(", ")}; got ${shown(kind)}`;
  }
  const fields: Fields = stepFields[known];
  if (keys) return `${place}: ${known}: ${unknownNames("field", keys, Object.keys(fields))}`;
  const value = (others as Readonly<Record<string, unknown>>)[String(field)];
  return `${place}: ${known}: ${field}: expected ${expectedBy(fields[String(field)])}, got ${shown(value)}`;
}

/**
 * An augmentation policy from JSON: its text, or the data in it. What the builders have a default for may be left out, as in
 * `{ "steps": [{ "kind": "dihedral" }, { "kind": "affine", "rotation": 30 }] }`; `fill` is `reflect` by default.
 * `source` stands before every problem, such as the name of the file.
 *
 * @throws SettingsError with a line for each problem, such as `steps[1]: affine: rotation: expected a number from 0 to 180, got 200`
 */
export function parsePolicy(
  json: unknown,
  { source }: { readonly source?: string | undefined } = {},
): AugmentationPolicy {
  const refuse = (problems: readonly string[]): SettingsError =>
    new SettingsError(
      [...new Set(problems)]
        .slice(0, 5)
        .map((problem) => (source === undefined ? problem : `${source}: ${problem}`))
        .join("\n"),
    );
  let data: unknown;
  try {
    data = jsonData(json, { depth: 5, values: 10_000 }, "a policy is a list of steps");
  } catch (error) {
    if (!(error instanceof JsonDataError)) throw error;
    throw refuse([error.message]);
  }
  const result = policyForm.safeParse(data);
  if (!result.success) throw refuse(result.error.issues.map((issue) => problemOf(issue, data)));
  const { fill = "reflect", steps: forms } = result.data;
  return {
    fill,
    steps: forms.map(({ kind, ...options }, index) => {
      try {
        return (builders[kind] as (options: object) => Augmentation)(options);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        throw refuse([`steps[${index}]: ${error.message}`]);
      }
    }),
  };
}
