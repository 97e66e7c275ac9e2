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


def squeeze_excite(channels, units):
    return layer("gate", body=[MEAN, dense(units), RELU, dense(channels), SIGMOID])


def concatenate(*branches):
    return layer("concatenate", branches=[list(branch) for branch in branches])


ACTIVATIONS = [
    layer("leakyRelu"),
    layer("leakyRelu", slope=0.3),
    layer("relu6"),
    layer("elu"),
    layer("elu", alpha=0.5),
    layer("silu"),
    layer("gelu"),
    layer("gelu", approximate="tanh"),
    layer("hardSwish"),
    layer("hardSigmoid"),
    layer("tanh"),
    layer("softplus"),
]


def activations():
    """Behind a layer that gives values of both signs; and in a gate, where they are far from linear."""
    for each in ACTIVATIONS:
        options = "".join(f", {name} {value}" for name, value in each.items() if name != "kind")
        name = each["kind"] + options
        yield from of_maps(name, [conv(16, 3), each], ([3, 5, 5],))
        yield from of_vectors(name, [dense(37), each], (16,))
        yield from of_maps(f"{name} twice and in a gate", [conv(17, 3), each, layer("gate", body=[MEAN, each])], ([16, 8, 8],))


HEAD = [MEAN, dense(5)]

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
        "family: EfficientNetV2",
        [3, 12, 12],
        [
            conv(16, 3, bias=False),
            norm(),
            RELU,
            block(conv(32, 3, bias=False), norm(), RELU, conv(16, 1, bias=False), norm()),
            block(
                conv(48, 1, bias=False),
                norm(),
                RELU,
                conv(48, 3, groups=48, bias=False),
                norm(),
                RELU,
                squeeze_excite(48, 4),
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
    *poolings(),
    *of_maps("globalAveragePool", [MEAN], ([2, 1, 1], [6, 5, 7], [17, 3, 3], [16, 8, 8])),
    *of_maps("relu", [RELU]),
    *of_maps("sigmoid", [SIGMOID]),
    *of_maps("batchNorm", [norm()]),
    *of_maps("batchNorm with options", [norm(momentum=0.3, epsilon=0.01)], ([3, 5, 5],)),
    *activations(),
    *of_vectors("relu", [RELU]),
    *of_vectors("sigmoid", [SIGMOID]),
    *of_vectors("dense", [dense(7)]),
    *of_vectors("dense without bias", [dense(33, bias=False)]),
    *of_maps("residual", [block(RELU)]),
    *of_maps("gate", [layer("gate", body=[MEAN, SIGMOID])], ([1, 1, 5], [3, 5, 5], [17, 4, 3], [16, 8, 8])),
    *of_vectors("gate", [layer("gate", body=[SIGMOID])]),
    *of_maps("concatenate", [concatenate([], [RELU], [conv(5, 1)])]),
    *of_vectors("concatenate", [concatenate([dense(3)], [], [RELU])]),
    *FAMILIES,
]
