"""TensorBoard's event files: records what its own writer writes, and reads files of ours with its own reader.

    python3 scripts/references/tensorboard_events.py record > src/run/reference-numbers/tensorboard-events.json
    python3 scripts/references/tensorboard_events.py read RUN

Needs the package tensorboard (recorded with 2.21.0); TensorFlow is not needed.
"""

import io
import json
import sys

STARTED = 1_700_000_000.25
EPOCHS = [
    {"epoch": 1, "loss": 2.25, "accuracy": 0.125, "learningRate": 0.0005, "images": 64, "seconds": 3.5,
     "imagesPerSecond": 18.25},
    {"epoch": 2, "loss": 1.7, "accuracy": 0.4, "learningRate": 0.001, "images": 64, "seconds": 0.125,
     "imagesPerSecond": 512, "validationLoss": 1.9, "validationAccuracy": 0.3},
    {"epoch": 300, "loss": 1e-9, "accuracy": 1, "learningRate": 0, "images": 64, "seconds": 1000.1,
     "imagesPerSecond": 0.064},
]
TAGS = [
    ("loss/training", "loss"),
    ("loss/validation", "validationLoss"),
    ("accuracy/training", "accuracy"),
    ("accuracy/validation", "validationAccuracy"),
    ("learning rate", "learningRate"),
    ("images per second", "imagesPerSecond"),
]


def record():
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.record_writer import RecordWriter

    class Kept(io.BytesIO):
        def close(self):
            pass

    kept = Kept()
    writer = RecordWriter(kept)
    writer.write(Event(wall_time=STARTED, file_version="brain.Event:2").SerializeToString())
    wall_time = STARTED
    for epoch in EPOCHS:
        wall_time += epoch["seconds"]
        values = [Summary.Value(tag=tag, simple_value=epoch[key]) for tag, key in TAGS if key in epoch]
        event = Event(wall_time=wall_time, step=epoch["epoch"], summary=Summary(value=values))
        writer.write(event.SerializeToString())
    print(json.dumps({"startedMilliseconds": STARTED * 1000, "epochs": EPOCHS, "file": kept.getvalue().hex()}))


def read(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(run).Reload()
    for tag in accumulator.Tags()["scalars"]:
        points = accumulator.Scalars(tag)
        print(tag, *(f"{point.step}:{point.value:.6g}" for point in points))


if __name__ == "__main__":
    if sys.argv[1:2] == ["record"]:
        record()
    elif sys.argv[1:2] == ["read"] and len(sys.argv) == 3:
        read(sys.argv[2])
    else:
        sys.exit(__doc__)
