"""PyTorch runs the benchmark networks, one request at a time: the peer that `npm run bench` alternates with.

Reads one JSON request a line, {"task", "network", "precision", "layout", "batch", "runs"}, and answers each with one line,
{"seconds": [...], "peakMemoryBytes", "parameters"}: the time of every run, the process's peak so far, and how many numbers of the
network are trained. The task "train" is a training step
(forward, backward, Adam), "infer" a forward pass in evaluation mode. Input is synthetic and already in memory, in the layout
that the configuration wants. The first line, before any request, is {"version", "threads"}.

    python3 bench/pytorch_peer.py THREADS
"""

import json
import resource
import sys
import time

import torch
from torch import nn

import pytorch_networks

CLASSES = 9


def notebook_network():
    """Three 3x3 convolutions with pooling and two dense layers, for 180x180."""
    blocks = []
    for channels, filters in ((3, 16), (16, 32), (32, 64)):
        blocks.extend((nn.Conv2d(channels, filters, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2)))
    return nn.Sequential(*blocks, nn.Flatten(), nn.Linear(64 * 22 * 22, 128), nn.ReLU(), nn.Linear(128, CLASSES)), 180


def conv_norm(channels, filters, kernel, stride=1):
    return nn.Sequential(
        nn.Conv2d(channels, filters, kernel, stride=stride, padding=kernel // 2, bias=False), nn.BatchNorm2d(filters)
    )


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut, projected where the shape changes."""

    def __init__(self, channels, filters, stride):
        super().__init__()
        self.body = nn.Sequential(
            conv_norm(channels, filters, 3, stride), nn.ReLU(inplace=True), conv_norm(filters, filters, 3)
        )
        changes = stride != 1 or channels != filters
        self.shortcut = conv_norm(channels, filters, 1, stride) if changes else nn.Identity()

    def forward(self, x):
        return nn.functional.relu(self.body(x) + self.shortcut(x), inplace=True)


def resnet18_w32_network():
    """ResNet-18 at half width with a 3x3 stride-2 stem, for 128x128."""
    layers = [conv_norm(3, 32, 3, 2), nn.ReLU(inplace=True)]
    channels = 32
    for filters, stride in ((32, 1), (64, 2), (128, 2), (256, 2)):
        layers += [BasicBlock(channels, filters, stride), BasicBlock(filters, filters, 1)]
        channels = filters
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, CLASSES)), 128


def published(name):
    """One of the published architectures, for 128x128."""
    return lambda: (nn.Sequential(*pytorch_networks.NETWORKS[name](CLASSES)), 128)


NETWORKS = {
    "notebook": notebook_network,
    "resnet18-w32": resnet18_w32_network,
    **{name: published(name) for name in pytorch_networks.NETWORKS},
}


class Workload:
    """One network in one configuration, with its batch."""

    def __init__(self, network, precision, layout, batch):
        torch.manual_seed(1)
        self.model, size = NETWORKS[network]()
        self.images = torch.rand(batch, 3, size, size)
        self.bf16 = precision == "bf16"
        if layout == "channels_last":
            self.model = self.model.to(memory_format=torch.channels_last)
            self.images = self.images.contiguous(memory_format=torch.channels_last)

    def autocast(self):
        return torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16)


class Training(Workload):
    def __init__(self, network, precision, layout, batch):
        super().__init__(network, precision, layout, batch)
        self.labels = torch.randint(0, CLASSES, (batch,))
        self.optimizer = torch.optim.Adam(self.model.parameters())

    def run(self):
        self.optimizer.zero_grad(set_to_none=True)
        with self.autocast():
            loss = nn.functional.cross_entropy(self.model(self.images), self.labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()


class Inference(Workload):
    def __init__(self, network, precision, layout, batch):
        super().__init__(network, precision, layout, batch)
        self.model.eval()

    def run(self):
        with torch.inference_mode(), self.autocast():
            return self.model(self.images).float().softmax(1).tolist()


TASKS = {"train": Training, "infer": Inference}


def main():
    torch.set_num_threads(int(sys.argv[1]))
    print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    workloads = {}
    for line in sys.stdin:
        request = json.loads(line)
        key = tuple(request[name] for name in ("task", "network", "precision", "layout", "batch"))
        if key not in workloads:
            workloads[key] = TASKS[key[0]](*key[1:])
        seconds = []
        for _ in range(request["runs"]):
            start = time.perf_counter()
            workloads[key].run()
            seconds.append(time.perf_counter() - start)
        # Linux counts in KiB.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        parameters = sum(parameter.numel() for parameter in workloads[key].model.parameters())
        print(json.dumps({"seconds": seconds, "peakMemoryBytes": peak, "parameters": parameters}), flush=True)


if __name__ == "__main__":
    main()
