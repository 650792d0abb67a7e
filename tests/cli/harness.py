"""Runs the built program in a folder of its own. BELLOWS_PROGRAM names the program, BELLOWS_LONG=1 asks for full length."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

PROGRAM = os.environ.get("BELLOWS_PROGRAM", str(pathlib.Path(__file__).resolve().parents[2] / "build/bin/bellows"))
ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("BELLOWS_SHARED_DATA", ROOT / "../shared/data"))
LONG = bool(os.environ.get("BELLOWS_LONG"))
SANITIZED = bool(os.environ.get("BELLOWS_SANITIZED"))
# For tests that are about something else than the bound. With sanitizers most of the time would go into checking the cells of
# entropy proofs over and over, which the tests of entropy and certify do there too; this method has none.
ANY_METHOD = ("--method", "win") if SANITIZED else ()


class ProgramTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bellows-cli-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.environment = {**os.environ, "XDG_STATE_HOME": str(self.folder / "state"), "NO_COLOR": "1"}

    def start(self, *words, **more):
        more.setdefault("stdout", subprocess.PIPE)
        more.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen([PROGRAM, *map(str, words)], env=self.environment, cwd=self.folder, **more)

    def run_program(self, *words, expect=0, **more):
        """Standard output and error; fails unless the exit code is the expected one."""
        process = self.start(*words, text=True, **more)
        out, err = process.communicate(timeout=800)
        if expect is not None:
            self.assertEqual(process.returncode, expect, f"bellows {' '.join(map(str, words))}\n{out}\n{err}")
        return out, err

    def run_json(self, *words, expect=0):
        out, _ = self.run_program(*words, "--json", expect=expect)
        return json.loads(out)

    def shared(self, relative):
        path = SHARED / relative
        if not path.exists():
            self.skipTest(f"shared data is absent: {relative}")
        return path


def main():
    unittest.main(verbosity=1)
