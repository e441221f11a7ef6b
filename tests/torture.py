"""Stress tests of training and model files. The results are in docs/reliability.md.

    python tests/torture.py kills [--times 200]       kill -9, SIGTERM, SIGINT, each then --resume
    python tests/torture.py damage [--times 20000]    model files, damaged or edited at random
    python tests/torture.py full                      a disk that is full at each write in turn
    python tests/torture.py owners [--times 50]       two trainings in one folder
    python tests/torture.py hour [--times 60]         minutes of training: memory and speed

Each prints its results and exits 1 if anything went wrong. `make torture` runs all but the last.
"""

import argparse
import json
import os
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import charrnn  # noqa: E402 - from this checkout, whether it is installed or not
from charrnn.cells import CELLS  # noqa: E402
from charrnn.errors import InputError, MachineError  # noqa: E402
from tests.outcome import outcome  # noqa: E402
from tests.processes import children, stat  # noqa: E402

TRAIN = [sys.executable, "-m", "charrnn", "train"]
TEXT = ROOT / "corpora" / "harbour.txt"
OPTIONS = ["--cell", "gru", "--hidden", "24", "--batch", "8", "--seq", "16", "--steps", "2500",
           "--eval-every", "40", "--val", "1000", "--workers", "2", "--dropout", "0.2",
           "--quiet"]  # fmt: skip
SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
SECONDS, MEMORY = 5, 10**9  # that one file may take


def start_training(*arguments: str | Path) -> subprocess.Popen[bytes]:
    """Start a training as a user does."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CHARRNN_LANG": "en"}
    return subprocess.Popen([*TRAIN, *map(str, arguments)], env=environment,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)  # fmt: skip


def kills(times: int, seed: int, folder: Path) -> bool:
    """Kill and resume runs at random moments until they finish; all must end in the same state."""
    rng = np.random.default_rng(seed)
    assert start_training(TEXT, *OPTIONS, "--out", folder / "whole").wait() == 0
    expected, done, runs, wrong = outcome(folder / "whole"), 0, 0, 0
    while done < times:
        run, runs = folder / f"run{runs}", runs + 1
        training = start_training(TEXT, *OPTIONS, "--out", run)
        while True:
            time.sleep(rng.uniform(0.05, 2.5))
            number = SIGNALS[done % 3]
            # Python itself, before it runs charrnn, would print a traceback after SIGINT.
            while number != signal.SIGKILL and training.poll() is None and not _is_ready(training):
                time.sleep(0.01)
            if training.poll() is None and (run / "config.toml").is_file():
                training.send_signal(number)
                done += 1
            _, errors = training.communicate()
            for name in ("best.npz", "last.npz"):
                if (run / name).is_file():
                    charrnn.load(run / name)  # whole at every moment
            if training.returncode == 0:
                break
            if training.returncode > 0:
                print(f"run {runs}: exit {training.returncode}: {errors.decode()}")
                return False
            training = start_training("--resume", "--out", run, "--quiet")
        same = outcome(run) == expected and not [*run.glob(".tmp-*"), *run.glob("corpus.ids")]
        wrong += not same
        shutil.rmtree(run)
    print(
        f"{done} kills in {runs} runs: {wrong} ended differently from a run that was never stopped"
    )
    return wrong == 0


def _is_ready(training: "subprocess.Popen[bytes]") -> bool:
    """Return whether the training handles SIGTERM, and so all signals that stop it."""
    try:
        status = Path(f"/proc/{training.pid}/status").read_text()
    except OSError:
        return False
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)


def damage(times: int, seed: int, folder: Path) -> bool:
    """Load damaged model files: each loads or is refused in one line, soon and in little memory."""
    warnings.simplefilter("ignore")  # zipfile's, of names that are there twice
    rng, path = np.random.default_rng(seed), folder / "damaged.npz"
    models = []
    for cell in CELLS:
        config = charrnn.TrainConfig(cell=cell, hidden=12, layers=2, steps=20, tied=cell == "gru")
        charrnn.train(TEXT, config, out=folder / cell)
        models += [folder / cell / "best.npz", folder / cell / "last.npz"]
    resource.setrlimit(resource.RLIMIT_AS, (_address_space() + MEMORY,) * 2)
    signal.signal(signal.SIGALRM, _too_long)
    kinds: Counter[str] = Counter()
    for at in range(times):
        kind = KINDS[at % len(KINDS)]
        kind(rng, models[at % len(models)], path)
        signal.alarm(SECONDS)
        try:
            charrnn.load(path).sample("", charrnn.SampleConfig(length=1), seed=1)
            kinds[f"{kind.__name__}: loads"] += 1
        except InputError as error:
            kinds[f"{kind.__name__}: refused" if "\n" not in str(error) else "wrong"] += 1
        except Exception as error:
            shutil.copy(path, f"damaged-{at}.npz")
            print(f"{kind.__name__} {at}: {type(error).__name__}: {error}")
            kinds["wrong"] += 1
        finally:
            signal.alarm(0)
    for name, count in sorted(kinds.items()):
        print(f"{count:6,} {name}")
    return not kinds["wrong"]


def _too_long(number: int, frame: object) -> None:
    raise TimeoutError(f"took over {SECONDS} s")


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def flip_bits(rng: np.random.Generator, model: Path, path: Path) -> None:
    """Flip a few bits."""
    content = bytearray(model.read_bytes())
    for _ in range(rng.integers(1, 8)):
        content[rng.integers(len(content))] ^= 1 << rng.integers(8)
    path.write_bytes(content)


def flip_bits_at_ends(rng: np.random.Generator, model: Path, path: Path) -> None:
    """Flip a few bits of the zip file's directory or of its first headers."""
    content = bytearray(model.read_bytes())
    for _ in range(rng.integers(1, 8)):
        near = int(rng.integers(1, 1500))
        content[-near if rng.random() < 0.7 else near] ^= 1 << rng.integers(8)
    path.write_bytes(content)


