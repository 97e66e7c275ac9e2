/** Draws one phantom image: a lesion of given traits on skin, under hair, in the light of a dermatoscope. */

import type { Random } from "../../random.ts";
import type { Trait, TraitRanges, Traits } from "./phantom-classes.ts";
import { addDot, addStroke, type Cells, cellField, type Field, fractalNoise, smoothStep } from "./phantom-fields.ts";

type Colour = readonly [red: number, green: number, blue: number];

/** How strongly one unit of pigment, and of blood, absorbs red, green and blue light (Beer and Lambert; values by eye). */
const melaninAbsorbs: Colour = [0.75, 1.15, 1.45];
const bloodAbsorbs: Colour = [0.25, 1.0, 0.8];

const colours = {
  paleSkin: [0.9, 0.75, 0.7],
  tanSkin: [0.76, 0.57, 0.46],
  veil: [0.5, 0.52, 0.61],
  nest: [0.42, 0.41, 0.47],
  scar: [0.92, 0.83, 0.79],
  keratin: [0.93, 0.87, 0.76],
  cyst: [0.94, 0.88, 0.79],
  hair: [0.12, 0.08, 0.06],
} as const satisfies Record<string, Colour>;

/** The traits of one lesion, drawn from its class's ranges. */
export function drawTraits(ranges: TraitRanges, random: Random): Traits {
  const values = Object.entries(ranges).map(([trait, [low, high]]) => [
    trait,
    Math.max(0, low + random.uniform() * (high - low)),
  ]);
  return Object.fromEntries(values) as { [name in Trait]: number };
}

/** A picture in the making: absorbers by density, and layers that cover what is below them. */
interface Scene {
  readonly size: number;
  /** Pixels per 1/180 of the side, so that structures keep their proportion at any size. */
  readonly unit: number;
  readonly random: Random;
  readonly traits: Traits;
  /** 1 at the lesion's centre, 0 at its outline, negative outside. */
  readonly depth: Field;
  /** 1 inside the lesion, 0 outside, soft between. */
  readonly mask: Field;
  readonly melanin: Field;
  readonly blood: Field;
  readonly covers: { readonly alpha: Field; readonly colour: Colour }[];
  readonly centre: { readonly x: number; readonly y: number };
}

/**
 * Draws a lesion.
 *
 * @param size width and height in pixels
 * @returns uint8 RGB, (size, size, 3); the same random state gives the same bytes
 */
export function drawLesion(size: number, traits: Traits, random: Random): Uint8Array {
  const scene = outline(size, traits, random);
  pigment(scene);
  for (const trait of Object.keys(structures) as (keyof typeof structures)[]) {
    if (traits[trait] > 0.04) structures[trait](scene, traits[trait]);
  }
  hair(scene);
  return develop(scene);
}

function outline(size: number, traits: Traits, random: Random): Scene {
  const unit = size / 180;
  const near = (): number => size * (0.5 + (random.uniform() - 0.5) * 0.16);
  const centre = { x: near(), y: near() };
  const angles = 360;
  const waves = [2, 3, 4, 5, 7, 9].map((count) => ({
    count,
    phase: random.uniform() * 2 * Math.PI,
    height: (random.normal() * traits.irregularity * 1.5) / count ** 0.9,
  }));
  const radii = Float32Array.from({ length: angles }, (_, i) => {
    const angle = (i / angles) * 2 * Math.PI;
    return waves.reduce((sum, wave) => sum + wave.height * Math.cos(wave.count * angle + wave.phase), 1);
  });
  const turn = random.uniform() * Math.PI;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const stretch = Math.sqrt(1 + traits.elongation);
  const radius = traits.radius * size;
  const roughness = fractalNoise(size, 9, 3, random);
  const [depth, mask] = [new Float32Array(size * size), new Float32Array(size * size)];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const dx = x - centre.x;
      const dy = y - centre.y;
      const u = (dx * cos + dy * sin) / stretch;
      const v = (dy * cos - dx * sin) * stretch;
      const angle = Math.floor((Math.atan2(v, u) / (2 * Math.PI) + 1) * angles) % angles;
      const i = y * size + x;
      depth[i] =
        1 - Math.sqrt(u * u + v * v) / (radius * radii[angle]!) + roughness[i]! * (0.06 + traits.irregularity * 0.7);
      mask[i] = smoothStep(-traits.softness / 2, traits.softness / 2 + 0.02, depth[i]!);
    }
  }
  const [melanin, blood] = [new Float32Array(size * size), new Float32Array(size * size)];
  return { size, unit, random, traits, depth, mask, melanin, blood, covers: [], centre };
}

