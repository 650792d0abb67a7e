"""A linear witness from the command line: proof, plan, run, verification; and what happens without the proof."""
import json
import os
import re
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["BELLOWS_PROGRAM"]


class Witness(unittest.TestCase):
    def run_program(self, *arguments, proofs):
        done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, env={**os.environ, "BELLOWS_ENTROPY_PROOFS": proofs})
        return done.returncode, done.stdout, done.stderr

    def test_end_to_end(self):
        with tempfile.TemporaryDirectory() as folder:
            here, none = os.path.join(folder, "proofs"), os.path.join(folder, "none")
            plan, run = os.path.join(folder, "plan.json"), os.path.join(folder, "R")
            wishes = ["plan", "--grid", "--witness-file", "mdl", "--mu", "0.0075", "--trials", "2^20", "--threshold", "0.0105", "--epsilon", "1e-9", "--out", plan]
            code, out, _ = self.run_program(*wishes, proofs=none)
            self.assertEqual(code, 1)
            self.assertIn("prove entropy --witness FILE --mu 0.0075 --score 0.0105", out)
            self.assertFalse(os.path.exists(plan))
            code, out, err = self.run_program("prove", "entropy", "--score-kind", "mdl", "--mu", "0.0075", "--lambda", "110", "--slack", "0.05", "--keep", "--quiet", "--json", proofs=here)
            self.assertEqual(code, 0, err)
            digest = json.loads(out)["digest"]
            self.assertEqual(self.run_program(*wishes, proofs=here)[0], 0)
            code, _, err = self.run_program("amplify", "--preset", "tsirelson", "--plan", plan, "--out", run, "--quiet", proofs=here)
            self.assertEqual(code, 0, err)
            with open(os.path.join(run, "certificate.json")) as file:
                certificate = json.load(file)
            self.assertEqual(certificate["method"], "witness")
            self.assertEqual(certificate["digests"]["entropy_proof"], digest)
            self.assertGreater(certificate["output_bits"], 500_000)
            self.assertEqual(self.run_program("verify", run, proofs=here)[0], 0)
            # Who verifies needs the proof that the certificate names.
            self.assertNotEqual(self.run_program("verify", run, proofs=none)[0], 0)

    def test_a_saved_witness(self):
        with tempfile.TemporaryDirectory() as folder:
            saved = os.path.join(folder, "w.json")
            code, out, _ = self.run_program("plan", "--witness", "--tilt", "25", "--mu", "0.02", "--save", saved, "--json", proofs=folder)
            self.assertEqual(code, 0)
            self.assertEqual(json.loads(out)["entropy"], "not_certified")
            code, _, err = self.run_program("prove", "entropy", "--witness", saved, "--mu", "0.02", "--lambda", "25", "--slack", "0.1", "--keep", "--quiet", proofs=folder)
            self.assertEqual(code, 0, err)
            code, out, err = self.run_program("certify", "--witness-file", saved, "--trials", "1e8", "--score", "0.027", "--threshold", "0.027", "--json", proofs=folder)
            self.assertEqual(code, 0, err)
            self.assertGreater(json.loads(out)["output_bits"], 30_000_000)
            code, out, _ = self.run_program("plan", "--witness", "--tilt", "25", "--mu", "0.02", "--json", proofs=folder)
            self.assertEqual(json.loads(out)["entropy"], "witness")
            for wrong in ("/nonexistent.json", __file__):
                self.assertEqual(self.run_program("certify", "--witness-file", wrong, "--trials", "1e8", "--score", "0.027", proofs=folder)[0], 3)


if __name__ == "__main__":
    unittest.main()
