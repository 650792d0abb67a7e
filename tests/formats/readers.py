"""Runs the readers that stand in docs/format-*.md on files of the program: the pages say what the program does."""
import hashlib
import json
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile

root, bellows = pathlib.Path(sys.argv[1]), sys.argv[2]


def reader_of(page: str) -> dict:
    found = re.findall(r"```python\n(.*?)```", (root / "docs" / page).read_text(), re.S)
    assert len(found) == 1, page
    assert found[0].count("\n") <= 16, f"{page}: a reader of fifteen lines, and an import"
    names = {}
    exec(compile(found[0], page, "exec"), names)
    return names


def run(*words, ok=True) -> str:
    done = subprocess.run([bellows, *map(str, words)], capture_output=True, text=True)
    assert (done.returncode == 0) == ok, (words, done)
    return done.stdout


def trial_logs(folder: pathlib.Path) -> None:
    read_trials = reader_of("format-trials.md")["read_trials"]
    rng = random.Random(1)
    for i, (count, block) in enumerate([(1, "2^22"), (64, "2^22"), (1000, "64"), (1001, "513"), (3000, "1")]):
        records = [rng.randrange(16) for _ in range(count)]
        source, log = folder / f"{i}.u8", folder / f"{i}.trials"
        source.write_bytes(bytes(records))
        run("import", source, log, "--block-trials", block, "--set", f"run={i}")
        counts, metadata, trials = read_trials(log)
        assert counts == (2, 2, 2, 2) and metadata["run"] == str(i)
        assert trials == [[r >> 3 & 1, r >> 1 & 1, r >> 2 & 1, r & 1] for r in records]
        shown = json.loads(run("inspect", "--check", "--json", log))
        assert shown["trials"] == count and shown["digest"] == shown["recorded_digest"]
    # The page's example, byte by byte where the page gives it.
    example = folder / "example.csv"
    example.write_text("0,0,1,1\n1,1,0,1\n0,1,0,0\n")
    run("import", example, folder / "example.trials")
    data = (folder / "example.trials").read_bytes()
    page = (root / "docs/format-trials.md").read_text().split("## An example")[1]
    compared = 0
    for line in re.findall(r"^    ([0-9a-f]{8})  ((?:[0-9a-f]{2} {1,2}){2,16})", page, re.M):
        offset, dump = int(line[0], 16), bytes.fromhex(line[1])
        if 0x100 <= offset < 0x250:  # what does not depend on the metadata's text
            assert dump == data[offset:offset + len(dump)], line
            compared += 1
    assert compared == 9, compared


def bit_files(folder: pathlib.Path) -> None:
    read_bits = reader_of("format-bits.md")["read_bits"]
    rng = random.Random(2)
    for count in (0, 1, 11, 64, 1000):
        for flags in (0, 1):
            bits = [rng.randrange(2) for _ in range(count)]
            payload = bytearray((count + 7) // 8)
            for i, bit in enumerate(bits):
                payload[i // 8] |= bit << i % 8
            digest = hashlib.sha256(payload).digest()
            path = folder / f"{count}-{flags}.bits"
            path.write_bytes(struct.pack("<8sIIQ32s8x", b"BELLBITS", 1, flags, count, digest if flags else bytes(32)) + payload)
            assert read_bits(path) == bits
            shown = json.loads(run("inspect", "--json", path))
            assert shown["bits"] == count and shown["digest"] == (digest.hex() if flags else None)
    example = folder / "example.bits"
    example.write_bytes(struct.pack("<8sIIQ40x", b"BELLBITS", 1, 0, 11) + b"\x0d\x06")
    assert read_bits(example) == [1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1]
    run("inspect", example)


with tempfile.TemporaryDirectory() as name:
    trial_logs(pathlib.Path(name))
    bit_files(pathlib.Path(name))
