"""The published architectures in PyTorch's words: what speeds and reference numbers are compared with.

Each function gives the layers behind the normalisation of the bytes, in the order and nesting in which naevus has them, so that the
parameters of both sides have the same names. `NETWORKS` has them by the names that naevus gives them.
"""

import math

import torch
from torch import nn


class Residual(nn.Module):
    def __init__(self, body, shortcut=()):
        super().__init__()
        self.body = body if isinstance(body, nn.Sequential) else nn.Sequential(*body)
        self.shortcut = nn.Sequential(*shortcut)

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


class Gate(nn.Module):
    def __init__(self, body):
        super().__init__()
        self.body = nn.Sequential(*body)

    def forward(self, x):
        return x * self.body(x)[:, :, None, None]


class Concatenate(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*branch) for branch in branches)

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


class GlobalAverage(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


def relu():
    return nn.ReLU(inplace=True)


def conv_norm(channels, filters, kernel, stride=1, groups=1, epsilon=1e-5):
    convolution = nn.Conv2d(channels, filters, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [convolution, nn.BatchNorm2d(filters, eps=epsilon)]


def stem_layers(filters, stem="7x7"):
    if stem == "3x3":
        return [*conv_norm(3, filters, 3, 2), relu()]
    return [*conv_norm(3, filters, 7, 2), relu(), nn.MaxPool2d(3, 2, 1)]


def vgg(classes, depth, width=64):
    stages = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}[depth]
    layers, channels = [], 3
    for stage, count in enumerate(stages):
        for _ in range(count):
            filters = width * min(2**stage, 8)
            layers += [*conv_norm(channels, filters, 3), relu()]
            channels = filters
        layers.append(nn.MaxPool2d(2))
    return [*layers, GlobalAverage(), nn.Linear(channels, classes)]


def resnet(classes, depth, width=64, stages=None, stem="7x7"):
    deep = depth >= 50
    layers, channels = stem_layers(width, stem), width
    for stage, count in enumerate(stages or {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}[depth]):
        filters = width * 2**stage
        for index in range(count):
            stride = 2 if index == 0 and stage > 0 else 1
            given = 4 * filters if deep else filters
            if deep:
                body = [*conv_norm(channels, filters, 1), relu(), *conv_norm(filters, filters, 3, stride), relu()]
                body += conv_norm(filters, given, 1)
            else:
                body = [*conv_norm(channels, filters, 3, stride), relu(), *conv_norm(filters, filters, 3)]
            shortcut = [] if stride == 1 and channels == given else conv_norm(channels, given, 1, stride)
            layers += [Residual(body, shortcut), relu()]
            channels = given
    return [*layers, GlobalAverage(), nn.Linear(channels, classes)]


def norm_conv(channels, filters, kernel):
    return [nn.BatchNorm2d(channels), relu(), nn.Conv2d(channels, filters, kernel, padding=kernel // 2, bias=False)]


def densenet(classes, growth=32, stages=(6, 12, 24, 16), stem="7x7"):
    layers, channels = stem_layers(2 * growth, stem), 2 * growth
    for stage, count in enumerate(stages):
        for _ in range(count):
            body = norm_conv(channels, 4 * growth, 1) + norm_conv(4 * growth, growth, 3)
            layers.append(Concatenate([], body))
            channels += growth
        if stage < len(stages) - 1:
            layers += [*norm_conv(channels, channels // 2, 1), nn.AvgPool2d(2)]
            channels //= 2
    return [*layers, nn.BatchNorm2d(channels), relu(), GlobalAverage(), nn.Linear(channels, classes)]


def googlenet(classes, width=64, dropout=0.2, kernel=5):
    def conv(channels, filters, side, stride=1):
        return [*conv_norm(channels, filters, side, stride, epsilon=1e-3), relu()]

    def scaled(filters):
        return max(1, math.floor(filters * width / 64 + 0.5))

    def block(channels, *filters):
        one, reduced, three, squeezed, five, pooled = map(scaled, filters)
        branches = (
            conv(channels, one, 1),
            conv(channels, reduced, 1) + conv(reduced, three, 3),
            conv(channels, squeezed, 1) + conv(squeezed, five, kernel),
            [nn.MaxPool2d(3, 1, 1), *conv(channels, pooled, 1)],
        )
        return Concatenate(*branches), one + three + five + pooled

    halve = lambda: nn.MaxPool2d(3, 2, 1)
    channels = scaled(64)
    layers = [*conv(3, channels, 7, 2), halve(), *conv(channels, channels, 1), *conv(channels, scaled(192), 3)]
    channels = scaled(192)
    for stage in (
        ((64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)),
        (
            (192, 96, 208, 16, 48, 64),
            (160, 112, 224, 24, 64, 64),
            (128, 128, 256, 24, 64, 64),
            (112, 144, 288, 32, 64, 64),
            (256, 160, 320, 32, 128, 128),
        ),
        ((256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)),
    ):
        layers.append(halve())
        for filters in stage:
            made, channels = block(channels, *filters)
            layers.append(made)
    return [*layers, GlobalAverage(), nn.Dropout(dropout), nn.Linear(channels, classes)]


def divisible(filters):
    """The multiple of 8 that is nearest, and at least 8 and 90 % of what was asked for."""
    rounded = max(8, math.floor(filters + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * filters else rounded + 8


def squeeze_excite(channels, units, activation, factor):
    return Gate([GlobalAverage(), nn.Linear(channels, units), activation(), nn.Linear(units, channels), factor()])


# kernel, widened channels, filters, squeeze-and-excitation, hard swish, stride: tables 1 and 2 of the paper.
MOBILENET_V3 = {
    "large": (
        (
            (3, 16, 16, False, False, 1),
            (3, 64, 24, False, False, 2),
            (3, 72, 24, False, False, 1),
            (5, 72, 40, True, False, 2),
            (5, 120, 40, True, False, 1),
            (5, 120, 40, True, False, 1),
            (3, 240, 80, False, True, 2),
            (3, 200, 80, False, True, 1),
            (3, 184, 80, False, True, 1),
            (3, 184, 80, False, True, 1),
            (3, 480, 112, True, True, 1),
            (3, 672, 112, True, True, 1),
            (5, 672, 160, True, True, 2),
            (5, 960, 160, True, True, 1),
            (5, 960, 160, True, True, 1),
        ),
        1280,
    ),
    "small": (
        (
            (3, 16, 16, True, False, 2),
            (3, 72, 24, False, False, 2),
            (3, 88, 24, False, False, 1),
            (5, 96, 40, True, True, 2),
            (5, 240, 40, True, True, 1),
            (5, 240, 40, True, True, 1),
            (5, 120, 48, True, True, 1),
            (5, 144, 48, True, True, 1),
            (5, 288, 96, True, True, 2),
            (5, 576, 96, True, True, 1),
            (5, 576, 96, True, True, 1),
        ),
        1024,
    ),
}


def mobilenet_v3(classes, size, width=1, dropout=0.2):
    rows, units = MOBILENET_V3[size]

    def norm(channels, filters, kernel, stride=1, groups=1):
        return conv_norm(channels, filters, kernel, stride, groups, epsilon=1e-3)

    channels = divisible(16 * width)
    layers = [*norm(3, channels, 3, 2), nn.Hardswish(inplace=True)]
    for kernel, wide, filters, excited, hard, stride in rows:
        wide, filters = divisible(wide * width), divisible(filters * width)
        activation = (lambda: nn.Hardswish(inplace=True)) if hard else relu
        body = [] if wide == channels else [*norm(channels, wide, 1), activation()]
        body += [*norm(wide, wide, kernel, stride, wide), activation()]
        if excited:
            body.append(squeeze_excite(wide, divisible(wide / 4), relu, lambda: nn.Hardsigmoid()))
        body += norm(wide, filters, 1)
        layers += [Residual(body)] if stride == 1 and channels == filters else body
        channels = filters
    units = divisible(units * width)
    layers += [*norm(channels, 6 * channels, 1), nn.Hardswish(inplace=True), GlobalAverage()]
    layers += [nn.Linear(6 * channels, units), nn.Hardswish(inplace=True), nn.Dropout(dropout)]
    return [*layers, nn.Linear(units, classes)]


# Filters of the first convolution; fused, expansion, stride, filters and number of blocks of each stage.
EFFICIENTNET_V2 = {
    "b0": (
        32,
        (
            (True, 1, 1, 16, 1),
            (True, 4, 2, 32, 2),
            (True, 4, 2, 48, 2),
            (False, 4, 2, 96, 3),
            (False, 6, 1, 112, 5),
            (False, 6, 2, 192, 8),
        ),
    ),
    "s": (
        24,
        (
            (True, 1, 1, 24, 2),
            (True, 4, 2, 48, 4),
            (True, 4, 2, 64, 4),
            (False, 4, 2, 128, 6),
            (False, 6, 1, 160, 9),
            (False, 6, 2, 256, 15),
        ),
    ),
}


def efficientnet_v2(classes, size, width=1, depth=1, dropout=0.2):
    stem, stages = EFFICIENTNET_V2[size]
    silu = lambda: nn.SiLU(inplace=True)

    def norm(channels, filters, kernel, stride=1, groups=1):
        return conv_norm(channels, filters, kernel, stride, groups, epsilon=1e-3)

    channels = divisible(stem * width)
    layers = [*norm(3, channels, 3, 2), silu()]
    for fused, expansion, first_stride, filters, count in stages:
        filters = divisible(filters * width)
        for index in range(math.ceil(count * depth)):
            stride, wide = first_stride if index == 0 else 1, channels * expansion
            if fused and expansion == 1:
                body = [*norm(channels, filters, 3, stride), silu()]
            elif fused:
                body = [*norm(channels, wide, 3, stride), silu(), *norm(wide, filters, 1)]
            else:
                body = [*norm(channels, wide, 1), silu(), *norm(wide, wide, 3, stride, wide), silu()]
                body += [squeeze_excite(wide, max(1, channels // 4), silu, nn.Sigmoid), *norm(wide, filters, 1)]
            layers += [Residual(body)] if stride == 1 and channels == filters else body
            channels = filters
    last = divisible(1280 * width)
    layers += [*norm(channels, last, 1), silu(), GlobalAverage(), nn.Dropout(dropout)]
    return [*layers, nn.Linear(last, classes)]


# From PyTorch 2 on, layer normalisation in autocast takes maps in bfloat16 with weights in float32.
MIXES = int(torch.__version__.split(".")[0]) >= 2


class LayerNorm(nn.LayerNorm):
    def forward(self, x):
        return super().forward(x if MIXES else x.to(self.weight.dtype))


class ChannelNorm(LayerNorm):
    """Layer normalisation over the channels at each place of a map."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Scale(nn.Module):
    """One learned factor for each of the last axis's values."""

    def __init__(self, channels, initial):
        super().__init__()
        self.factor = nn.Parameter(torch.full((channels,), initial))

    def forward(self, x):
        return x * self.factor


class ConvNextBody(nn.Sequential):
    """Behind the depthwise convolution, channels are the last axis, as in the authors' code."""

    def forward(self, x):
        x = self[0](x).permute(0, 2, 3, 1)
        for module in self[1:]:
            x = module(x)
        return x.permute(0, 3, 1, 2)


def convnext(classes, width=96, stages=(3, 3, 9, 3)):
    layers = [nn.Conv2d(3, width, 4, 4), ChannelNorm(width, eps=1e-6)]
    channels = width
    for stage, count in enumerate(stages):
        if stage > 0:
            layers += [ChannelNorm(channels, eps=1e-6), nn.Conv2d(channels, 2 * channels, 2, 2)]
            channels *= 2
        for _ in range(count):
            body = ConvNextBody(
                nn.Conv2d(channels, channels, 7, padding=3, groups=channels),
                LayerNorm(channels, eps=1e-6),
                nn.Linear(channels, 4 * channels),
                nn.GELU(),
                nn.Linear(4 * channels, channels),
                Scale(channels, 1e-6),
            )
            layers.append(Residual(body))
    return [*layers, GlobalAverage(), LayerNorm(channels, eps=1e-6), nn.Linear(channels, classes)]


NETWORKS = {
    **{f"vgg{depth}": lambda classes, depth=depth: vgg(classes, depth) for depth in (11, 13, 16, 19)},
    **{f"resnet{depth}": lambda classes, depth=depth: resnet(classes, depth) for depth in (18, 34, 50)},
    "densenet121": densenet,
    "googlenet": googlenet,
    "mobilenetv3-small": lambda classes: mobilenet_v3(classes, "small"),
    "mobilenetv3-large": lambda classes: mobilenet_v3(classes, "large"),
    "efficientnetv2-b0": lambda classes: efficientnet_v2(classes, "b0"),
    "efficientnetv2-s": lambda classes: efficientnet_v2(classes, "s"),
    "convnext-tiny": convnext,
}
