/** The blocks of a convolution: which tiles are multiplied together, by which taps, and where their pixels go. */

import { AMX_TILE_CHANNELS, amxTilingOf, type ConvolutionShape, geometryOf, range, type Tap } from "./geometry.ts";

/** Two tiles of positions in one phase: where their pixels are in the result, and the first of the steps through the weights. */
export interface Block {
  readonly tiles: readonly number[];
  readonly places: readonly (readonly number[])[];
  readonly taps: readonly Tap[];
  readonly firstStep: number;
}

/** Where a tile's first position is, counted from that of the first tile. */
export function tilePlaces(shape: ConvolutionShape) {
  const { positions, rowsPerTile, tilesPerRow } = amxTilingOf(shape)!;
  return {
    rowOf: (tile: number) => Math.floor(tile / tilesPerRow) * rowsPerTile,
    columnOf: (tile: number) => (tile % tilesPerRow) * positions,
  };
}

/** The blocks of the rows that are done at once, and the steps of a pair of tiles. */
export function blocksOf(shape: ConvolutionShape): { readonly blocks: readonly Block[]; readonly steps: number } {
  const { channels, filters } = shape;
  const { columns, writeStep, phases } = geometryOf(shape);
  const { positions, rowsPerTile, tilesPerRow, rowsAtOnce } = amxTilingOf(shape)!;
  const { rowOf, columnOf } = tilePlaces(shape);
  const pairs = ((rowsAtOnce / rowsPerTile) * tilesPerRow) / 2;
  const chunks = channels / AMX_TILE_CHANNELS;
  const resultRow = 2 * filters * columns * writeStep;
  const blocks: Block[] = [];
  let steps = 0;
  for (const pair of range(pairs)) {
    steps = 0;
    for (const { row, column, taps } of phases) {
      const tiles = [2 * pair, 2 * pair + 1];
      const places = tiles.map((tile) =>
        range(positions).map((position) => {
          const index = columnOf(tile) + position;
          const [ownRow, ownColumn] = [rowOf(tile) + Math.floor(index / columns), index % columns];
          return (ownRow * writeStep + row) * resultRow + (ownColumn * writeStep + column) * 2 * filters;
        }),
      );
      blocks.push({ tiles, places, taps, firstStep: steps });
      steps += chunks * taps.length;
    }
  }
  return { blocks, steps };
}
