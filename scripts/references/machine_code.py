"""The bytes that GNU's assembler gives for instructions in Intel's notation, with displacements and jumps of 32 bits.

python3 scripts/references/machine_code.py > src/engine/reference-numbers/machine-code.json
"""
import json
import re
import subprocess
import tempfile

WITH_TWO_SOURCES = """vaddps vaddpd vmulps vsubps vdivps vmaxps vfmadd231ps vfmadd213ps vpord vpxord vpunpcklwd vpunpckhwd vpunpckldq
vpunpckhdq vpunpcklqdq vpunpckhqdq vcvtne2ps2bf16 vpermw vpermq""".split()
# How many times smaller the source is than the destination.
WITH_ONE_SOURCE = {"vpmovzxwd": 2, "vpmovzxbd": 4, "vpmovzxbw": 2, "vcvtdq2ps": 1, "vsqrtps": 1, "vcvtps2pd": 2}
MOVES = ["vmovups", "vmovdqu16"]
COMPARISONS = {"vcmpps": 14, "vpcmpuw": 6}

# Every shape of an address: each base that is encoded in its own way, an index of either half and each scale.
ADDRESSES = [
    "[rax]",
    "[rsp+8]",
    "[rbp]",
    "[r12+64]",
    "[r13-4096]",
    "[r9+1048576]",
    "[rbx+rcx*1]",
    "[r12+r13*2-32]",
    "[r13+r12*4+64]",
    "[rbp+r15*8]",
    "[rsp+rbp*8+4]",
]

LENGTHS = {512: "zmm", 256: "ymm", 128: "xmm", 64: "xmm"}


def vector(number, bits=512):
    return f"{LENGTHS[bits]}{number}"


def vectors():
    for name in WITH_TWO_SOURCES:
        yield f"{name} zmm1, zmm10, zmm3"
        yield f"{name} zmm17, zmm2, zmm26"
        yield f"{name} zmm8{{k1}}, zmm16, zmm31"
        yield f"{name} zmm30{{k7}}{{z}}, zmm15, [r12+r13*2-32]"
        yield f"{name} ymm7, ymm24, ymm11"
        yield f"{name} ymm23{{k3}}{{z}}, ymm6, [rsp+8]"
    for address in ADDRESSES:
        yield f"vaddps zmm5, zmm6, {address}"
    for name, ratio in WITH_ONE_SOURCE.items():
        for bits in 512, 256:
            yield f"{name} {vector(3, bits)}, {vector(12, bits // ratio)}"
            yield f"{name} {vector(19, bits)}, {vector(28, bits // ratio)}"
            yield f"{name} {vector(29, bits)}{{k2}}{{z}}, [rbp+r15*8]"
            yield f"{name} {vector(14, bits)}{{k5}}, [r12+64]"
    yield "vcvtneps2bf16 ymm3, zmm12"
    yield "vcvtneps2bf16 ymm19{k2}{z}, zmm28"
    yield "vcvtneps2bf16 ymm25, [r13+r12*4+64]"
    yield "vcvtneps2bf16 xmm17, ymm9"
    for bits in 512, 256:
        yield f"vbroadcasti32x4 {vector(12, bits)}, [rbp+r15*8]"
        yield f"vbroadcasti32x4 {vector(22, bits)}{{k2}}, [r13-4096]"
        yield f"vbroadcastss {vector(12, bits)}, [rbp+r15*8]"
        yield f"vbroadcastss {vector(22, bits)}{{k2}}, [r13-4096]"
    for name in MOVES:
        for bits in 512, 256:
            yield f"{name} {vector(4, bits)}, {vector(13, bits)}"
            yield f"{name} {vector(20, bits)}{{k3}}{{z}}, {vector(27, bits)}"
            yield f"{name} {vector(11, bits)}{{k1}}, {vector(31, bits)}"
            yield f"{name} {vector(24, bits)}{{k4}}{{z}}, [r13-4096]"
            yield f"{name} {vector(5, bits)}, [rsp+rbp*8+4]"
            yield f"{name} [r13-4096], {vector(18, bits)}"
            yield f"{name} [rbp+r15*8]{{k2}}, {vector(7, bits)}"
    yield "vinserti64x4 zmm1, zmm10, ymm3, 1"
    yield "vinserti64x4 zmm17, zmm31, ymm26, 0"
    yield "vinserti64x4 zmm8, zmm2, [r12+64], 1"
    yield "vshufi32x4 zmm1, zmm10, zmm3, 68"
    yield "vshufi32x4 zmm17, zmm31, zmm26, 221"
    yield "vshufi32x4 zmm8, zmm2, [r12+64], 136"
    for name, greater in COMPARISONS.items():
        for predicate in 0, greater:
            yield f"{name} k{1 + predicate % 7}, zmm3, zmm12, {predicate}"
        yield f"{name} k7, zmm31, zmm20, 0"
        yield f"{name} k5, ymm22, ymm13, 0"
        yield f"{name} k3, zmm17, [r13+r12*4+64], {greater}"
    for name in "vpmovdb", "vpmovdw":
        yield f"{name} [r9+1048576], zmm3"
        yield f"{name} [r12+r13*2-32]{{k4}}, zmm28"
    for name in "vpslld", "vpsrld":
        yield f"{name} zmm1, zmm12, 16"
        yield f"{name} zmm29, zmm18, 31"
    for name in "vpbroadcastd", "vpbroadcastw":
        yield f"{name} zmm3, ecx"
        yield f"{name} zmm30, r13d"
    yield "kmovd k1, edx"
    yield "kmovd k6, r11d"
    yield "vzeroupper"


