"""bellows simulate and bellows estimate, as people use them."""
import hashlib
import subprocess

import harness


class Simulate(harness.ProgramTest):
    def digest(self, name):
        return hashlib.sha256((self.folder / name).read_bytes()).hexdigest()

    def test_published_experiment(self):
        made = self.run_json("simulate", "--trial-count", "2^23", "--sim-seed", 7, "--out", "log.trials",
                             "--seed-out", "seed.bits", "--seed-bits", "100001")
        self.assertEqual(made["trials"], 2**23)
        self.assertEqual(made["claimed_mu"], 0.0075)
        self.assertEqual((self.folder / "log.trials").stat().st_mode & 0o777, 0o600)
        seen = self.run_json("estimate", "log.trials", "--mu", "0.0075")
        self.assertTrue(seen["evidence"]["simulated"])
        self.assertEqual(seen["evidence"]["log_digest"], made["log_digest"])
        self.assertAlmostEqual(seen["s"]["value"], 2.271, delta=5 * seen["s"]["standard_error"])
        self.assertTrue(seen["settings_consistent"])
        self.assertEqual(sum(seen["evidence"]["n_xyab"]), 2**23)
        self.assertEqual([b["block_index"] for b in seen["evidence"]["blocks"]], [0, 1])

    def test_same_number_same_bits_on_any_kernel(self):
        digests = set()
        for kernel in ("portable", "clmul", "avx2", "avx512", "gfni", None):
            if kernel:
                self.environment["BELLOWS_KERNEL"] = kernel
            else:
                self.environment.pop("BELLOWS_KERNEL", None)
            process = self.start("simulate", "--trial-count", "100003", "--sim-seed", 7, "--out", f"{kernel}.trials",
                                 "--seed-out", f"{kernel}.bits", "--seed-bits", "777")
            process.communicate()
            if kernel and process.returncode == 2:
                continue  # this processor lacks it
            self.assertEqual(process.returncode, 0)
            digests.add((self.digest(f"{kernel}.trials"), self.digest(f"{kernel}.bits")))
        self.assertEqual(len(digests), 1)
        self.run_program("simulate", "--trial-count", "100003", "--out", "other.trials")
        self.assertNotIn(self.digest("other.trials"), {d[0] for d in digests})

    def test_cut_log_is_continued_to_the_same_bits(self):
        words = ("simulate", "--trial-count", "3*2^22+5", "--sim-seed", 1)
        self.run_program(*words[:2], "12582917", *words[3:], "--out", "whole.trials")
        whole = (self.folder / "whole.trials").read_bytes()
        (self.folder / "cut.trials").write_bytes(whole[: len(whole) // 2])
        out, _ = self.run_program("estimate", "cut.trials")
        self.assertIn("NOT COMPLETE", out)
        self.run_program(*words[:2], "12582917", *words[3:], "--out", "cut.trials", "--continue")
        self.assertEqual(self.digest("whole.trials"), self.digest("cut.trials"))
        self.run_program(*words[:2], "12582917", *words[3:], "--out", "cut.trials", "--continue", expect=1)  # complete

    def test_settings_that_speak_against_the_claim(self):
        self.run_program("simulate", "--preset", "tsirelson", "--source", "edge", "--mu", "2%", "--trial-count", "2^20",
                         "--sim-seed", 1, "--out", "log.trials")
        out, _ = self.run_program("estimate", "log.trials", "--mu", "0.005")
        self.assertIn("NOT CONSISTENT", "\n".join(out.splitlines()[:2]))
        self.run_program("estimate", "log.trials", "--mu", "0.005", "--strict", expect=1)
        self.run_program("estimate", "log.trials", "--mu", "0.02", "--strict")

    def test_settings_from_a_pipe(self):
        process = self.start("simulate", "--preset", "tsirelson", "--source", "pipe", "--trial-count", "1000", "--out", "log.trials",
                             stdin=subprocess.PIPE)
        process.communicate(b"\xff" * 250)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(sum(self.run_json("estimate", "log.trials")["evidence"]["n_xyab"][12:]), 1000)
        process = self.start("simulate", "--source", "pipe", "--trial-count", "1001", "--out", "short.trials",
                             stdin=subprocess.PIPE)
        _, error = process.communicate(b"\xff" * 250)
        self.assertEqual(process.returncode, 3, error)

    def test_what_is_wrong(self):
        for words in (("--preset", "nothing"), ("--mu", "0.5"), ("--mu", "nan"), ("--mu", "-1"), ("--trial-count", "0"),
                      ("--trial-count", "many"), ("--device", "quantum:s=3"), ("--source", "honest:x=1"),
                      ("--seed-bits", "3"), ("--seed-out", "s"), ("--continue",)):
            _, error = self.run_program("simulate", *words, "--out", "x.trials", expect=2)
            self.assertTrue(error)
            self.assertFalse((self.folder / "x.trials").exists(), words)
        (self.folder / "there").write_text("mine")
        self.run_program("simulate", "--trial-count", "10", "--out", "there", expect=3)
        self.assertEqual((self.folder / "there").read_text(), "mine")
        self.run_program("simulate", "--trial-count", "10", "--out", "x.trials", "--seed-out", "there", "--seed-bits", "9", expect=3)
        self.run_program("simulate", "--trial-count", "10", "--out", "x.trials", "--seed-out", "x.trials", "--seed-bits", "9", expect=2)
        self.assertFalse((self.folder / "x.trials").exists())
        self.run_program("estimate", "there", expect=3)
        self.run_program("estimate", "no-such-file", expect=3)
        self.run_program("simulate", "--trial-count", "10", "--out", "ten.trials")
        for mu in ("0.5", "nan", "-0.1"):
            self.run_program("estimate", "ten.trials", "--mu", mu, expect=2)
        self.run_program("estimate", "ten.trials", "--strict", expect=2)

    def test_recorded_hardware(self):
        data = self.shared("bell-ibmq/Hanoi11_14Circuit13.xyab.u8")
        self.run_program("import", data, "hanoi.trials", "--format", "xyab-u8", "--relabel", "auto")
        seen = self.run_json("estimate", "hanoi.trials", "--mu", "0.005")
        self.assertFalse(seen["evidence"]["simulated"])
        self.assertAlmostEqual(seen["omega"]["value"], 0.84557, delta=1e-5)
        self.assertAlmostEqual(seen["s"]["value"], 2.764160, delta=1e-6)
        self.assertFalse(seen["settings_consistent"])
        self.assertEqual(seen["evidence"]["relabellings_tried"], 8)
        self.assertTrue(self.run_json("estimate", "hanoi.trials", "--mu", "1.5%")["settings_consistent"])


if __name__ == "__main__":
    harness.main()
