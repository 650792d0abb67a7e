import json
from fractions import Fraction
import pathlib
import subprocess
import unittest

from harness import PROGRAM, ROOT, SANITIZED, ProgramTest, main


class TestBound(ProgramTest):
    def test_papers_are_reproduced_exactly(self):
        for paper, programs in (("majority-five", 6), ("four-outcomes", 256), ("chained", 7)):
            if SANITIZED and programs > 100:
                continue
            report = self.run_json("bound", "--paper", paper)
            self.assertEqual((report["as_expected"], report["tight"]), (programs, programs), paper)

    def test_save_check_and_forge(self):
        report = self.run_json("bound", "four-party", "--event", "00**@1000", "--at-most", "1/100", "--save", "b.json")
        self.assertEqual((report["value"], report["tight"]), ("201/400", True))
        self.assertTrue(self.run_json("bound", "--check", "b.json")["accepted"])
        saved = json.loads((self.folder / "b.json").read_text())
        saved["value"] = "1/2"
        (self.folder / "forged.json").write_text(json.dumps(saved))
        self.assertFalse(self.run_json("bound", "--check", "forged.json", expect=1)["accepted"])
        (self.folder / "cut.json").write_text((self.folder / "b.json").read_text()[:100])
        self.run_program("bound", "--check", "cut.json", expect=3)

    def test_a_title_is_not_what_is_bounded(self):
        title = "P(0000@1000) at four-party <= 1/100, tight\naccepted: everything"
        empty = {"format": "bellows-bound", "version": 1, "title": title, "settings": [2, 2, 2, 2], "value": "0", "maximise": [],
                 "constraints": [], "weights": []}
        (self.folder / "empty.json").write_text(json.dumps(empty))
        out, _ = self.run_program("bound", "--check", "empty.json")
        lines = out.splitlines()
        self.assertTrue(lines[0].startswith("accepted: 0 is at most 0"), out)
        self.assertEqual([line.lstrip(" ") != line for line in lines[1:]], [True] * len(lines[1:]), out)
        self.assertIn("title, which proves nothing", lines[1])
        self.run_program("bound", "four-party", "--event", "0000@1000", "--at-most", "1/100", "--save", "b.json")
        out, _ = self.run_program("bound", "--check", "b.json")
        self.assertIn("P(0000|1000) given four-party <= 1/100 is at most 1/200", out)
        # Twenty thousand empty constraints on seven parties would take ten gigabytes.
        empty.update(settings=[2] * 7, constraints=[{"expression": [], "relation": "<=", "right_hand_side": "0", "multiplier": "0"}] * 20000)
        (self.folder / "many.json").write_text(json.dumps(empty))
        _, err = self.run_program("bound", "--check", "many.json", expect=3)
        self.assertIn("MiB", err)

    def test_numbers_that_no_solver_likes(self):
        head = "bellows-functional 1\nsettings 2 2\n"
        for number, high in (("1e25", "1" + 25 * "0"), ("1e4000", "1" + 4000 * "0"), ("1e-30", "1/1" + 30 * "0"), ("7e300", "7" + 300 * "0")):
            (self.folder / "f.txt").write_text(head + f"00 00 {number}\n11 11 -{number}\n")
            report = self.run_json("bound", "--file", "f.txt")
            self.assertEqual(report["no_signalling"], {"minimum": "-" + high, "maximum": high, "tight": True})
            out, _ = self.run_program("bound", "--file", "f.txt")
            self.assertLess(max(map(len, out.splitlines())), 120, "no fractions of thousands of digits")
        (self.folder / "f.txt").write_text("bellows-functional 1\nsettings 1000 500\n00 0,0 1\n")
        _, err = self.run_program("bound", "--file", "f.txt", expect=3)
        self.assertIn("MiB", err)

    def test_lemma_three_is_saved_and_checked(self):
        report = self.run_json("bound", "--paper", "guess-radius", "--save", "g.json")
        for row in report["classes"]:
            alpha, beta = (Fraction(row["printed_gamma"][k]) for k in ("alpha", "beta"))
            self.assertTrue(alpha <= Fraction("0.8842") and beta <= Fraction("1.26"), row["settings"])
        checked = self.run_json("bound", "--check", "g.json")
        self.assertEqual((checked["accepted"], len(checked["certificates"])), (True, 24))
        saved = json.loads((self.folder / "g.json").read_text())
        saved["certificates"][3]["gamma"] = "97/100"
        (self.folder / "forged.json").write_text(json.dumps(saved))
        forged = self.run_json("bound", "--check", "forged.json", expect=1)
        self.assertEqual([c["accepted"] for c in forged["certificates"]].count(False), 1)
        self.run_program("bound", "--paper", "chained", "--save", "c.json", expect=2)

    def test_boxes_from_files(self):
        lines = ["bellows-functional 1", "settings 2 2"]
        pr = [f"{a}{b} {x}{y} 1/2" for x in (0, 1) for y in (0, 1) for a in (0, 1) for b in (0, 1) if a ^ b == x & y]
        (self.folder / "pr.txt").write_text("\n".join(lines + pr) + "\n")
        self.assertEqual(self.run_json("bound", "chsh", "--box", "pr.txt")["value"], "4")
        (self.folder / "short.txt").write_text("\n".join(lines + pr[1:]) + "\n")
        _, err = self.run_program("bound", "chsh", "--box", "short.txt", expect=3)
        self.assertIn("sum", err)
        loud = ["00 00 1", "00 10 1", "10 01 1", "00 11 1"]
        (self.folder / "loud.txt").write_text("\n".join(lines + loud) + "\n")
        _, err = self.run_program("bound", "chsh", "--box", "loud.txt", expect=3)
        self.assertIn("signals: party", err)
        self.run_program("bound", "mermin:3", "--box", "pr.txt", expect=3)

    def test_expression_files(self):
        text, _ = self.run_program("bound", "--show", "chsh-losses")
        (self.folder / "f.txt").write_text(text)
        report = self.run_json("bound", "--file", "f.txt")
        self.assertEqual(report["local"]["minimum"], "1")
        self.assertEqual(report["no_signalling"]["minimum"], "0")
        (self.folder / "bad.txt").write_text(text + "00 00 x\n")
        self.run_program("bound", "--file", "bad.txt", expect=3)
        self.run_program("bound", "mermin:4", expect=2)
        self.run_program("bound", "chsh", "--event", "00", expect=2)