def cut_out(rng: np.random.Generator, model: Path, path: Path) -> None:
    """Cut off the end or the beginning, or cut out a piece."""
    content = model.read_bytes()
    start, end = sorted(rng.integers(0, len(content), 2))
    path.write_bytes(
        [content[:end], content[start:], content[:start] + content[end:]][rng.integers(3)]
    )


def swap_blocks(rng: np.random.Generator, model: Path, path: Path) -> None:
    """Exchange two blocks."""
    content = bytearray(model.read_bytes())
    size = int(rng.integers(1, 512))
    a, b = rng.integers(0, len(content) - size, 2)
    content[a : a + size], content[b : b + size] = content[b : b + size], content[a : a + size]
    path.write_bytes(content)


def edit_arrays(rng: np.random.Generator, model: Path, path: Path) -> None:
    """Write a well-formed file with an array missing, added, duplicated or of another type."""
    arrays = _arrays(model)
    name = str(rng.choice([key for key in arrays if key != "meta"]))
    match rng.integers(8):
        case 0:
            del arrays[name]
        case 1:
            arrays[name + "x"] = arrays[name]
        case 2:
            arrays[name] = arrays[name].astype(str(rng.choice(["i4", "f8", "f2", "c8", "U3"])))
        case 3:
            arrays[name] = arrays[name][..., :-1]
        case 4:
            arrays[name] = arrays[name] * np.float32(rng.choice([np.nan, np.inf, 1e30]))
        case 5:
            arrays[name] = arrays[name].T
        case 6:
            arrays[name] = np.array(["x"], object)
        case _:
            arrays[name] = arrays[name].astype(">f4")
    np.savez(path, **arrays)  # type: ignore[arg-type]  # its other keyword is no array's name
    if rng.random() < 0.2:
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(f"{name}.npy", b"again")