def tiles():
    yield "ldtilecfg [rsp+8]"
    yield "ldtilecfg [r13+r12*4+64]"
    yield "tilerelease"
    yield "tilezero tmm0"
    yield "tilezero tmm7"
    for memory in "[rbx+rcx*1]", "[r12+r13*2-32]", "[rsp+rbp*8+4]":
        yield f"tileloadd tmm3, {memory}"
        yield f"tilestored {memory}, tmm6"
    yield "tdpbf16ps tmm0, tmm1, tmm2"
    yield "tdpbf16ps tmm7, tmm5, tmm3"


def generals():
    for register in "rax", "rbp", "r8", "r12", "r15":
        yield f"push {register}"
        yield f"pop {register}"
        yield f"call {register}"
        yield f"div {register}"
        yield f"mov {register}, 81985529216486895"
    for first, second in ("rcx", "rdx"), ("r9", "rsi"), ("rdi", "r14"), ("r12", "r13"):
        for name in "mov", "add", "sub", "cmp", "imul":
            yield f"{name} {first}, {second}"
        # With rax, or a number that fits into 8 bits, the assembler takes forms of their own.
        for name, number in ("add", 65536), ("sub", -129), ("cmp", 2147483647):
            yield f"{name} {first}, {number}"
    for address in ADDRESSES:
        for name in "mov", "add", "sub", "cmp", "imul", "lea":
            yield f"{name} rdx, {address}"
            yield f"{name} r10, {address}"
        yield f"prefetcht0 {address}"
        yield f"prefetcht1 {address}"
        yield f"prefetchw {address}"
        yield f"mov {address}, rsi"
        yield f"mov {address}, r11"
        yield f"xadd {address}, rax"
        yield f"xadd {address}, r9"
    yield "ret"


LOOP = """cmp rcx, rdx
jle end
start: sub rcx, 65536
je end
jg start
jl start
jge start
jne start
jmp start
end: ret"""


def source(instruction):
    """The text with the pseudo prefixes that choose the long forms."""
    place, text = re.fullmatch(r"(\w+: )?(.*)", instruction).groups()
    name = text.split()[0]
    prefixes = ""
    if "[" in text or re.fullmatch("j[a-z]+", name):
        prefixes += "{disp32} "
    if name == "kmovd":
        prefixes += "{vex3} "
    elif name[0] == "v" and name != "vzeroupper":
        prefixes += "{evex} "
    elif re.fullmatch("(add|sub|cmp) r[a-z0-9]+, r[a-z0-9]+", text):
        prefixes += "{load} "
    elif re.fullmatch("mov r[a-z0-9]+, [0-9]+", text):
        text = text.replace("mov", "movabs")
    return f"{place or ''}{prefixes}{text}"


def assemble(texts):
    """The bytes of every text, each of which may be several lines."""
    names = [f"text{i}" for i in range(len(texts))]
    lines = [".intel_syntax noprefix"]
    for name, text in zip(names, texts):
        lines += [f"{name}:", *map(source, text.splitlines())]
    lines += ["text_end:", ""]
    with tempfile.TemporaryDirectory() as folder:
        code = f"{folder}/code.o"
        subprocess.run(["as", "-o", code, "-"], input="\n".join(lines), text=True, check=True)
        symbols = subprocess.run(["nm", code], capture_output=True, text=True, check=True).stdout
        subprocess.run(["objcopy", "-O", "binary", "-j", ".text", code, f"{folder}/bytes"], check=True)
        with open(f"{folder}/bytes", "rb") as file:
            content = file.read()
    places = {line.split()[2]: int(line.split()[0], 16) for line in symbols.splitlines()}
    bounds = [places[name] for name in [*names, "text_end"]]
    return {text: content[start:end].hex() for text, start, end in zip(texts, bounds, bounds[1:])}


if __name__ == "__main__":
    version = subprocess.run(["as", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    record = {"assembler": version, "instructions": assemble([*generals(), *vectors(), *tiles()])}
    record["loop"] = assemble([LOOP])
    print(json.dumps(record, indent=1))