class TestProtocol(ProgramTest):
    def test_four_devices_certify_on_a_laptop(self):
        report = self.run_json("protocol", "brandao-1", "--mu", "0.01", "--trials", 1400, "--bits", 128, "--out", "o.bits")
        self.assertTrue(report["certified"] and report["verified"])
        self.assertLessEqual(report["certificate"]["log2_total"], -29.89)
        self.assertEqual((self.folder / "o.bits").stat().st_mode & 0o777, 0o600)
        self.run_program("protocol", "brandao-1", "--mu", "0.1", "--trials", 1000, "--device", "local", expect=1)
        self.run_program("protocol", "brandao-1", "--mu", "0.5", expect=2)
        self.run_program("protocol", "brandao-1", "--device", "nobody", expect=2)

    def test_a_saved_run_verifies_and_a_touched_one_does_not(self):
        self.run_program("protocol", "brandao-1", "--mu", "0.1", "--trials", 2300, "--bits", 128, "--save", "run")
        self.assertTrue(self.run_json("protocol", "brandao-1", "--verify", "run")["verified"])
        plan = self.folder / "run/plan.json"
        plan.write_text(plan.read_text().replace("1e-9", "1e-8"))
        self.assertFalse(self.run_json("protocol", "brandao-1", "--verify", "run", expect=1)["verified"])
        (self.folder / "run/log.trials").unlink()
        self.run_program("protocol", "brandao-1", "--verify", "run", expect=3)

    def test_the_others_say_what_it_would_take(self):
        out, _ = self.run_program("protocol", "gallego", "--trials", 5000, expect=1)
        self.assertTrue(out.startswith("not certified: (C7) says nothing"), out)
        out, _ = self.run_program("protocol", "brandao-2", "--trials", 250, expect=1)
        self.assertTrue(out.startswith("not certified: the de Finetti bound"), out)
        self.run_program("protocol", "ghz", "--mu", "0.4", expect=1)
        for name, wanted in (("brandao-2", "N = 10^23"), ("gallego", "log2 N_b = "), ("ghz", "asymptotic")):
            out, _ = self.run_program("protocol", name, "--smallest", expect=1)
            self.assertTrue(out.startswith("not certified at any size"), out)
            self.assertIn(wanted, out)

    def test_chained_bell_names_what_it_assumes(self):
        report = self.run_json("protocol", "colbeck-renner", "--key", 2, "--out", "o.bits")
        self.assertTrue(report["certified"])
        self.assertIn("no-signalling", report["adversary"])
        self.assertTrue(any("does not follow" in line for line in report["assumptions"]), report["assumptions"])
        self.assertEqual((self.folder / "o.bits").stat().st_mode & 0o777, 0o600)
        out, _ = self.run_program("protocol", "colbeck-renner", "--key", 2)
        self.assertTrue(out.startswith("certified: one bit"), out)
        self.assertIn("assumed: given e the source does not follow the outcomes", out)
        self.assertTrue(self.run_json("protocol", "colbeck-renner", "--smallest", "--target", "0.1")["assumptions"])
        # The same run with a source that breaks the assumption.
        out, _ = self.run_program("protocol", "colbeck-renner", "--key", 2, "--source", "steering", expect=1)
        self.assertTrue(out.startswith("not certified: this source follows the outcomes"), out)
        for mu in ("0.07", "0.2"):
            out, _ = self.run_program("protocol", "colbeck-renner", "--mu", mu, "--device", "no-signalling", "--key", 3, expect=1)
            self.assertIn("void at this bias", out.splitlines()[0])
        out, _ = self.run_program("protocol", "colbeck-renner", "--mu", "0.1", "--device", "local", expect=1)
        self.assertTrue(out.startswith("aborted: "), out)
        self.run_program("protocol", "colbeck-renner", "--target", "0.5", expect=2)

    def test_nothing_is_ignored(self):
        for arguments in (("gallego", "--out", "f"), ("gallego", "--save", "d"), ("gallego", "--verify", "/nonexistent"), ("gallego", "--threshold", "abc"),
                          ("colbeck-renner", "--noise", "0.1"), ("attacks", "--mu", "0.7"), ("attacks", "--list-devices"), ("ghz", "--bits", "7"),
                          ("brandao-1", "--trials", "0"), ("gallego", "--trials", "0"), ("brandao-1", "--epsilon", "5"),
                          ("brandao-1", "--epsilon", "1"), ("brandao-1", "--epsilon", "5", "--smallest"), ("brandao-2", "--epsilon", "1"),
                          ("brandao-1", "--smallest", "--trials", "1400"), ("brandao-1", "--blocks", "2"), ("ghz", "--source", "steering")):
            out, err = self.run_program("protocol", *arguments, expect=2)
            self.assertEqual(out, "", arguments)
            self.assertTrue(err, arguments)
        _, err = self.run_program("protocol", "brandao-1", "--mu", "0.01", "--trials", 10**12, "--bits", 128, expect=3)
        self.assertIn("953675 MiB", err)  # a byte for each trial

    def test_the_attack_table_of_the_docs(self):
        if SANITIZED:
            self.assertIn("brandao-1", self.run_program("protocol", "attacks", "--runs", 10)[0])
            return
        page = (pathlib.Path(ROOT) / "docs/attacks.md").read_text()
        out, _ = self.run_program("protocol", "attacks", "--runs", 1000)
        self.assertIn(out.strip(), page, "docs/attacks.md is made by: bellows protocol attacks --runs 1000")

    @unittest.skipIf(SANITIZED, "a page of the docs, not a path of the program")
    def test_the_table_of_protocols_of_the_docs(self):
        done = subprocess.run([pathlib.Path(ROOT) / "tools/protocol-table", PROGRAM, "--check"], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    main()
