"""The bytes that GNU's assembler gives for instructions in Intel's notation, with displacements and jumps of 32 bits, and the processor
features without which it refuses them.

python3 scripts/references/machine_code.py > src/engine/reference-numbers/machine-code.json
"""
import json
import re
import subprocess
import tempfile

WITH_TWO_SOURCES = """vaddps vaddpd vmulps vsubps vdivps vminps vmaxps vfmadd231ps vfmadd213ps vpord vpxord vpunpcklwd vpunpckhwd vpunpckldq
vpunpckhdq vpunpcklqdq vpunpckhqdq vcvtne2ps2bf16 vpermw vpermq""".split()
# How many times smaller the source is than the destination.
WITH_ONE_SOURCE = {"vpmovzxwd": 2, "vpmovzxbd": 4, "vpmovzxbw": 2, "vcvtdq2ps": 1, "vsqrtps": 1, "vcvtps2pd": 2}
MOVES = ["vmovups", "vmovdqu16"]
# The predicates for "greater" and the last ones.
COMPARISONS = {"vcmpps": (14, 31), "vpcmpuw": (6, 7)}

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


# Registers on both sides of each bit of their numbers, in each of three places.
EXTREMES = [(0, 31, 16), (31, 0, 15), (15, 16, 0), (16, 15, 31), (7, 8, 23)]

GENERALS = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split()
LOWER = "eax ecx edx ebx ebp esi edi r8d r9d r10d r11d r12d r13d r14d r15d".split()


