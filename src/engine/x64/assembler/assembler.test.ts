/** Bytes and needed features of every instruction are those of GNU's assembler (scripts/references/machine_code.py); what the processor cannot do is refused. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Assembler } from "./assembler.ts";
import type { Form, Label, Length } from "./forms.ts";
import { instructions, type Mnemonic, mnemonics } from "./instructions.ts";
import {
  type Address,
  at,
  atIndex,
  type General,
  k,
  lowerHalf,
  masked,
  r9,
  rax,
  rcx,
  rdx,
  rsp,
  type StackPointer,
  tmm,
  ymm,
  zmm,
} from "./operands.ts";

const record: {
  readonly instructions: Readonly<Record<string, string>>;
  readonly features: Readonly<Record<string, string>>;
  readonly loop: Readonly<Record<string, string>>;
} = JSON.parse(readFileSync(new URL("../../reference-numbers/machine-code.json", import.meta.url), "utf8"));

const generalNames = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "8", "9", "10", "11", "12", "13", "14", "15"];

function general(text: string): General | StackPointer {
  const code = generalNames.indexOf(text.replace(/^[re]|d$/g, ""));
  if (code < 0) throw new Error(`${text} is no register`);
  return code === 4 ? rsp : { kind: "general", code };
}

function address(text: string): Address {
  const [, base, index, scale, displacement = "0"] = /^\[(\w+)(?:\+([a-z]\w+)\*(\d))?([+-]\d+)?\]$/.exec(text)!;
  if (index === undefined) return at(general(base!), Number(displacement));
  return atIndex(general(base!), general(index) as General, Number(scale) as 1 | 2 | 4 | 8, Number(displacement));
}

const bitsOf = { x: 128, y: 256, z: 512 } as const;

/** Such as `rax`, `zmm17{k3}{z}`, `[r12+rcx*4-64]` or `16`. */
function operand(whole: string): unknown {
  const [, text = "", mask, zero] = /^([^{]*)(?:\{k(\d)\})?(\{z\})?$/.exec(whole)!;
  if (mask !== undefined) {
    const to = operand(text) as Address;
    return { kind: "masked", to, mask: { kind: "mask", code: Number(mask) }, others: zero ? "zero" : "keep" };
  }
  if (text.startsWith("[")) return address(text);
  if (/^-?\d+$/.test(text)) return Number(text);
  const [, kind, code] = /^([xyz]mm|tmm|k)(\d+)$/.exec(text) ?? [];
  if (kind === undefined) return general(text);
  if (kind === "k") return { kind: "mask", code: Number(code) };
  if (kind === "tmm") return { kind: "amxTile", code: Number(code) };
  return { kind: "vector", code: Number(code), bits: bitsOf[kind[0] as keyof typeof bitsOf] };
}

interface Parsed {
  readonly mnemonic: Mnemonic;
  readonly operands: readonly unknown[];
}

function parse(text: string): Parsed {
  const [, name, rest] = /^(lock xadd|\w+) ?(.*)$/.exec(text)!;
  const texts = rest === "" ? [] : rest!.replace("ymmword ptr ", "").split(", ");
  const isMove64 = name === "mov" && /^\d/.test(texts[1]!);
  const operands = texts.map((each, index) => (isMove64 && index === 1 ? BigInt(each) : operand(each)));
  return { mnemonic: (name === "lock xadd" ? "lockXadd" : name) as Mnemonic, operands };
}

const hexadecimal = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

function assemble({ mnemonic, operands }: Parsed) {
  const a = new Assembler();
  a.emit(mnemonic, operands);
  return a.finish();
}

const isJump = (mnemonic: string) => mnemonic.startsWith("j");
const recorded = Object.keys(record.instructions).map((text) => ({ text, ...parse(text) }));
const listed = mnemonics.filter((mnemonic) => !isJump(mnemonic));

describe("the table of instructions, against GNU's assembler:", () => {
  test.each(listed)("%s has the same bytes", (mnemonic) => {
    const texts = recorded.filter((each) => each.mnemonic === mnemonic);
    const assembled = texts.map((each) => [each.text, hexadecimal(assemble(each).bytes)]);
    expect(texts.length).toBeGreaterThan(0);
    expect(assembled).toEqual(texts.map(({ text }) => [text, record.instructions[text]]));
  });

  test("each form is recorded at each length, and each operand as register, as memory and masked where it can be", () => {
    const missing: string[] = [];
    for (const mnemonic of listed) {
      const own = recorded.filter((each) => each.mnemonic === mnemonic);
      for (const form of instructions[mnemonic] as readonly Form[]) {
        for (const length of form.lengths) {
          const accepted = own.filter(
            ({ operands }) =>
              operands.length === form.operands.length &&
              form.operands.every(({ kind }, index) => kind.accepts(operands[index], length)),
          );
          if (accepted.length === 0) missing.push(`${mnemonic} ${Object.keys(form.slots).join("")} ${length}`);
          for (const [index, { kind }] of form.operands.entries()) {
            for (const [name, sample] of samples(length)) {
              const isRecorded = accepted.some(({ operands }) => kindName(operands[index]) === name);
              if (kind.accepts(sample, length) && !isRecorded) missing.push(`${mnemonic} operand ${index}: ${name}`);
            }
          }
        }
      }
    }
    expect(missing).toEqual([]);
  });

  test("the same features are needed", () => {
    const needed = Object.keys(record.features).map((text) => [text, [...assemble(parse(text)).features].join(" ")]);
    expect(needed).toEqual(Object.entries(record.features));
    expect(new Set(Object.keys(record.features).map((text) => parse(text).mnemonic))).toEqual(new Set(listed));
  });
});

const kindName = (value: unknown): string =>
  typeof value === "object" && value !== null ? (value as { readonly kind: string }).kind : typeof value;

/** An operand of each kind, as long as the instruction. */
const samples = (length: Length): readonly (readonly [string, unknown])[] => {
  const vector = length === 512 ? zmm(1) : ymm(1);
  return [
    ["general", rcx],
    ["vector", vector],
    ["mask", k(1)],
    ["amxTile", tmm(1)],
    ["address", at(rcx)],
    ["masked", masked(vector, k(1), "zero")],
  ];
};

describe("jumps", () => {
  test.each(Object.entries(record.loop))("go forward and back to labels", (text, bytes) => {
    const a = new Assembler();
    const labels = new Map<string, Label>();
    const label = (name: string) => {
      labels.set(name, labels.get(name) ?? a.label());
      return labels.get(name)!;
    };
    const used = new Set<string>();
    for (const line of text.split("\n")) {
      const [, place, instruction] = /^(?:(\w+): )?(.*)$/.exec(line)!;
      if (place !== undefined) a.place(label(place));
      const [name, target] = instruction!.split(" ") as [Mnemonic, string];
      used.add(name);
      if (isJump(name)) a.emit(name, [label(target)]);
      else {
        const { mnemonic, operands } = parse(instruction!);
        a.emit(mnemonic, operands);
      }
    }
    const { bytes: own, features } = a.finish();
    expect(hexadecimal(own)).toBe(bytes);
    expect(features).toEqual(new Set());
    expect(mnemonics.filter((mnemonic) => isJump(mnemonic) && !used.has(mnemonic))).toEqual([]);
  });

  test("to a label that was not placed, was placed twice or is another assembler's are refused", () => {
    const a = new Assembler();
    const label = a.label();
    a.jmp(label);
    expect(() => a.finish()).toThrow("not placed");
    a.place(label);
    expect(() => a.place(label)).toThrow("placed before");
    expect(() => new Assembler().jmp(label)).toThrow("another assembler's");
    expect(() => new Assembler().place(label)).toThrow("another assembler's");
  });
});

describe("what the processor cannot do is refused:", () => {
  test("registers that it does not have", () => {
    // @ts-expect-error there is none
    expect(() => zmm(32)).toThrow("there is no zmm32: the processor has zmm0 to zmm31");
    // @ts-expect-error there is none
    expect(() => ymm(-1)).toThrow("there is no ymm-1");
    // @ts-expect-error there is none
    expect(() => k(8)).toThrow("there is no k8: the processor has k0 to k7");
    // @ts-expect-error there is none
    expect(() => tmm(1.5)).toThrow("there is no tmm1.5");
    const forged = { kind: "vector", code: 32, bits: 512 } as const;
    expect(() => new Assembler().vaddps(zmm(1), zmm(2), forged)).toThrow("operand 3 must be a zmm register or memory");
    const beyond = { kind: "general", code: 16 } as const;
    expect(() => new Assembler().mov(rax, beyond)).toThrow("mov rax, r16: ");
    expect(() => at(beyond)).toThrow("the base of an address must be a general register");
  });

  test("addresses that it does not have", () => {
    // @ts-expect-error rsp is no index
    expect(() => atIndex(rax, rsp)).toThrow("the index of an address must be a general register other than rsp");
    // @ts-expect-error there is no such scale
    expect(() => atIndex(rax, rcx, 3)).toThrow("the scale of an index is 1, 2, 4 or 8, not 3");
    for (const displacement of [2 ** 31, -(2 ** 31) - 1, 0.5, Number.NaN]) {
      expect(() => at(rax, displacement)).toThrow(
        `a displacement is an integer of 32 bits with a sign, not ${displacement}`,
      );
    }
    const forged: Address = { ...at(rax), displacement: 2 ** 32 };
    expect(() => new Assembler().vmovups(zmm(0), forged)).toThrow("operand 2 must be a zmm register or memory");
  });

  test("immediates that do not fit", () => {
    for (const number of [2 ** 32, 2 ** 31, -(2 ** 31) - 1, 1.5, Number.NaN]) {
      for (const name of ["add", "sub", "cmp"] as const) {
        const refused = `${name} rcx, ${number}: operand 2 must be an integer from -2147483648 to 2147483647`;
        expect(() => new Assembler()[name](rcx, number)).toThrow(refused);
      }
    }
    expect(() => new Assembler().mov(rax, 2n ** 64n)).toThrow("operand 2 must be a bigint of 64 bits");
    expect(() => new Assembler().mov(rax, -(2n ** 63n) - 1n)).toThrow("operand 2 must be a bigint of 64 bits");
    // @ts-expect-error a number may have lost bits
    expect(() => new Assembler().mov(rax, 5)).toThrow("operand 2 must be a bigint of 64 bits");
    expect(() => new Assembler().vpslld(zmm(1), zmm(2), 256)).toThrow("operand 3 must be an integer from 0 to 255");
    expect(() => new Assembler().vinserti64x4(zmm(1), zmm(2), ymm(3), 2)).toThrow("an integer from 0 to 1");
    expect(() => new Assembler().vcmpps(k(1), zmm(2), zmm(3), 32)).toThrow("an integer from 0 to 31");
    expect(() => new Assembler().vpcmpuw(k(1), zmm(2), zmm(3), 8)).toThrow("an integer from 0 to 7");
  });

  test("operands that no form has", () => {
    const a = new Assembler();
    // @ts-expect-error memory takes a register
    expect(() => a.mov(at(rsp), 5n)).toThrow(
      "mov [rsp], 5: operand 1 must be a general register, or operand 2 must be",
    );
    // @ts-expect-error one of them must be a register
    expect(() => a.mov(at(rax), at(rcx))).toThrow("mov [rax], [rcx]: ");
    // @ts-expect-error an address has memory
    expect(() => a.lea(rax, rcx)).toThrow("operand 2 must be memory");
    // @ts-expect-error masks come from general registers only
    expect(() => a.kmovd(k(1), zmm(1))).toThrow("operand 2 must be a general register other than rsp");
    // @ts-expect-error there is a third operand
    expect(() => a.vaddps(zmm(1), zmm(2))).toThrow("vaddps zmm1, zmm2: it has 3 operands");
    // @ts-expect-error a broadcast is from memory
    expect(() => a.vbroadcastss(zmm(1), zmm(2))).toThrow("operand 2 must be memory");
    // @ts-expect-error the rows of a tile need their distance
    expect(() => a.tileloadd(tmm(1), at(rax))).toThrow("operand 2 must be memory with an index");
    // @ts-expect-error the stack's own instructions are not for the stack pointer
    expect(() => a.pop(rsp)).toThrow("operand 1 must be a general register other than rsp");
    expect(a.finish().bytes).toEqual(new Uint8Array());
  });

  test("registers of lengths that do not go together", () => {
    const a = new Assembler();
    expect(() => a.vaddps(zmm(1), ymm(2), zmm(3))).toThrow("vaddps zmm1, ymm2, zmm3: operand 2 must be a zmm register");
    expect(() => a.vpmovzxwd(zmm(1), zmm(2))).toThrow("operand 2 must be a ymm register or memory");
    expect(() => a.vcvtneps2bf16(zmm(1), zmm(2))).toThrow("vcvtneps2bf16 zmm1, zmm2: operand 1 must be a ymm register");
    expect(() => a.vshufi32x4(ymm(1), ymm(2), ymm(3), 0)).toThrow("operand 1 must be a zmm register");
    a.vcvtneps2bf16(lowerHalf(zmm(1)), zmm(2));
  });

  test("masks where there are none", () => {
    const a = new Assembler();
    expect(() => masked(zmm(1), k(0), "keep")).toThrow("k0 cannot mask");
    expect(() => a.vmovups(masked(at(rax), k(1), "zero"), zmm(1))).toThrow("operand 1 must be");
    // @ts-expect-error only destinations are masked
    expect(() => a.vaddps(zmm(1), masked(zmm(2), k(1), "zero"), zmm(3))).toThrow("operand 2 must be a zmm register");
  });

  test("a tile that is factor and sum at once", () => {
    const a = new Assembler();
    for (const [sum, first, second] of [
      [1, 1, 2],
      [1, 2, 1],
      [2, 1, 1],
    ] as const) {
      expect(() => a.tdpbf16ps(tmm(sum), tmm(first), tmm(second))).toThrow("its operands must all differ");
    }
  });
});

test("code needs what all of its instructions need", () => {
  const a = new Assembler();
  a.add(rdx, r9);
  a.vaddps(ymm(1), ymm(2), ymm(3));
  a.vpermw(zmm(1), zmm(2), zmm(3));
  a.tilerelease();
  expect(a.finish().features).toEqual(new Set(["avx512f", "avx512vl", "avx512bw", "amx_tile"]));
});