def edit_meta(rng: np.random.Generator, model: Path, path: Path) -> None:
    """Write a well-formed file with one value of its JSON document changed."""
    arrays = _arrays(model)
    document = json.loads(arrays["meta"].tobytes())
    target = document
    while True:
        key = rng.choice(sorted(target)) if isinstance(target, dict) else rng.integers(len(target))
        inner = target[key]
        if not (isinstance(inner, dict | list) and inner) or rng.random() < 0.3:
            break
        target = inner
    if rng.random() < 0.2 and isinstance(target, dict):
        del target[key]
    else:
        values: list[Any] = [
            None,
            -1,
            0,
            1.5,
            10**12,
            10**400,
            "x",
            "\ud800",
            [],
            {},
            True,
            [[]] * 9,
            1e308,
        ]
        target[key] = values[rng.integers(len(values))]
    arrays["meta"] = np.frombuffer(json.dumps(document).encode(), np.uint8)
    np.savez(path, **arrays)  # type: ignore[arg-type]  # its other keyword is no array's name


def declare_large_size(rng: np.random.Generator, model: Path, path: Path) -> None:
    """Write a small file that declares a very large size."""
    arrays = _arrays(model)
    name = str(rng.choice([key for key in arrays if key != "meta"]))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if rng.random() < 0.5 else 0) as archive:
        for other, array in arrays.items():
            if other != name:
                with archive.open(f"{other}.npy", "w") as file:
                    np.lib.format.write_array(file, array)
        dims = tuple(int(10 ** rng.uniform(0, 12)) for _ in range(rng.integers(1, 4)))
        header = str({"descr": "<f4", "fortran_order": bool(rng.integers(2)), "shape": dims})
        padded = header.encode().ljust(117) + b"\n"
        zeros = bytes(int(10 ** rng.uniform(0, 6)))
        archive.writestr(
            f"{name}.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + padded + zeros
        )


def _arrays(model: Path) -> dict[str, np.ndarray]:
    with np.load(model) as arrays:
        return {name: arrays[name] for name in arrays}


Damage = Callable[[np.random.Generator, Path, Path], None]
KINDS: list[Damage] = [
    flip_bits,
    flip_bits_at_ends,
    cut_out,
    swap_blocks,
    edit_arrays,
    edit_meta,
    declare_large_size,
]


def full(times: int, seed: int, folder: Path) -> bool:
    """Let each write in turn find the disk full, once or from then on."""
    config = charrnn.TrainConfig(hidden=8, layers=1, batch=4, seq=8, steps=60, eval_every=10,
                                 val=1000, workers=1)  # fmt: skip
    charrnn.train(TEXT, config, out=folder / "whole")
    expected, failures, wrong = outcome(folder / "whole"), 0, 0
    with fail_flushes() as writes:
        charrnn.train(TEXT, config, out=folder / "counted")
    for permanently in (False, True):
        for at in range(len(writes)):
            run = folder / f"run{at}{permanently}"
            good: dict[str, bytes] = {}
            try:
                with fail_flushes(at, permanently=permanently, good=good):
                    charrnn.train(TEXT, config, out=run)
                failed = False
            except (MachineError, OSError):
                failed = True
            failures += failed
            whole = all((run / name).read_bytes() == good[name] for name in good)
            if failed:
                resumed = (run / "config.toml").is_file()
                if resumed:
                    charrnn.resume(run)
                else:  # it failed before it wrote anything
                    whole = whole and not run.exists()
            if (run.exists() and outcome(run) != expected) or not whole:
                wrong += 1
                print(f"write {at} of {len(writes)}, {permanently=}: {failed=} {whole=}")
            shutil.rmtree(run, ignore_errors=True)
    print(
        f"a full disk at each of {len(writes)} writes, once and permanently: {failures} runs"
        f" ended with an error and were resumed, {wrong} lost something"
    )
    return wrong == 0