/** Skin's own mottling and furrows, and the lesion's body. */
function pigment({ size, unit, random, traits, depth, mask, melanin, blood, centre }: Scene): void {
  const mottling = fractalNoise(size, 4, 4, random);
  const grain = fractalNoise(size, 45, 2, random);
  const patches = fractalNoise(size, 5, 3, random);
  const redness = fractalNoise(size, 4, 3, random);
  const furrows = cellField(size, 14 + random.uniform() * 12, 0.9, random).border;
  const furrowDepth = random.uniform() * 0.1;
  const heading = random.uniform() * 2 * Math.PI;
  const [hx, hy] = [Math.cos(heading) / (80 * unit), Math.sin(heading) / (80 * unit)];
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const side = Math.max(-1, Math.min(1, (x - centre.x) * hx + (y - centre.y) * hy));
      const body =
        (1 + patches[i]! * traits.variegation * 1.5) *
        (1 + side * traits.asymmetry) *
        (0.75 + 0.35 * smoothStep(0, 0.7, depth[i]!));
      melanin[i] =
        Math.max(0, body) * traits.melanin * mask[i]! +
        0.05 * (1 + mottling[i]!) +
        furrowDepth * (1 - smoothStep(0, 0.16, furrows[i]!)) * (1 - 0.5 * mask[i]!) +
        0.035 * grain[i]!;
      blood[i] =
        Math.max(0, 1 + redness[i]! * 0.8) * traits.blood * mask[i]! + 0.1 * (1 + redness[i]!) + 0.03 * grain[i]!;
    }
  }
}

/** Adds to a field what `value` gives for each pixel, within the lesion. */
function fill({ size, mask }: Scene, into: Field, value: (i: number) => number): void {
  for (let i = 0; i < size * size; i++) if (mask[i]! > 0.01) into[i]! += mask[i]! * value(i);
}

/** A layer that covers the lesion in a colour; `alpha` is its opacity at each pixel. */
function cover(scene: Scene, colour: Colour, alpha: (i: number) => number): void {
  const field = new Float32Array(scene.size * scene.size);
  fill(scene, field, alpha);
  scene.covers.push({ alpha: field, colour });
}

/** A place within the lesion at least `depth` inside its outline, or undefined where none is found soon. */
function place({ size, depth, random }: Scene, deeper: number): { x: number; y: number } | undefined {
  for (let attempt = 0; attempt < 60; attempt++) {
    const [x, y] = [random.integer(size), random.integer(size)];
    if (depth[y * size + x]! > deeper) return { x, y };
  }
  return undefined;
}

/** Dots strewn over the lesion. */
function strewn(scene: Scene, count: number, deeper: number, radius: () => number): Field {
  const field = new Float32Array(scene.size * scene.size);
  for (let n = 0; n < count; n++) {
    const at = place(scene, deeper);
    if (at !== undefined) addDot(field, scene.size, at.x, at.y, radius() * scene.unit, 1);
  }
  return field;
}

const cells = (scene: Scene, count: number, jitter: number): Cells =>
  cellField(scene.size, count, jitter, scene.random);

type Structure = (scene: Scene, strength: number) => void;

