"""Mutated inputs for `benchmarks/faults.py`: every format and every kind of table, through every command."""

import contextlib
import faulthandler
import io
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from fault_desk import Desk, draw_desk, find_fault, find_half_files

FILES = Path(__file__).resolve().parents[1] / "tests" / "imaging" / "files"
"""Pictures of every format, by writers that are not ours."""
CHECKED = (".png", ".ora", ".kra")
"""Formats whose checksums tell all damage to pixels."""
PATIENCE = 120
"""Seconds after which a command hangs."""
CHUNK = 20
TABLES = {
    "a.csv": b'sketch,reference,output\nsketch.png,ref.png,out.png\n"sketch.png",ref.png;ref.png,b.webp\n',
    "a.tsv": b"sketch\treference\nsketch.png\tref.png\n",
    "a.jsonl": b'{"sketch": "sketch.png", "reference": ["ref.png"], "output": "x"}\n\n{"sketch": "a"}\n',
    "list.txt": b"sketch.png\r\nsketches/000.png\r\n",
    "index.csv": b"id;split;group\r\n0;train;a\r\n1;val;a\r\n2;val;a\r\n3;test;b\r\n",
    "tiny.toml": b'preset = "tiny"\nbatch = 2\nsizes = [[0, 64]]\nlines = "xdog"\n[losses]\nadv = 1\n',
    "a.gpl": b"GIMP Palette\nName: x\nColumns: 4\n#\n255 0 0\tred\n  0 90 10\tgreen\n",
}


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Return data with damage of one of several kinds."""
    changed, size = bytearray(data), len(data)
    place, length = rng.randrange(size), rng.choice((1, 2, 7, 64, 512))
    kind = rng.randrange(7)
    if kind <= 1:
        for _ in range(rng.choice((1, 1, 2, 8))):
            changed[rng.randrange(size)] ^= 1 << rng.randrange(8)
    elif kind == 2:
        changed[place : place + length] = bytes(min(length, size - place))
    elif kind == 3:
        del changed[place:]
    elif kind == 4:
        del changed[place : place + length]
    elif kind == 5:
        changed[place:place] = rng.randbytes(length)
    else:
        changed[place : place + length] = rng.randbytes(min(length, size - place))
    return bytes(changed)


def run_quietly(arguments: list[str], stdin: bytes = b"") -> tuple[int, str]:
    """Run the command line in this process, and return its exit code and what it said."""
    import warnings

    from rltn_cli.cli import run

    said, before = io.StringIO(), sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin))
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    try:
        with contextlib.ExitStack() as around:
            around.enter_context(contextlib.redirect_stderr(said))
            around.enter_context(contextlib.redirect_stdout(io.StringIO()))
            around.enter_context(warnings.catch_warnings(action="ignore"))
            code = run(arguments)
    except Exception as error:  # noqa: BLE001 (what comes out of here is what is looked for)
        return -1, f"Traceback: {type(error).__name__}: {error}"
    finally:
        sys.stdin = before
        faulthandler.cancel_dump_traceback_later()
    return code, said.getvalue()


def try_picture(desk: Desk, rng: random.Random, out: Path) -> tuple[str, str | None]:
    """Try a mutated picture; return its kind, whether it was used, and the fault if there is one."""
    original = rng.choice(sorted(path for path in FILES.iterdir() if path.suffix != ".md"))
    name = f"m{original.suffix}"
    mutated = Path(desk.path(name))
    mutated.write_bytes(mutate(original.read_bytes(), rng))
    target = str(out / "x.png")
    paint = desk.painting()
    way, arguments, stdin = rng.choice(
        [
            ("sketch", ["colorize", str(mutated), *paint, "-o", target], b""),
            (
                "reference",
                ["colorize", desk.path("sketch.png"), *paint, "-r", str(mutated), "-o", target],
                b"",
            ),
            ("stdin", ["colorize", "-", *paint, "-o", target], mutated.read_bytes()),
            ("dry run", ["colorize", str(mutated), *paint, "-o", target, "-n"], b""),
            ("batch", ["batch", desk.path("sketch.png"), str(mutated), *paint, "-o", str(out)], b""),
            ("lines", ["extract-lines", str(mutated), "--method", "xdog", "-o", target], b""),
            ("palette", ["palette", str(mutated), "-o", str(out / "x.gpl")], b""),
            ("pairs", [], b""),
        ]
    )
    if way == "pairs":
        way, arguments = _into_pairs(desk, mutated, rng, out)
    code, said = run_quietly(arguments, stdin)
    fault = find_fault(code, said, (0, 1, 3) if way == "batch" else (0, 1))
    if (
        fault is None
        and way in ("sketch", "reference", "stdin", "lines")
        and (code == 0) != Path(target).exists()
    ):
        fault = f"exit code {code}, and the picture is {'missing' if code == 0 else 'there'}"
    if fault is None and code == 0 and original.suffix in CHECKED and not _same_pixels(original, mutated):
        fault = f"{way}: {original.name} was taken although its pixels are damaged"
    used = "used" if code == 0 else "refused"
    return f"{original.suffix} {used}", fault


def _into_pairs(desk: Desk, mutated: Path, rng: random.Random, out: Path) -> tuple[str, list[str]]:
    """Put a picture among pairs, and return the command that reads them."""
    pairs = out / "pairs"
    shutil.copytree(desk.path("pairs"), pairs)
    part = rng.choice(("color", "line"))
    (pairs / part / "3.png").unlink()
    shutil.copy(mutated, pairs / part / f"3{mutated.suffix}")
    if rng.random() < 0.5:
        return "evaluate", ["evaluate", str(pairs), "-m", desk.path("tiny"), "--quick", "--device", "cpu"]
    settings = ["--config", desk.path("tiny.toml"), "--steps", "1", "--dry-run"]
    return "train", ["train", str(pairs), "-o", str(out / "run"), *settings]


def _same_pixels(original: Path, mutated: Path) -> bool:
    """Return whether a mutated file still holds the same picture."""
    import numpy as np

    from rltn_cli.errors import PictureError
    from rltn_cli.imaging.files.pictures import read_picture

    try:
        return np.array_equal(read_picture(original).pixels, read_picture(mutated).pixels)
    except PictureError:
        return True  # left out, as pairs that cannot be read are


def try_table(desk: Desk, rng: random.Random, out: Path) -> tuple[str, str | None]:
    """Try a mutated table, list, configuration, palette or model."""
    kind = rng.choice([*TABLES, "config.json", "model.safetensors"])
    paint, target = desk.painting(), str(out / "x.png")
    if kind not in TABLES:
        shutil.copytree(desk.path("tiny"), out / "model")
        file = out / "model" / kind
        file.write_bytes(mutate(file.read_bytes(), rng))
        way = rng.choice((["models", "info"], ["models", "verify"]))
        code, said = run_quietly([*way, str(out / "model")])
        return kind, find_fault(code, said, (0, 1))
    data = mutate(TABLES[kind], rng)
    file = Path(desk.path(f"m-{kind}"))
    file.write_bytes(data)
    stdin = data if kind == "list.txt" else b""
    if kind == "index.csv":
        shutil.copytree(desk.path("pairs"), out / "pairs")
        (out / "pairs" / kind).write_bytes(data)
        arguments = ["evaluate", str(out / "pairs"), "-m", desk.path("tiny"), "--quick", "--dry-run"]
    elif kind == "tiny.toml":
        arguments = ["train", desk.path("pairs"), "-o", str(out / "run"), "--config", str(file), "--dry-run"]
    elif kind == "a.gpl":
        arguments = ["colorize", desk.path("sketch.png"), *paint, "--palette", str(file), "-o", target, "-n"]
    elif kind == "list.txt":
        zero = ["-0"] if rng.random() < 0.3 else []
        arguments = ["batch", "-", *zero, *paint, "-o", str(out / "b")]
    else:
        arguments = ["batch", str(file), *paint, "-o", str(out / "b")]
    code, said = run_quietly(arguments, stdin)
    return kind, find_fault(code, said, (0, 1, 2, 3))


def try_chunk(start: int, count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Try so many inputs in this process; return the kinds that were tried, and the faults."""
    kinds: Counter[str] = Counter()
    faults = []
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        desk = draw_desk(Path(folder))
        for number in range(start, start + count):
            rng = random.Random(f"{seed}:{number}")
            out = Path(folder, "out")
            out.mkdir()
            attempt: Callable[[Desk, random.Random, Path], tuple[str, str | None]]
            attempt = try_picture if rng.random() < 0.75 else try_table
            kind, fault = attempt(desk, rng, out)
            kinds[kind] += 1
            half = (
                []
                if fault
                else [one for one in find_half_files(out) if "pairs" not in one and "model" not in one]
            )
            if fault or half:
                faults.append(f"input {number}, {kind}: {fault or half[0]}")
            shutil.rmtree(out)
    return kinds, faults


def mutations(count: int, seed: int, jobs: int) -> list[str]:
    """Try so many mutated inputs, print what became of them, and return the faults."""
    kinds: Counter[str] = Counter()
    faults: list[str] = []
    with ProcessPoolExecutor(jobs) as pool:
        chunks = [
            pool.submit(try_chunk, start, min(CHUNK, count - start), seed) for start in range(0, count, CHUNK)
        ]
        for number, chunk in enumerate(chunks):
            try:
                some, found = chunk.result()
            except BrokenProcessPool:
                return [*faults, f"a process died or hung at inputs from {CHUNK * number} or soon after"]
            kinds += some
            faults += found
    for kind, number in sorted(kinds.items()):
        print(f"{kind:24} {number:5}")
    return faults
