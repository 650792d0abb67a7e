import json
import os
import re
import stat

from harness import ProgramTest, main


class ReportVerb(ProgramTest):
    def verdict(self, path="run/report.html"):
        return re.search(r'data-verdict="(\w+)"', (self.folder / path).read_text()).group(1)

    def amplify(self, *words, expect=0):
        return self.run_json("amplify", "--trial-count", "2^22", "--sim-seed", 1, "--out", "run", *words, expect=expect)

    def test_amplify_leaves_a_private_report(self):
        outcome = self.amplify("--preset", "tsirelson", "--mu", "0.75%")
        page = self.folder / "run/report.html"
        self.assertEqual(stat.S_IMODE(page.stat().st_mode), 0o600)
        self.assertEqual(self.verdict(), "certified")
        bits = f"{outcome['output_bits']:,} certified random bits"
        self.assertIn(bits, page.read_text())
        self.assertEqual(self.run_json("report", "run")["state"], "certified")
        shown = self.run_json("report", "run", "--show-output", "--out", "shown.html")
        self.assertTrue(shown["shows_output"])
        self.assertIn("data:image/png;base64,", (self.folder / "shown.html").read_text())
        self.assertLess((self.folder / "shown.html").stat().st_size, 3_000_000)

    def test_public_page(self):
        self.amplify("--preset", "tsirelson", "--mu", "0.75%")
        self.run_program("report", "run", "--public")
        page = (self.folder / "run/report.public.html").read_text()
        certificate = json.loads((self.folder / "run/certificate.json").read_text())
        self.assertNotIn(certificate["digests"]["log"], page)
        self.assertNotIn(str(certificate["score"]["observed"])[:9], page)
        self.assertIn(certificate["digests"]["plan"], page)
        self.run_program("report", "run", "--public", "--show-output", expect=2)

    def test_an_aborted_run(self):
        self.amplify("--preset", "cheat-win", expect=1)
        self.assertEqual(self.verdict(), "refused")
        self.assertEqual(self.run_json("report", "run")["state"], "not_certified")

    def test_a_tampered_run(self):
        self.amplify("--preset", "tsirelson", "--mu", "0.75%")
        with open(self.folder / "run/log.trials", "r+b") as log:
            log.seek(100000)
            byte = log.read(1)[0]
            log.seek(100000)
            log.write(bytes([byte ^ 1]))
        report = self.run_json("report", "run", expect=1)
        self.assertEqual(report["state"], "mismatch")
        self.assertEqual(self.verdict(), "mismatch")

    def test_missing_and_foreign_files(self):
        self.run_program("report", "nowhere", expect=3)
        (self.folder / "empty").mkdir()
        self.run_program("report", "empty", expect=3)
        self.amplify("--preset", "tsirelson", "--mu", "0.75%")
        os.remove(self.folder / "run/seed.bits")
        (self.folder / "run/plan.json").write_text("{")
        out, err = self.run_program("report", "run")
        self.assertIn("seed.bits is missing", err)
        self.assertIn("plan.json", err)


if __name__ == "__main__":
    main()