/** One drawing rule for each structure, in the order from deep to superficial. */
const structures = {
  network: (scene, strength) => {
    const { border } = cells(scene, 22 + scene.random.uniform() * 14, Math.min(1, 0.6 + scene.traits.irregularity * 2));
    const patchy = fractalNoise(scene.size, 4, 2, scene.random);
    const edge = (i: number): number => 1.1 - 0.7 * smoothStep(0.1, 0.7, scene.depth[i]!);
    fill(scene, scene.melanin, (i) => {
      const line = 1 - smoothStep(0.05, 0.36, border[i]!);
      return (line - 0.35) * strength * 1.3 * edge(i) * Math.max(0, 0.8 + patchy[i]! * 0.7);
    });
  },
  globules: (scene, strength) => {
    const { centre, value } = cells(scene, 16 + scene.random.uniform() * 8, 0.8);
    fill(scene, scene.melanin, (i) =>
      value[i]! < 0.65 ? strength * 1.5 * (1 - smoothStep(0.2, 0.36, centre[i]!)) : 0,
    );
  },
  streaks: (scene, strength) => {
    const { size, unit, random, depth, centre } = scene;
    const field = new Float32Array(size * size);
    for (let n = 8 + Math.round(strength * 26); n > 0; n--) {
      const heading = random.uniform() * 2 * Math.PI;
      let { x, y } = centre;
      const within = (): boolean => x >= 0 && y >= 0 && x < size && y < size;
      while (within() && depth[Math.floor(y) * size + Math.floor(x)]! > 0.12) {
        x += Math.cos(heading) * unit;
        y += Math.sin(heading) * unit;
      }
      const [length, width] = [(8 + random.uniform() * 14) * unit, (1.6 + random.uniform() * 2) * unit];
      addStroke(field, size, { x, y, heading, length, width, wander: 0.05, bend: 0, strength: 1, branches: 0 }, random);
    }
    for (let i = 0; i < field.length; i++) scene.melanin[i]! += field[i]! * strength * 0.8;
  },
  veil: (scene, strength) => {
    const cloud = fractalNoise(scene.size, 3.5, 4, scene.random);
    cover(
      scene,
      colours.veil,
      (i) => 0.7 * Math.min(1, strength + 0.3) * smoothStep(-0.25, 0.65, cloud[i]! + strength * 0.2),
    );
  },
  nests: (scene, strength) => {
    const field = strewn(scene, 3 + Math.round(strength * 14), 0.08, () => 3 + scene.random.uniform() * 8);
    cover(scene, colours.nest, (i) => field[i]! * (0.45 + strength * 0.4));
  },
  lacunae: (scene, strength) => {
    const { centre, border, value } = cells(scene, 8 + scene.random.uniform() * 5, 0.9);
    fill(scene, scene.blood, (i) => {
      const lake = 1 - smoothStep(0.3, 0.6, centre[i]!);
      const wall = 1 - smoothStep(0.02, 0.2, border[i]!);
      return strength * (lake * (0.5 + value[i]!) * 1.4 - wall * 0.7);
    });
    fill(scene, scene.melanin, (i) => strength * 0.5 * value[i]! * (1 - smoothStep(0.3, 0.6, centre[i]!)));
  },
  vessels: (scene, strength) => {
    const { size, unit, random } = scene;
    const field = new Float32Array(size * size);
    for (let n = 2 + Math.round(strength * 4); n > 0; n--) {
      const at = place(scene, -0.1);
      if (at === undefined) continue;
      const heading = Math.atan2(scene.centre.y - at.y, scene.centre.x - at.x) + random.normal() * 0.6;
      const [length, width] = [(45 + random.uniform() * 50) * unit, (1.2 + random.uniform() * 1.2) * unit];
      addStroke(
        field,
        size,
        { ...at, heading, length, width, wander: 0.11, bend: 0, strength: 1, branches: 2 },
        random,
      );
    }
    for (let i = 0; i < field.length; i++) scene.blood[i]! += field[i]! * (0.3 + strength * 0.5);
  },
  dots: (scene, strength) => {
    const field = strewn(scene, 15 + Math.round(strength * 70), 0.02, () => 1.2 + scene.random.uniform() * 1.4);
    for (let i = 0; i < field.length; i++) scene.blood[i]! += field[i]! * (0.4 + strength * 0.6);
  },
  follicles: (scene, strength) => {
    const { centre } = cells(scene, 12 + scene.random.uniform() * 6, 0.7);
    fill(scene, scene.blood, (i) => strength * 0.7 * (smoothStep(0.2, 0.45, centre[i]!) - 0.5));
    cover(scene, colours.scar, (i) => strength * 0.55 * (1 - smoothStep(0.14, 0.3, centre[i]!)));
  },
  scar: (scene, strength) => {
    const cloud = fractalNoise(scene.size, 8, 3, scene.random);
    const from = 0.35 + scene.random.uniform() * 0.15;
    cover(
      scene,
      colours.scar,
      (i) => Math.min(0.85, strength + 0.15) * smoothStep(from, from + 0.35, scene.depth[i]! + cloud[i]! * 0.15),
    );
  },
  keratin: (scene, strength) => {
    const cloud = fractalNoise(scene.size, 6, 4, scene.random);
    const flakes = fractalNoise(scene.size, 28, 2, scene.random);
    cover(
      scene,
      colours.keratin,
      (i) =>
        (0.55 + 0.3 * flakes[i]!) *
        smoothStep(0.25 - strength * 0.35, 0.75 - strength * 0.25, cloud[i]! + scene.depth[i]! * 0.25),
    );
  },
  openings: (scene, strength) => {
    const field = strewn(scene, 3 + Math.round(strength * 18), 0.1, () => 1.6 + scene.random.uniform() * 2.2);
    fill(scene, scene.melanin, (i) => field[i]! * (0.7 + strength * 0.6));
  },
  cysts: (scene, strength) => {
    const field = strewn(scene, 4 + Math.round(strength * 22), 0.06, () => 1.2 + scene.random.uniform() * 2);
    cover(scene, colours.cyst, (i) => field[i]! * (0.45 + strength * 0.4));
  },
} satisfies Partial<Record<Trait, Structure>>;