def vectors():
    for name in WITH_TWO_SOURCES:
        yield f"{name} zmm1, zmm10, zmm3"
        yield f"{name} zmm17, zmm2, zmm26"
        yield f"{name} zmm8{{k1}}, zmm16, zmm31"
        yield f"{name} zmm30{{k7}}{{z}}, zmm15, [r12+r13*2-32]"
        yield f"{name} ymm7, ymm24, ymm11"
        yield f"{name} ymm23{{k3}}{{z}}, ymm6, [rsp+8]"
        for to, first, second in EXTREMES:
            for bits in 512, 256:
                yield f"{name} {vector(to, bits)}, {vector(first, bits)}, {vector(second, bits)}"
    for address in ADDRESSES:
        yield f"vaddps zmm5, zmm6, {address}"
        yield f"vmovups {address}, zmm30"
    for mask in range(1, 8):
        yield f"vmovups zmm3{{k{mask}}}, zmm4"
        yield f"vmovups ymm3{{k{mask}}}{{z}}, ymm4"
    for name, ratio in WITH_ONE_SOURCE.items():
        for bits in 512, 256:
            yield f"{name} {vector(3, bits)}, {vector(12, bits // ratio)}"
            yield f"{name} {vector(19, bits)}, {vector(28, bits // ratio)}"
            yield f"{name} {vector(29, bits)}{{k2}}{{z}}, [rbp+r15*8]"
            yield f"{name} {vector(14, bits)}{{k5}}, [r12+64]"
            for to, first, _ in EXTREMES:
                yield f"{name} {vector(to, bits)}, {vector(first, bits // ratio)}"
    for to, first, _ in EXTREMES:
        for bits in 512, 256:
            yield f"vcvtneps2bf16 {vector(to, bits // 2)}, {vector(first, bits)}"
    yield "vcvtneps2bf16 ymm3, zmm12"
    yield "vcvtneps2bf16 ymm19{k2}{z}, zmm28"
    yield "vcvtneps2bf16 ymm25, [r13+r12*4+64]"
    yield "vcvtneps2bf16 xmm17, ymm9"
    yield "vcvtneps2bf16 xmm9{k1}, ymmword ptr [rbp+r15*8]"
    for name in "vbroadcasti32x4", "vbroadcastss":
        for bits in 512, 256:
            yield f"{name} {vector(12, bits)}, [rbp+r15*8]"
            yield f"{name} {vector(22, bits)}{{k2}}, [r13-4096]"
            yield f"{name} {vector(0, bits)}, [rsp+8]"
            yield f"{name} {vector(31, bits)}{{k7}}{{z}}, [r12+64]"
    for name in MOVES:
        for bits in 512, 256:
            yield f"{name} {vector(4, bits)}, {vector(13, bits)}"
            yield f"{name} {vector(20, bits)}{{k3}}{{z}}, {vector(27, bits)}"
            yield f"{name} {vector(11, bits)}{{k1}}, {vector(31, bits)}"
            yield f"{name} {vector(24, bits)}{{k4}}{{z}}, [r13-4096]"
            yield f"{name} {vector(5, bits)}, [rsp+rbp*8+4]"
            yield f"{name} [r13-4096], {vector(18, bits)}"
            yield f"{name} [rbp+r15*8]{{k2}}, {vector(7, bits)}"
            for to, first, _ in EXTREMES:
                yield f"{name} {vector(to, bits)}, {vector(first, bits)}"
                yield f"{name} [rsp+rbp*8+4], {vector(to, bits)}"
    yield "vinserti64x4 zmm1, zmm10, ymm3, 1"
    yield "vinserti64x4 zmm17, zmm31, ymm26, 0"
    yield "vinserti64x4 zmm8, zmm2, [r12+64], 1"
    yield "vshufi32x4 zmm1, zmm10, zmm3, 68"
    yield "vshufi32x4 zmm17, zmm31, zmm26, 221"
    yield "vshufi32x4 zmm8, zmm2, [r12+64], 136"
    for to, first, second in EXTREMES:
        yield f"vinserti64x4 zmm{to}{{k1}}, zmm{first}, ymm{second}, 1"
        yield f"vshufi32x4 zmm{to}{{k2}}{{z}}, zmm{first}, zmm{second}, 255"
    for name, (greater, last) in COMPARISONS.items():
        for predicate in 0, greater, last:
            yield f"{name} k{1 + predicate % 7}, zmm3, zmm12, {predicate}"
        yield f"{name} k7, zmm31, zmm20, 0"
        yield f"{name} k5, ymm22, ymm13, 0"
        yield f"{name} k3, zmm17, [r13+r12*4+64], {greater}"
        yield f"{name} k0, ymm0, [rsp+8], 0"
        for mask, (_, first, second) in enumerate(EXTREMES):
            yield f"{name} k{mask}, zmm{first}, zmm{second}, 0"
    for name in "vpmovdb", "vpmovdw":
        yield f"{name} [r9+1048576], zmm3"
        yield f"{name} [r12+r13*2-32]{{k4}}, zmm28"
        for bits in 512, 256:
            for number in 0, 15, 16, 31:
                yield f"{name} [rbp], {vector(number, bits)}"
    for name in "vpslld", "vpsrld":
        yield f"{name} zmm1, zmm12, 16"
        yield f"{name} zmm29, zmm18, 31"
        for to, first, _ in EXTREMES:
            for bits in 512, 256:
                yield f"{name} {vector(to, bits)}, {vector(first, bits)}, 7"
                yield f"{name} {vector(to, bits)}{{k6}}, {vector(first, bits)}, 255"
        yield f"{name} ymm9{{k1}}{{z}}, [r12+r13*2-32], 0"
        yield f"{name} zmm9, [rsp+8], 1"
    for name in "vpbroadcastd", "vpbroadcastw":
        for register in LOWER:
            yield f"{name} zmm3, {register}"
            yield f"{name} ymm30, {register}"
        for number in 0, 15, 16, 31:
            yield f"{name} zmm{number}{{k3}}{{z}}, edx"
            yield f"{name} ymm{number}{{k5}}, r8d"
    for register in LOWER:
        yield f"kmovd k1, {register}"
    for mask in range(8):
        yield f"kmovd k{mask}, r11d"
    yield "vzeroupper"


