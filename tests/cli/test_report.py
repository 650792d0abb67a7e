import json
import os
import re
import stat

from harness import ANY_METHOD, SANITIZED, ProgramTest, main


class ReportVerb(ProgramTest):
    def verdict(self, path="run/report.html"):
        return re.search(r'data-verdict="(\w+)"', (self.folder / path).read_text()).group(1)

    def amplify(self, *words, expect=0):
        return self.run_json("amplify", "--trial-count", "2^18" if SANITIZED else "2^22", "--sim-seed", 1, "--out", "run", *ANY_METHOD, *words,
                             expect=expect)

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

    def test_every_file_hurt_in_every_way(self):
        """A clear word and an exit code each, whatever is wrong with a file of the folder; no NaN on a page."""
        self.amplify("--preset", "tsirelson", "--mu", "0.75%")
        hurts = {
            "missing": lambda path, data: path.unlink(),
            "empty": lambda path, data: path.write_bytes(b""),
            "foreign": lambda path, data: path.write_bytes(b"foreign\n"),
            "cut": lambda path, data: path.write_bytes(data[: len(data) // 2]),
            "longer": lambda path, data: path.write_bytes(data + b"x"),
            "newer": lambda path, data: path.write_bytes(data[:8] + b"\x09" + data[9:]),
            "changed": lambda path, data: path.write_bytes(data[:99] + bytes([data[99] ^ 1]) + data[100:]),
        }
        for name in ("plan.json", "certificate.json", "log.trials", "seed.bits", "output.bits"):
            path = self.folder / "run" / name
            data = path.read_bytes()
            for number, (kind, hurt) in enumerate(hurts.items()):
                hurt(path, data)
                for public in ([], ["--public"]):
                    if SANITIZED and bool(public) != bool(number % 2):
                        continue
                    done = self.start("report", "run", "--out", "page.html", *public, text=True)
                    _, err = done.communicate(timeout=60)
                    self.assertIn(done.returncode, (0, 1, 3), (name, kind, err))
                    if done.returncode == 3:
                        self.assertTrue(err.strip(), (name, kind))
                        continue
                    page = (self.folder / "page.html").read_text().split("<script>\n")[0]
                    self.assertIsNone(re.search(r"\bnan\b|\binf\b|NaN", page), (name, kind))
                path.write_bytes(data)

    def test_what_the_page_says_of_a_changed_output_is_what_happens(self):
        self.amplify("--preset", "tsirelson", "--mu", "0.75%")
        output = self.folder / "run/output.bits"
        data = output.read_bytes()
        output.write_bytes(data[:5000] + bytes([data[5000] ^ 1]) + data[5001:])
        self.assertEqual(self.run_json("report", "run")["state"], "certified")
        self.run_program("verify", "run", expect=1)
        said = " ".join(self.run_program("report", "--help")[0].split())
        self.assertIn("bits of it that were changed leave the page green, and only `bellows verify`, which makes the output again, finds them", said)
        page = (self.folder / "run/report.html").read_text()
        self.assertIn("bias asserted of a simulated source", page)
        self.assertNotIn("owner", page.split("<script>\n")[0])

    def test_locality_budget(self):
        self.amplify("--preset", "tsirelson", "--mu", "0.75%")
        (self.folder / "l.toml").write_text('[distance]\nA_to_B_m = 33\nB_to_A_m = 33\n[[segment]]\nname = "<i>all"\nduration_ns = 99.5\n')
        report = self.run_json("report", "run", "--locality", "l.toml")
        self.assertTrue(report["locality"]["closed"])
        page = (self.folder / "run/report.html").read_text()
        self.assertIn("&lt;i&gt;all", page)
        self.run_program("report", "run", "--locality", "nowhere", expect=3)
        self.run_program("report", "run", "--pulses", "nowhere", expect=2)

    def test_public_page(self):
        self.amplify("--preset", "tsirelson", "--mu", "0.75%")
        self.run_program("report", "run", "--public")
        page = (self.folder / "run/report.public.html").read_text()
        certificate = json.loads((self.folder / "run/certificate.json").read_text())
        self.assertNotIn(certificate["digests"]["log"], page)
        self.assertNotIn(str(certificate["score"]["observed"])[:9], page)
        self.assertIn(certificate["digests"]["plan"], page)
        self.run_program("report", "run", "--public", "--show-output", expect=2)

    def test_no_file_of_a_run_is_overwritten(self):
        self.amplify("--preset", "tsirelson", "--mu", "0.75%")
        for path in (self.folder / "run").iterdir():
            before = path.read_bytes()
            if path.suffix != ".html":
                self.run_program("report", "run", "--out", path, expect=2)
                self.assertEqual(path.read_bytes(), before, path)
        self.run_program("report", "run", "--out", "run/report.html")
        self.run_program("verify", "run")

    def test_names_forge_no_line_and_turn_nothing_around(self):
        self.amplify("--preset", "tsirelson", "--mu", "0.75%")
        name = "run\nverdict: \u202edeifitrec"
        os.rename(self.folder / "run", self.folder / name)
        out, err = self.run_program("report", name)
        self.assertEqual(len(out.splitlines()), 1)
        self.assertNotIn("\u202e", out + err + (self.folder / name / "report.html").read_text())

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
        report = self.run_json("report", "run")
        self.assertEqual((report["state"], report["missing"]), ("incomplete", ["seed.bits"]))
        _, err = self.run_program("report", "run")
        self.assertIn("seed.bits is missing", err)
        (self.folder / "run/plan.json").write_text("{")
        _, err = self.run_program("report", "run", expect=1)
        self.assertIn("plan.json", err)

    def test_only_a_whole_run_is_green(self):
        """What is foreign, newer or cut does not match; what is missing was not compared: neither is certified."""
        self.amplify("--preset", "tsirelson", "--mu", "0.75%")
        run = self.folder / "run"
        whole = {name: (run / name).read_bytes() for name in ("log.trials", "output.bits", "seed.bits")}
        hurts = [("log.trials", os.urandom(1000)), ("log.trials", whole["log.trials"][:8] + b"\x63" + whole["log.trials"][9:]),
                 ("log.trials", whole["log.trials"][:-8]), ("output.bits", b"x"), ("seed.bits", b"x")]
        for name, data in hurts:
            (run / name).write_bytes(data)
            for public in ([], ["--public"]):
                report = self.run_json("report", "run", "--out", "page.html", *public, expect=1)
                self.assertEqual((report["state"], self.verdict("page.html")), ("mismatch", "mismatch"), name)
            (run / name).write_bytes(whole[name])
        self.assertEqual(self.run_json("report", "run")["state"], "certified")
        for name in whole:
            (run / name).unlink()
            self.assertEqual(self.run_json("report", "run")["state"], "incomplete", name)
        self.assertEqual(self.verdict(), "incomplete")


if __name__ == "__main__":
    main()