@contextmanager
def fail_flushes(
    at: int | None = None, *, permanently: bool = False, good: dict[str, bytes] | None = None
) -> Iterator[list[str]]:
    """Let the ``at``-th flush to disk fail, and with ``permanently`` all after it.

    Yields the flushed paths. ``good`` receives the bytes of each model file that is renamed.
    """
    flushed: list[str] = []
    before = os.fsync, Path.replace

    def fsync(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        if path.is_dir():
            return
        flushed.append(str(path))
        number = len(flushed) - 1
        if at is not None and (number == at or (permanently and number > at)):
            raise OSError(28, os.strerror(28), str(path))

    def replace(self: Path, target: str | Path) -> Path:
        if good is not None and Path(target).suffix == ".npz":
            good[Path(target).name] = self.read_bytes()
        return before[1](self, target)

    os.fsync, Path.replace = fsync, replace  # type: ignore[method-assign, assignment]
    try:
        yield flushed
    finally:
        os.fsync, Path.replace = before  # type: ignore[method-assign]


def owners(times: int, seed: int, folder: Path) -> bool:
    """Start two trainings in one folder at once: one trains, the other exits with 5."""
    wrong = named = 0
    options = [*OPTIONS, "--steps", "60", "--workers", "1", "--overwrite"]
    for number in range(times):
        run = folder / f"run{number}"
        both = [start_training(TEXT, *options, "--out", run) for _ in range(2)]
        messages = b"".join(process.communicate()[1] for process in both).decode()
        owner, other = sorted(both, key=lambda process: process.returncode)
        named += f" process {owner.pid} is training in it" in messages
        if (owner.returncode, other.returncode) != (0, 5) or "training in it" not in messages:
            wrong += 1
            print(f"exit codes {owner.returncode}, {other.returncode}: {messages}")
        charrnn.load(run)
        shutil.rmtree(run)
    print(
        f"two trainings in one folder, {times} times: {wrong} times not exactly one ran;"
        f" the error named the owner {named} times"
    )
    return wrong == 0


def hour(times: int, seed: int, folder: Path) -> bool:
    """Train for some minutes under a varying load, and measure memory and speed.

    The load takes its share of the processor, so speed is in steps per second of the training's own
    processor time, over ten minutes each, in which the load starts and stops once.
    """
    options = ["--hidden", "128", "--steps", "100000000", "--eval-every", "500", "--patience", "0"]
    training = start_training(TEXT, *options, "--quiet", "--out", folder / "run")
    load: subprocess.Popen[bytes] | None = None
    megabytes, at = [], []
    time.sleep(30)
    for minute in range(times + 1):
        if minute % 10 == 5:
            load = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        if minute % 10 == 8 and load:
            load.kill()
            load.wait()
        log = (folder / "run/log.jsonl").read_text(encoding="utf-8").splitlines()
        step = json.loads(log[-1])["step"]
        megabytes.append(sum(map(_resident_bytes, [training.pid, *children(training.pid)])) / 1e6)
        at.append((step, _processor_seconds(training.pid)))
        print(f"minute {minute}: {megabytes[-1]:.1f} MB, step {step:,}", flush=True)
        time.sleep(60)
    training.terminate()
    training.wait()
    slope, _ = np.polyfit(np.arange(len(megabytes)), megabytes, 1)
    print(
        f"memory {min(megabytes):.1f} to {max(megabytes):.1f} MB, slope {slope:+.3f} MB per minute"
    )
    steps, seconds = np.diff(np.array(at[::10]), axis=0).T
    speeds = steps / seconds
    print("steps per second of processor time:", ", ".join(f"{speed:.1f}" for speed in speeds))
    return abs(slope) < 0.05 and bool(np.all(abs(speeds / np.median(speeds) - 1) < 0.1))


def _resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def _processor_seconds(pid: int) -> float:
    """The user and system time of a process in seconds."""
    user, system = stat(pid)[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Run the chosen test; the exit code is 1 if it failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    whats = {"kills": (kills, 200), "damage": (damage, 20_000), "full": (full, 1),
             "owners": (owners, 50), "hour": (hour, 60)}  # fmt: skip
    parser.add_argument("what", choices=whats)
    parser.add_argument("--times", type=int)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    what, times = whats[arguments.what]
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(not what(arguments.times or times, arguments.seed, Path(folder)))


if __name__ == "__main__":
    main()
