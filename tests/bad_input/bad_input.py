"""What every test of bad input asks: the exit code, a message that names the place, nothing written, nothing lost."""
import functools
import hashlib
import pathlib
import re
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from harness import ANY_METHOD, LONG, PROGRAM, SANITIZED, ProgramTest, main  # noqa: E402,F401

HERE = pathlib.Path(__file__).resolve().parent


@functools.cache
def verbs() -> frozenset:
    text = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True).stdout
    return frozenset(re.findall(r"^  ([a-z]+) {2,}", text.split("Subcommands:")[1], re.M))


def needs(*names):
    """Skips a test of verbs that this program does not have."""

    def wrap(test):
        @functools.wraps(test)
        def run(self, *more):
            missing = set(names) - verbs()
            if missing:
                self.skipTest(f"no verb {', '.join(sorted(missing))}")
            return test(self, *more)

        return run

    return wrap


def digest_of(path: pathlib.Path) -> dict:
    """Every file below the folder, with what is in it, but locks."""
    return {str(p.relative_to(path)): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(path.rglob("*"))
            if p.is_file() and p.name != ".lock"}


def bits_file(bits: int, payload: bytes, with_digest: bool = False) -> bytes:
    digest = hashlib.sha256(payload).digest() if with_digest else bytes(32)
    return struct.pack("<8sIIQ32s8x", b"BELLBITS", 1, int(with_digest), bits, digest) + payload


class BadInput(ProgramTest):
    def refuses(self, *words, expect=3, says=(), names=None, changes=False, **more):
        """Runs the program; expects the exit code, each text of `says` in the message, the file's name in it, nothing on
        standard output, and no file of the folder made, changed or removed."""
        before = digest_of(self.folder)
        out, err = self.run_program(*words, expect=expect, **more)
        message = err.strip()
        self.assertNotIn("exception", message)
        for text in (says,) if isinstance(says, str) else says:
            self.assertIn(text, message, f"bellows {' '.join(map(str, words))}")
        if names is not None:
            self.assertIn(str(names), message)
        if expect in (2, 3):
            self.assertEqual(out, "")
        if not changes:
            self.assertEqual(digest_of(self.folder), before, f"bellows {' '.join(map(str, words))} left or changed files")
        return message

    def records(self, name="records.u8", count=5000, win=True) -> pathlib.Path:
        """Trials that always the same way win nearly always (or never more than by chance)."""
        path, state, out = self.folder / name, 12345, bytearray()
        for _ in range(count):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            r = state >> 40
            x, y, a, lose = r & 1, r >> 1 & 1, r >> 2 & 1, (r >> 3) % 8 == 0 if win else r >> 3 & 1
            out.append(x << 3 | y << 2 | a << 1 | (a ^ (x & y) ^ int(lose)))
        path.write_bytes(bytes(out))
        return path

    def log(self, name="log.trials", count=5000, *more) -> pathlib.Path:
        records = self.records(name + ".u8", count)
        self.run_program("import", records, self.folder / name, *more)
        records.unlink()
        return self.folder / name

    def readers_of_logs(self, log) -> dict:
        """Every verb that reads a trial log, as it would be called; the log must be sound for any of them to begin."""
        out = self.folder / "out"
        calls = {
            "inspect": ["inspect", "--check", log],
            "export": ["export", log, self.folder / "out.u8"],
            "estimate": ["estimate", log],
            "certify": ["certify", log, "--mu", "0.01", "--epsilon", "1e-6", "--out", self.folder / "certificate.json"],
            "figure": ["figure", "kulikov-4", log, "--out", self.folder / "figure.svg"],
            "watch": ["watch", "--once", log],
            "amplify": ["amplify", "--trials", log, "--format", "trials", "--mu", "0.01", "--out", out],
        }
        return {verb: words for verb, words in calls.items() if verb in verbs()}
