"""The grid of layers and the small networks of each family that layers.py runs, as naevus reads them from JSON."""


def layer(kind, **fields):
    return {"kind": kind, **fields}


def case(name, shape, layers, batch=3):
    return {"name": name, "batch": batch, "input": shape, "layers": layers}


def conv(filters, kernel, **options):
    return layer("conv2d", filters=filters, kernel=kernel, **options)


RELU, SIGMOID, FLATTEN, MEAN = (layer(kind) for kind in ("relu", "sigmoid", "flatten", "globalAveragePool"))


def norm(**options):
    return layer("batchNorm", **options)


def dense(units, **options):
    return layer("dense", units=units, **options)


def convolutions():
    for channels, filters, groups in ((1, 1, 1), (3, 17, 1), (16, 32, 1), (6, 12, 3), (7, 7, 7), (16, 16, 16)):
        for kernel, stride, padding in (
            (1, 1, 0),
            (3, 1, 1),
            (3, 2, 1),
            ([1, 5], [2, 1], [0, 2]),
            (2, 2, 0),
            (7, 3, 3),
            (4, 1, [3, 0]),
        ):
            options = dict(stride=stride, padding=padding, groups=groups)
            if (channels + filters) % 3 == 0:
                options["bias"] = False
            name = f"conv2d {channels} to {filters} in {groups}: {kernel}, stride {stride}, padding {padding}"
            yield case(name, [channels, 7, 9], [conv(filters, kernel, **options)])


def windows():
    """Dilation, padding of each side, TensorFlow's same, ceil mode and counted padding."""
    for channels, filters, groups in ((1, 3, 1), (5, 7, 1), (16, 32, 1), (6, 6, 6), (16, 16, 16)):
        for options in (
            dict(kernel=3, dilation=2),
            dict(kernel=[3, 2], dilation=[1, 3], padding=0),
            dict(kernel=3, dilation=2, stride=2, padding="sameUpper"),
            dict(kernel=3, stride=2, padding="sameUpper"),
            dict(kernel=4, stride=1, padding="sameUpper"),
            dict(kernel=3, stride=2, padding=[0, 1, 2, 0]),
            dict(kernel=2, padding=[1, 0, 0, 3]),
        ):
            named = ", ".join(f"{key} {value}" for key, value in options.items())
            layers = [layer("conv2d", filters=filters, groups=groups, **options)]
            yield case(f"conv2d {channels} to {filters} in {groups}: {named}", [channels, 8, 7], layers)
    for kind in ("maxPool", "averagePool"):
        for channels, size in ((1, [5, 6]), (5, [8, 7]), (16, [9, 8])):
            for options in (
                dict(kernel=3, stride=2, ceil=True),
                dict(kernel=2, stride=2, ceil=True),
                dict(kernel=2, stride=3, padding=1, ceil=True),
                dict(kernel=3, stride=2, padding="sameUpper"),
                dict(kernel=2, stride=1, padding="sameUpper"),
                dict(kernel=3, stride=2, padding=[0, 1, 1, 0]),
            ):
                for counted in ({}, {"countPadding": True}) if kind == "averagePool" else ({},):
                    named = ", ".join(f"{key} {value}" for key, value in {**options, **counted}.items())
                    yield case(f"{kind} of {channels}: {named}", [channels, *size], [layer(kind, **options, **counted)])


# With the options that are not their defaults.
ACTIVATIONS = {
    "relu": RELU,
    "sigmoid": SIGMOID,
    "leakyRelu": layer("leakyRelu"),
    "leakyRelu with slope": layer("leakyRelu", slope=0.3),
    "relu6": layer("relu6"),
    "elu": layer("elu"),
    "elu with alpha": layer("elu", alpha=0.4),
    "silu": layer("silu"),
    "gelu": layer("gelu"),
    "gelu by tanh": layer("gelu", approximate="tanh"),
    "hardSwish": layer("hardSwish"),
    "hardSigmoid": layer("hardSigmoid"),
    "tanh": layer("tanh"),
    "softplus": layer("softplus"),
}


def activations():
    """Of maps and vectors, between convolutions, where engines fuse them, and in a gate."""
    wide = conv(17, 1, bias=False)
    for name, activation in ACTIVATIONS.items():
        yield from of_maps(name, [activation], ([1, 1, 5], [3, 5, 5], [16, 8, 8]))
        yield from of_vectors(name, [activation], (2, 37))
        yield case(f"{name} between convolutions", [16, 6, 7], [wide, activation, wide, activation, wide, MEAN])
        yield case(f"{name} in a gate", [16, 8, 8], [wide, activation, layer("gate", body=[MEAN, activation])])