/** Hair lies on a good third of the images, few or many, mostly combed one way. */
function hair({ size, unit, random, covers }: Scene): void {
  const count = random.uniform() < 0.4 ? 1 + random.integer(random.uniform() < 0.3 ? 26 : 8) : 0;
  const alpha = new Float32Array(size * size);
  const combed = random.uniform() * 2 * Math.PI;
  const width = (0.8 + random.uniform() * 0.8) * unit;
  for (let n = 0; n < count; n++) {
    const [x, y] = [random.uniform() * size, random.uniform() * size];
    const [heading, length] = [combed + random.normal() * 0.5, (50 + random.uniform() * 120) * unit];
    const bend = (random.normal() * 0.007) / unit;
    addStroke(alpha, size, { x, y, heading, length, width, wander: 0.01, bend, strength: 0.85, branches: 0 }, random);
  }
  if (count > 0) covers.push({ alpha, colour: colours.hair });
}

/** Light, absorption, layers, the dark rim of the instrument and the camera's noise, to bytes. */
function develop({ size, random, melanin, blood, covers }: Scene): Uint8Array {
  const tan = random.uniform() ** 2;
  const skin = colours.paleSkin.map((pale, c) => pale + (colours.tanSkin[c]! - pale) * tan);
  const cast = skin.map(() => 1 + random.normal() * 0.035);
  const brightness = 0.9 + random.uniform() * 0.2;
  const light = {
    x: size * (0.3 + random.uniform() * 0.4),
    y: size * (0.3 + random.uniform() * 0.4),
    fall: 0.1 + random.uniform() * 0.35,
  };
  // A round rim cuts the corners off some images; in the others the light just falls off.
  const rim = random.uniform() < 0.25 ? size * (0.5 + random.uniform() * 0.16) : size;
  const grain = 0.008 + random.uniform() * 0.012;
  const lit = new Float32Array(size * size);
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const shade = 1 - (light.fall * ((x - light.x) ** 2 + (y - light.y) ** 2)) / size ** 2;
      const inView = 1 - 0.97 * smoothStep(rim, rim * 1.06, Math.sqrt((x - size / 2) ** 2 + (y - size / 2) ** 2));
      lit[i] = brightness * shade * inView;
    }
  }
  const image = new Uint8ClampedArray(size * size * 3);
  const plane = new Float32Array(size * size);
  for (let c = 0; c < 3; c++) {
    const [perMelanin, perBlood, reflected] = [melaninAbsorbs[c]!, bloodAbsorbs[c]!, skin[c]!];
    for (let i = 0; i < plane.length; i++) {
      plane[i] = reflected * Math.exp(-(melanin[i]! * perMelanin + blood[i]! * perBlood));
    }
    for (const { alpha, colour } of covers) {
      const value = colour[c]!;
      for (let i = 0; i < plane.length; i++) plane[i]! += (value - plane[i]!) * alpha[i]!;
    }
    const [gain, noise] = [cast[c]!, (grain * 3.4) / 2 ** 32];
    for (let i = 0; i < plane.length; i++) {
      image[i * 3 + c] = (plane[i]! * gain * lit[i]! + (random.uint32() - 2 ** 31) * noise) * 255;
    }
  }
  return new Uint8Array(image.buffer);
}
