"""The program's checker against the second one, on shipped proofs and on statements that are a little too strong; the verb prove as people use it."""
import glob
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from fractions import Fraction

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
PROGRAM = os.environ["BELLOWS_PROGRAM"]
PROOFS = os.path.join(ROOT, "data", "entropy-proofs")


def run(*arguments):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def strengthened(path, bits, folder):
    """The same cells under a stronger statement, with a fresh digest."""
    body = open(path, "rb").read()[:-32]
    old = re.search(rb"\nintercept (\S+)\n", body).group(1)
    new = str(Fraction(old.decode()) + Fraction(bits)).encode()
    body = body.replace(b"\nintercept " + old + b"\n", b"\nintercept " + new + b"\n", 1)
    out = os.path.join(folder, "strong.proof")
    with open(out, "wb") as file:
        file.write(body + hashlib.sha256(body).digest())
    return out


class SecondChecker(unittest.TestCase):
    def agree(self, pattern, bits, every=1):
        (path,) = glob.glob(os.path.join(PROOFS, pattern))
        with tempfile.TemporaryDirectory() as folder:
            target = strengthened(path, bits, folder)
            code, out, _ = run("prove", "--check", target, "--json", "--quiet")
            mine = json.loads(out)
            self.assertEqual(code, 0 if mine["proved"] else 1)
            second = subprocess.run([sys.executable, os.path.join(HERE, "second_checker.py"), target, "--every", str(every)],
                                    capture_output=True, text=True, check=True).stdout.split()
            if every == 1:
                self.assertEqual([int(second[1]), int(second[3])], [mine["cells"], mine["cells_refused"]])
            else:
                self.assertEqual(int(second[3]) > 0, mine["cells_refused"] > 0)
            return mine

    def test_accept_together(self):
        self.assertTrue(self.agree("sv-mu-0.0075-lambda-46.782-*.proof", "0")["proved"])
        self.assertTrue(self.agree("box-mu-0.0075-lambda-16.29-*.proof", "0", every=20)["proved"])

    def test_refuse_the_same_cells(self):
        for bits in ("1/1000", "1/500"):
            self.assertGreater(self.agree("sv-mu-0.0075-lambda-46.782-*.proof", bits)["cells_refused"], 0)


class Prove(unittest.TestCase):
    def test_wrong_slope_is_refuted_with_a_strategy(self):
        code, out, _ = run("prove", "entropy", "--mu", "0.0075", "--lambda", "16.35", "--slack", "1e-4", "--json", "--quiet")
        self.assertEqual(code, 1)
        strategy = json.loads(out)["strategy"]
        self.assertLess(strategy["entropy_bits"], strategy["claimed_bits"])

    def test_found_proofs_check_and_damaged_ones_do_not(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.proof")
            self.assertEqual(run("prove", "entropy", "--mu", "0.75%", "--lambda", "16", "--slack", "0.01", "--out", path, "--quiet")[0], 0)
            self.assertEqual(run("prove", "--check", path, "--quiet")[0], 0)
            # A file that is there stays, and that is said before the search.
            again = ("prove", "entropy", "--mu", "0.75%", "--lambda", "16", "--slack", "0.02", "--out", path, "--quiet")
            before = open(path, "rb").read()
            code, _, err = run(*again)
            self.assertEqual((code, open(path, "rb").read()), (3, before))
            self.assertIn("--overwrite", err)
            self.assertEqual(run(*again, "--overwrite")[0], 0)
            self.assertNotEqual(open(path, "rb").read(), before)
            data = bytearray(open(path, "rb").read())
            data[len(data) // 2] ^= 1
            with open(path, "wb") as file:
                file.write(data)
            code, _, err = run("prove", "--check", path)
            self.assertEqual(code, 3)
            self.assertIn("digest", err)

    def test_usage(self):
        self.assertEqual(run("prove")[0], 2)
        self.assertEqual(run("prove", "entropy")[0], 2)
        self.assertEqual(run("prove", "entropy", "--mu", "0.6", "--lambda", "16")[0], 2)
        self.assertEqual(run("prove", "--check", "/nonexistent.proof")[0], 3)


if __name__ == "__main__":
    unittest.main()