def harmonics():
    for frequencies in (1, 3, 5):
        yield case(f"conv2d of {frequencies} frequencies", [6, 7, 9], [conv(17, 3, frequencies=frequencies)])
    oblong = conv(6, [5, 3], stride=[2, 1], groups=3, bias=False, frequencies=4)
    yield case("conv2d of 4 frequencies, 5x3 in groups", [6, 8, 8], [oblong])
    yield case("conv2d of 6 frequencies, depthwise", [16, 8, 8], [conv(16, [3, 4], padding=1, groups=16, frequencies=6)])


def poolings():
    for kind in ("maxPool", "averagePool"):
        for channels, size in ((1, [5, 5]), (5, [7, 9]), (16, [8, 8])):
            for kernel, stride, padding in ((2, 2, 0), (3, 2, 1), (3, 1, 1), ([2, 3], [1, 2], [1, 0]), (5, 3, 2)):
                name = f"{kind} of {channels}: {kernel}, stride {stride}, padding {padding}"
                yield case(name, [channels, *size], [layer(kind, kernel=kernel, stride=stride, padding=padding)])


def of_maps(name, layers, shapes=([1, 1, 5], [3, 5, 5], [17, 4, 3], [16, 8, 8])):
    for shape in shapes:
        yield case(f"{name} of {shape}", shape, layers)


def of_vectors(name, layers, lengths=(2, 16, 37)):
    for length in lengths:
        yield case(f"{name} of {length}", [length, 1, 1], [FLATTEN, *layers], batch=4)


def block(*layers, shortcut=()):
    return layer("residual", body=list(layers), **({"shortcut": list(shortcut)} if shortcut else {}))


def squeeze_excite(channels, units, activation):
    return layer("gate", body=[MEAN, dense(units), activation, dense(channels), SIGMOID])


def concatenate(*branches):
    return layer("concatenate", branches=[list(branch) for branch in branches])


HEAD = [MEAN, dense(5)]
SILU = ACTIVATIONS["silu"]

FAMILIES = [
    case(
        "family: VGG",
        [3, 16, 16],
        [
            *(each for filters in (16, 32) for each in (conv(filters, 3), RELU, conv(filters, 3), RELU, layer("maxPool", kernel=2))),
            FLATTEN,
            dense(24),
            RELU,
            dense(5),
        ],
        batch=6,
    ),
    case(
        "family: ResNet",
        [3, 12, 12],
        [
            conv(16, 3, bias=False),
            norm(),
            RELU,
            block(conv(16, 3, bias=False), norm(), RELU, conv(16, 3, bias=False), norm()),
            RELU,
            block(
                conv(8, 1, bias=False),
                norm(),
                RELU,
                conv(8, 3, stride=2, bias=False),
                norm(),
                RELU,
                conv(32, 1, bias=False),
                norm(),
                shortcut=[conv(32, 1, stride=2, bias=False), norm()],
            ),
            RELU,
            *HEAD,
        ],
        batch=6,
    ),
    case(
        "family: DenseNet",
        [3, 12, 12],
        [
            conv(16, 3, bias=False),
            *(
                concatenate([], [norm(), RELU, conv(16, 1, bias=False), norm(), RELU, conv(6, 3, bias=False)])
                for _ in range(3)
            ),
            norm(),
            RELU,
            conv(17, 1, bias=False),
            layer("averagePool", kernel=2),
            concatenate([], [norm(), RELU, conv(6, 3, bias=False)]),
            norm(),
            RELU,
            *HEAD,
        ],
        batch=6,
    ),
    case(
        "family: Inception",
        [3, 12, 12],
        [
            conv(16, 3, bias=False),
            norm(),
            RELU,
            *(
                concatenate(
                    [conv(8, 1, bias=False), norm(), RELU],
                    [conv(6, 1, bias=False), norm(), RELU, conv(12, [1, 3], bias=False), norm(), RELU],
                    [conv(4, 1, bias=False), norm(), RELU, conv(5, 5, bias=False), norm(), RELU],
                    [layer(pool, kernel=3, stride=1, padding=1), conv(7, 1, bias=False), norm(), RELU],
                )
                for pool in ("averagePool", "maxPool")
            ),
            *HEAD,
        ],
        batch=6,
    ),
    case(
        "family: MobileNetV3",
        [3, 12, 12],
        [
            conv(16, 3, bias=False),
            norm(epsilon=1e-3, momentum=0.01),
            ACTIVATIONS["hardSwish"],
            block(
                conv(40, 1, bias=False),
                norm(),
                ACTIVATIONS["hardSwish"],
                conv(40, 5, groups=40, bias=False),
                norm(),
                layer("gate", body=[MEAN, dense(8), RELU, dense(40), ACTIVATIONS["hardSigmoid"]]),
                ACTIVATIONS["hardSwish"],
                conv(16, 1, bias=False),
                norm(),
            ),
            conv(24, 1, bias=False),
            norm(),
            ACTIVATIONS["hardSwish"],
            MEAN,
            dense(20),
            ACTIVATIONS["hardSwish"],
            dense(5),
        ],
        batch=6,
    ),
    case(
        "family: ConvNeXt",
        [3, 16, 16],
        [
            conv(16, 4, stride=4, padding=0),
            layer("layerNorm"),
            *(
                block(
                    conv(16, 7, groups=16),
                    layer("layerNorm"),
                    conv(64, 1),
                    ACTIVATIONS["gelu"],
                    conv(16, 1),
                    layer("layerScale"),
                )
                for _ in range(2)
            ),
            layer("layerNorm"),
            conv(24, 2, stride=2, padding=0),
            MEAN,
            layer("layerNorm"),
            dense(5),
        ],
        batch=6,
    ),
    case(
        "family: EfficientNetV2",
        [3, 12, 12],
        [
            conv(16, 3, bias=False),
            norm(),
            SILU,
            block(conv(32, 3, bias=False), norm(), SILU, conv(16, 1, bias=False), norm()),
            block(
                conv(48, 1, bias=False),
                norm(),
                SILU,
                conv(48, 3, groups=48, bias=False),
                norm(),
                SILU,
                squeeze_excite(48, 4, SILU),
                conv(16, 1, bias=False),
                norm(),
            ),
            *HEAD,
        ],
        batch=6,
    ),
]

