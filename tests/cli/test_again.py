"""amplify given again, seeds without header, and what the program says to a slip of the finger."""
import json
import os
import random
import unittest

from harness import ANY_METHOD, ProgramTest, main

SMALL = ["--preset", "tsirelson", "--trial-count", "2^20", "--mu", "0.5%", "--epsilon", "1e-9", "--sim-seed", "3", "--quiet", *ANY_METHOD]


class Again(ProgramTest):
    def test_a_finished_run_says_what_it_ignores(self):
        self.run_program("amplify", *SMALL, "--note", "it rained", "--out", "run")
        output = (self.folder / "run/output.bits").read_bytes()
        again = ["amplify", *SMALL, "--out", "run"]
        self.run_program(*again)
        self.run_program(*again, "--note", "it rained")
        self.assertIn("notes", self.run_program(*again, "--note", "it snowed", expect=1)[1])
        bits = self.run_json("certify", "run")["plan"]["seed_bits"]
        (self.folder / "other.raw").write_bytes(random.Random(5).randbytes(bits // 8 + 1))
        self.assertIn("another seed", self.run_program(*again, "--seed", "other.raw", "--seed-raw", expect=1)[1])
        self.run_program(*again, "--seed", "run/seed.bits")
        # --raw-out is made up for.
        self.assertFalse((self.folder / "run/output.raw").exists())
        self.run_program(*again, "--raw-out")
        self.assertEqual((self.folder / "run/output.raw").read_bytes(), output[64:])
        # Another file of the same length is not the output.
        (self.folder / "run/output.bits").write_bytes(output[:-5] + bytes([output[-5] ^ 1]) + output[-4:])
        self.assertIn("output.bits", self.run_program(*again, expect=3)[1])
        (self.folder / "run/output.bits").write_bytes(output)
        self.run_program(*again)
        self.run_program("verify", "run")

    def test_no_empty_folders_are_left(self):
        for words, code in ((["--mu", "0.6"], 2), (["--trials", "nothing.csv", "--mu", "1%"], 3), (["--plan", "nothing.json"], 3),
                            (["--preset", "nobody"], 2), (["--trial-count", "0"], 1)):
            self.run_program("amplify", *words, "--out", "a/b/run", expect=code)
            self.assertFalse((self.folder / "a").exists(), words)
        (self.folder / "mine").mkdir()
        self.run_program("amplify", "--mu", "0.6", "--out", "mine", expect=2)
        self.assertTrue((self.folder / "mine").exists())

    def test_a_missing_file_is_called_so(self):
        for words in (["--relabel", "auto"], []):
            _, err = self.run_program("amplify", "--trials", "nothing.u8", "--format", "xyab-u8", *words, "--mu", "1%", "--out", "run", expect=3)
            self.assertIn("no such file", err.lower())
            self.assertNotIn("pipe", err)

    def test_raw_seeds(self):
        self.run_program("simulate", "--preset", "tsirelson", "--trial-count", "2^18", "--sim-seed", "1", "--out", "log.trials", "--quiet")
        words = ["amplify", "--trials", "log.trials", "--mu", "0.5%", "--epsilon", "1e-6", "--quiet"]
        data = random.Random(7).randbytes(400_000)
        (self.folder / "seed.raw").write_bytes(data)
        self.assertIn(".bits", self.run_program(*words, "--seed", "seed.raw", "--out", "no", expect=3)[1])
        self.run_program(*words, "--seed", "seed.raw", "--seed-raw", "--out", "one")
        payload = (self.folder / "one/seed.bits").read_bytes()[64:]
        self.assertEqual(payload[:-1], data[:len(payload) - 1])
        self.run_program("verify", "one")
        # The first so many bits, and the other order.
        bits = json.loads((self.folder / "one/plan.json").read_text())["seed_bits"]
        mirrored = bytes(int(f"{byte:08b}"[::-1], 2) for byte in data)
        (self.folder / "mirrored.raw").write_bytes(mirrored)
        self.environment["XDG_STATE_HOME"] = str(self.folder / "another")  # where these seeds have not served yet
        self.run_program(*words, "--seed", "mirrored.raw", "--seed-raw", "--seed-msb-first", "--seed-bits", bits, "--out", "two")
        self.assertEqual((self.folder / "one/output.bits").read_bytes(), (self.folder / "two/output.bits").read_bytes())
        self.assertIn("too short", self.run_program(*words, "--seed", "seed.raw", "--seed-raw", "--seed-bits", "100", "--out", "no", expect=3)[1])
        self.run_program(*words, "--seed", "seed.raw", "--seed-bits", "100", "--out", "no", expect=2)
        self.run_program(*words, "--seed-raw", "--out", "no", expect=2)
        self.assertIn("--seed-bits", self.run_program(*words, "--seed", "/dev/zero", "--seed-raw", "--out", "no", expect=2)[1])


class FirstLines(ProgramTest):
    def test_what_is_not_met(self):
        records = self.shared("bell-ibmq/Hanoi11_14Circuit13.xyab.u8")
        words = ["--trials", records, "--format", "xyab-u8", "--relabel", "auto", "--mu", "1.5%", "--epsilon", "1e-9", "--quiet"]
        out, _ = self.run_program("amplify", *words, "--note", "Space-like separation is NOT MET: one chip", "--out", "run")
        head = out.splitlines()[:5]
        for words in ("NOT MET by these records: fresh settings", "NOT MET: one chip", "Space-like separation (or shielding that replaces it) was NOT"):
            self.assertTrue(any(words in line for line in head), head)
        out, _ = self.run_program("estimate", "run/log.trials", "--quiet")
        self.assertIn("NOT MET by these records: fresh settings", out.splitlines()[0])
        self.assertEqual(len(self.run_json("estimate", "run/log.trials")["notes"]), 1)
        self.assertEqual(self.run_json("estimate", "run/log.trials", "--unchecked")["notes"], [])
        page = (self.folder / "run/report.html").read_text()
        verdict = page.index('<section class="verdict')
        for words in ("NOT MET by these records: fresh settings", "NOT MET: one chip"):
            self.assertLess(page.index(words), verdict)
        # A simulation has fresh settings, and nothing that could be separate.
        out, _ = self.run_program("amplify", *SMALL, "--out", "simulated")
        self.assertNotIn("NOT", out)

    def test_slips(self):
        for word, verb in (("amplfy", "amplify"), ("sim", "simulate"), ("verfiy", "verify"), ("reprot", "report")):
            _, err = self.run_program(word, expect=2)
            self.assertIn(f"expected {verb},", err)
        self.assertIn("bellows --help", self.run_program("frobnicate", expect=2)[1])
        spaced = self.run_json("certify", "--trials", "1e6", "--score", "0.84", "--mu", "1.5 %", "--epsilon", "1e-9")
        plain = self.run_json("certify", "--trials", "1e6", "--score", "0.84", "--mu", "1.5%", "--epsilon", "1e-9")
        self.assertEqual(spaced, plain)
        self.assertEqual(spaced["epsilon"], 1e-9)
        out, _ = self.run_program("certify", "--trials", "1e6", "--score", "0.84", "--mu", "0.01", "--epsilon", "1e-9", "--json")
        self.assertIn('"epsilon": 1e-09', out)

    def test_plans(self):
        self.run_program("plan", "--grid", "--preset", "kulikov-2024", "--trials", "2^20", "--out", "plan.json")
        self.assertFalse(json.loads((self.folder / "plan.json").read_text())["simulated"])
        plain = self.run_json("plan", "--grid", "--mu", "1%", "--trials", "2^20", "--epsilon", "1e-9")["plan"]
        auto = self.run_json("plan", "--grid", "--mu", "1%", "--trials", "2^20", "--epsilon", "1e-9", "--relabel", "auto")["plan"]
        self.assertEqual((plain["relabelling"], auto["relabelling"]), ("none", "auto"))
        words = ["plan", "--score", "0.84", "--mu", "1%", "--trials", "2^20", "--epsilon", "1e-9"]
        one, eight = self.run_json(*words), self.run_json(*words, "--relabel", "auto")
        self.assertEqual(eight["plan"]["relabelling"], "auto")
        self.assertLess(eight["output_bits"], one["output_bits"])
        self.assertGreater(eight["output_bits"], 0.9 * one["output_bits"])
        self.assertEqual(self.run_json(*words, "--relabel", "a:flip,x:flip,a:flip")["plan"]["relabelling"], "x:flip")
        self.run_program(*words, "--relabel", "hope", expect=2)
        self.run_program("plan", "--read", "plan.json", "--relabel", "auto", expect=2)
        for counts in ("-1", "1,2,3", ",".join(["-1"] * 16), "x"):
            _, err = self.run_program("plan", "--witness", "--counts", counts, expect=2)
            self.assertIn("bellows plan", err)
            self.assertNotIn("18446744073709551615", err)
        self.run_program("plan", "--witness", "--mu", "0.01", "--save", "w.json")
        for more in (["--witness"], []):
            self.assertIn("holds", self.run_program("plan", *more, "--check-witness", "w.json")[0])


if __name__ == "__main__":
    main()
