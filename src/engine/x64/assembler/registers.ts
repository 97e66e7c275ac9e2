/** Gives a kernel's registers away, by name and for a scope, so that none has two meanings at once. */
import {
  type AmxTile,
  describeOperand,
  type General,
  type Holder,
  type Mask,
  type Register,
  type Zmm,
} from "./operands.ts";

const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** In the order in which they are given away. rsp is nobody's, k0 cannot mask. */
const order: Readonly<Record<Register["kind"], readonly number[]>> = {
  general: [0, 1, 2, 6, 7, ...from(8, 11), 5, 13, 15, 3, 12, 14],
  vector: from(0, 31),
  mask: from(1, 7),
  amxTile: from(0, 7),
};

const words: Readonly<Record<Register["kind"], string>> = {
  general: "general registers",
  vector: "vector registers",
  mask: "masks",
  amxTile: "tiles",
};

interface Taken {
  readonly register: Register;
  readonly holder: Holder;
}

/** The registers of a kernel: which are taken, and by whom. */
export class Registers {
  /** By kind and number. */
  readonly #holders: Readonly<Record<Register["kind"], (Holder | undefined)[]>>;
  #scope: Taken[] = [];

  constructor() {
    this.#holders = { general: [], vector: [], mask: [], amxTile: [] };
  }

  /** Frees what is taken while `body` runs, once it is done: an instruction that names it later is refused. */
  scope<T>(body: () => T): T {
    const outer = this.#scope;
    this.#scope = [];
    try {
      return body();
    } finally {
      for (const { register, holder } of this.#scope) {
        holder.isLive = false;
        this.#holders[register.kind][register.code] = undefined;
      }
      this.#scope = outer;
    }
  }

  /** @throws where no register is left; the message says who has them */
  general<Name extends string>(...names: readonly Name[]): Readonly<Record<Name, General>> {
    return this.#any(names, (code) => ({ kind: "general", code }));
  }

  vectors<Name extends string>(...names: readonly Name[]): Readonly<Record<Name, Zmm>> {
    return this.#any(names, (code) => ({ kind: "vector", code, bits: 512 }));
  }

  masks<Name extends string>(...names: readonly Name[]): Readonly<Record<Name, Mask>> {
    return this.#any(names, (code) => ({ kind: "mask", code }));
  }

  tiles<Name extends string>(...names: readonly Name[]): Readonly<Record<Name, AmxTile>> {
    return this.#any(names, (code) => ({ kind: "amxTile", code }));
  }

  /** So many vectors that share a name. */
  row(name: string, count: number): readonly Zmm[] {
    const names = Array.from({ length: count }, (_, index) => `${name}[${index}]`);
    return Object.values(this.vectors(...names));
  }

  /**
   * Certain registers, where the processor or the calling convention asks for them, or parts of a kernel that are made apart agree on them.
   *
   * @throws where one is taken; the message says by whom
   */
  fixed<R extends Readonly<Record<string, Register>>>(registers: R): R {
    return Object.fromEntries(
      Object.entries(registers).map(([name, register]) => [name, this.#take(name, register)]),
    ) as R;
  }

  #any<Name extends string, R extends Register>(names: readonly Name[], make: (code: number) => R): Record<Name, R> {
    const { kind } = make(0);
    const holders = this.#holders[kind];
    const taken = names.map((name) => {
      const code = order[kind].find((each) => holders[each] === undefined);
      if (code === undefined) {
        const others = order[kind].map((each) => holders[each]!.name).join(", ");
        throw new Error(`no register is left for '${name}': the ${words[kind]} are taken by ${others}`);
      }
      return [name, this.#take(name, make(code))] as const;
    });
    return Object.fromEntries(taken) as Record<Name, R>;
  }

  #take<R extends Register>(name: string, register: R): R {
    const holders = this.#holders[register.kind];
    const present = holders[register.code];
    if (present !== undefined) {
      throw new Error(`${describeOperand(register)} is taken by '${present.name}': '${name}' cannot have it`);
    }
    const holder: Holder = { name, isLive: true, isWritten: false };
    const taken = { ...register, holder };
    this.#scope.push({ register: taken, holder });
    holders[register.code] = holder;
    return taken;
  }
}