CASES = [
    *convolutions(),
    *harmonics(),
    *poolings(),
    *windows(),
    *of_maps("globalMaxPool", [layer("globalMaxPool")], ([2, 1, 1], [6, 5, 7], [17, 3, 3], [16, 8, 8])),
    *of_maps("generalizedMeanPool", [SIGMOID, layer("generalizedMeanPool")], ([2, 1, 1], [6, 5, 7], [17, 3, 3], [16, 8, 8])),
    *of_maps("blurPool", [layer("blurPool", kernel=3)], ([1, 1, 5], [6, 5, 7], [16, 8, 8])),
    *of_maps("blurPool of length 4", [layer("blurPool", kernel=4, stride=[1, 3])], ([5, 6, 7],)),
    *of_maps("globalAveragePool", [MEAN], ([2, 1, 1], [6, 5, 7], [17, 3, 3], [16, 8, 8])),
    *of_maps("batchNorm", [norm()]),
    *of_maps("batchNorm with options", [norm(momentum=0.3, epsilon=0.01)], ([3, 5, 5],)),
    *activations(),
    *of_vectors("batchNorm", [norm()]),
    *of_maps("layerNorm", [layer("layerNorm")], ([3, 5, 5], [17, 4, 3], [16, 8, 8])),
    *of_maps("layerNorm with epsilon", [layer("layerNorm", epsilon=0.01)], ([5, 1, 1],)),
    *of_vectors("layerNorm", [layer("layerNorm")], (3, 16, 37)),
    *of_maps("groupNorm in one group", [layer("groupNorm", groups=1)], ([1, 1, 5], [3, 5, 5], [17, 4, 3])),
    *of_maps("groupNorm in two groups", [layer("groupNorm", groups=2, epsilon=0.01)], ([2, 1, 5], [6, 5, 4], [16, 8, 8])),
    *of_maps("groupNorm by channel", [layer("groupNorm", groups=17)], ([17, 4, 3],)),
    *of_maps("layerScale", [layer("layerScale")]),
    *of_vectors("layerScale", [layer("layerScale")]),
    *of_vectors("dense", [dense(7)]),
    *of_vectors("dense without bias", [dense(33, bias=False)]),
    *of_maps("residual", [block(RELU)]),
    *of_maps("gate", [layer("gate", body=[MEAN, SIGMOID])], ([1, 1, 5], [3, 5, 5], [17, 4, 3], [16, 8, 8])),
    *of_maps("gate by place", [layer("gate", body=[conv(1, 1), SIGMOID])]),
    *of_maps("gate by value", [layer("gate", body=[RELU, conv(17, 3), SIGMOID])], ([17, 4, 3],)),
    *of_maps("gate by value of 16", [layer("gate", body=[conv(16, 3, groups=16), ACTIVATIONS["hardSigmoid"]])], ([16, 8, 8],)),
    *of_maps("gate by 1x1 map", [layer("gate", body=[layer("averagePool", kernel=[4, 3]), SIGMOID])], ([17, 4, 3],)),
    *of_vectors("gate", [layer("gate", body=[SIGMOID])]),
    *of_maps("concatenate", [concatenate([], [RELU], [conv(5, 1)])]),
    *of_vectors("concatenate", [concatenate([dense(3)], [], [RELU])]),
    *FAMILIES,
]
