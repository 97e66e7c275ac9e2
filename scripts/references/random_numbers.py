"""The generator sfc32 as PractRand defines it, and naevus's seeding, in Python: the numbers in src/random.test.ts.

python3 scripts/references/random_numbers.py
"""
MASK = 0xFFFFFFFF


def sfc32(a, b, c, counter):
    while True:
        result = (a + b + counter) & MASK
        counter = (counter + 1) & MASK
        a = b ^ (b >> 9)
        b = (c + (c << 3)) & MASK
        c = (((c << 21) | (c >> 11)) + result) & MASK
        yield result


def mix(word):
    word &= MASK
    word = ((word ^ (word >> 16)) * 0x21F0AAAD) & MASK
    word = ((word ^ (word >> 15)) * 0x735A2D97) & MASK
    return word ^ (word >> 15)


def seeded(*path):
    word = 0x9E3779B9
    for part in path:
        word = mix(word ^ mix(part % 2**32))
        word = mix(word + part // 2**32 + 0x6D2B79F5)
    numbers = sfc32(word, mix(word + 1), mix(word + 2), 1)
    for _ in range(12):
        next(numbers)
    return numbers


def first(numbers, count):
    return [next(numbers) for _ in range(count)]


if __name__ == "__main__":
    print("state 1 2 3 4:", first(sfc32(1, 2, 3, 4), 6))
    print("state of ones:", first(sfc32(MASK, MASK, MASK, MASK), 6))
    for path in ((0,), (1, 2, 3), (2**40 + 5, 7)):
        print("path", path, first(seeded(*path), 4))
