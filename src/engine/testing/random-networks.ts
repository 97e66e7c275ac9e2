/** Random networks of layers and sizes that kernels of our own serve, to be compared with the same without kernels. */
import {
  batchNorm,
  conv2d,
  dense,
  dropout,
  flatten,
  type Layer,
  maxPool,
  type Network,
  normalize,
  relu,
  residual,
  squeezeExcite,
} from "../../network/layer.ts";
import { Random } from "../../random.ts";

/** Multiples of what a tile of AMX holds, forward and backward. */
const channelCounts = [32, 64] as const;
const CLASSES = 5;

/** What a piece may do: maps of so many channels come in, and are large enough to be halved or not. */
interface State {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

interface Piece {
  readonly layers: readonly Layer[];
  readonly state: State;
}

const convNorm = (filters: number, kernel = 3, stride = 1): Layer[] => [
  conv2d(filters, kernel, { stride, bias: false }),
  batchNorm(),
];

const halved = ({ height, width }: State, channels: number): State => ({
  channels,
  height: height / 2,
  width: width / 2,
});

/** Draws a piece, given the maps that it gets. */
const pieces: readonly ((random: Random, state: State) => Piece)[] = [
  (random, state) => {
    const channels = pick(random, channelCounts);
    const kernel = pick(random, [1, 3, 5]);
    return { layers: [...convNorm(channels, kernel), ...maybe(random, relu())], state: { ...state, channels } };
  },
  (random, state) => {
    const body = [...convNorm(state.channels), relu(), ...convNorm(state.channels)];
    const shortcut = maybe(random, ...convNorm(state.channels, 1));
    const stochasticDepth = pick(random, [0, 0, 0.3]);
    return { layers: [residual(body, shortcut, { stochasticDepth }), ...maybe(random, relu())], state };
  },
  (random, state) => {
    const channels = pick(random, channelCounts);
    const body = [...convNorm(channels, 3, 2), relu(), ...convNorm(channels)];
    return { layers: [residual(body, convNorm(channels, 1, 2)), relu()], state: halved(state, channels) };
  },
  (random, state) => {
    const channels = pick(random, channelCounts);
    return { layers: [...convNorm(channels, 3, 2), relu()], state: halved(state, channels) };
  },
  (random, state) => ({
    layers: [...maybe(random, conv2d(state.channels, 3), relu()), maxPool(2)],
    state: halved(state, state.channels),
  }),
  (_, state) => ({
    layers: [residual([...convNorm(state.channels), squeezeExcite(state.channels, 8)]), relu()],
    state,
  }),
  (random, state) => ({
    layers: [conv2d(state.channels, 3, { bias: random.integer(2) === 0 }), ...maybe(random, dropout(0.2))],
    state,
  }),
];

function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.integer(values.length)]!;
}

function maybe(random: Random, ...layers: readonly Layer[]): readonly Layer[] {
  return random.integer(2) === 0 ? layers : [];
}

/**
 * Bytes of images, a first convolution of few channels, its normalisation, two or three pieces and a dense layer. Maps are never so small that
 * kernels leave them to oneDNN.
 */
export function randomNetwork(seed: number): Network {
  const random = Random.of(seed);
  const input = { channels: 3, height: 16, width: pick(random, [16, 32]) };
  let state: State = { ...input, channels: 32 };
  const layers: Layer[] = [normalize([0.5, 0.4, 0.3], [0.2, 0.2, 0.3]), ...convNorm(32), relu()];
  const count = 2 + random.integer(2);
  for (let i = 0; i < count; i++) {
    const halves = state.height >= 16;
    const drawn = pick(random, pieces)(random, state);
    // A second halving would leave less than what fills the tiles.
    const piece = halves || drawn.state.height === state.height ? drawn : pieces[1]!(random, state);
    layers.push(...piece.layers);
    state = piece.state;
  }
  return { name: `random ${seed}`, input, layers: [...layers, flatten(), dense(CLASSES)] };
}