def tiles():
    for address in ADDRESSES:
        yield f"ldtilecfg {address}"
    yield "tilerelease"
    for tile in range(8):
        yield f"tilezero tmm{tile}"
        yield f"tdpbf16ps tmm{tile}, tmm{(tile + 3) % 8}, tmm{(tile + 5) % 8}"
        for memory in [address for address in ADDRESSES if "*" in address]:
            yield f"tileloadd tmm{tile}, {memory}"
            yield f"tilestored {memory}, tmm{tile}"


def generals():
    for register in GENERALS:
        # What changes rsp by itself is not for these.
        if register != "rsp":
            yield f"push {register}"
            yield f"pop {register}"
            yield f"call {register}"
            yield f"div {register}"
        for number in 0, 81985529216486895, 18446744073709551615:
            yield f"mov {register}, {number}"
        for name in "mov", "add", "sub", "cmp", "imul":
            yield f"{name} {register}, r10"
            yield f"{name} rcx, {register}"
        # With rax, or a number that fits into 8 bits, the assembler takes forms of their own.
        if register != "rax":
            for number in 65536, -129, 2147483647, -2147483648:
                for name in "add", "sub", "cmp":
                    yield f"{name} {register}, {number}"
    for address in ADDRESSES:
        for name in "mov", "add", "sub", "cmp", "imul", "lea":
            yield f"{name} rdx, {address}"
            yield f"{name} r10, {address}"
        yield f"prefetcht0 {address}"
        yield f"prefetcht1 {address}"
        yield f"prefetchw {address}"
        yield f"mov {address}, rsi"
        yield f"mov {address}, r11"
        yield f"lock xadd {address}, rax"
        yield f"lock xadd {address}, r9"
    for register in GENERALS:
        if register != "rsp":
            yield f"lock xadd [rbx], {register}"
            yield f"lea rbx, [rbp+{register}*4]"
        yield f"lea rbx, [{register}+12]"
        yield f"mov [rbx], {register}"
    for displacement in 2147483647, -2147483648:
        yield f"lea rbx, [rsi{displacement:+}]"
    yield "ret"


# What the assembler may be told of, and what it then takes, from little to much.
FEATURES = {
    "": "",
    "3dnowprefetch": ".prfchw",
    "avx": ".avx",
    "avx512f": ".avx512f",
    "avx512f avx512vl": ".avx512f .avx512vl",
    "avx512bw": ".avx512bw",
    "avx512bw avx512vl": ".avx512bw .avx512vl",
    "avx512_bf16": ".avx512_bf16",
    "avx512_bf16 avx512vl": ".avx512_bf16 .avx512vl",
    "amx_tile": ".amx_tile",
    "amx_bf16": ".amx_bf16",
}


def features(texts):
    """For each text the first of these sets of features with which the assembler takes it."""
    needed = {}
    for names, extensions in FEATURES.items():
        lines = [".intel_syntax noprefix", ".arch generic64", *(f".arch {each}" for each in extensions.split())]
        left = [text for text in texts if text not in needed]
        code = "\n".join([*lines, *map(source, left), ""])
        messages = subprocess.run(["as", "-o", "/dev/null", "-"], input=code, text=True, capture_output=True).stderr
        refused = {int(line) - 1 - len(lines) for line in re.findall(r"^[^:]*:(\d+): Error", messages, re.M)}
        needed |= {text: names for index, text in enumerate(left) if index not in refused}
    return {text: needed[text] for text in texts}


def representatives(texts):
    """One text for each instruction and length of vectors."""
    found = {}
    for text in texts:
        lengths = tuple(each for each in ("zmm", "ymm") if each in text)[:1]
        found.setdefault((text.split()[0], lengths), text)
    return list(found.values())


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
    texts = list(dict.fromkeys([*generals(), *vectors(), *tiles()]))
    record = {"assembler": version, "instructions": assemble(texts), "features": features(representatives(texts))}
    record["loop"] = assemble([LOOP])
    print(json.dumps(record, indent=1))
