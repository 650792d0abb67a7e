"""What the program says to people and files: nothing that others wrote moves their cursor, nothing public is hidden from a
check, and it ends with its own exit code where nobody listens."""
import json
import os
import stat
import subprocess

import harness

SMALL = ("--preset", "tsirelson", "--trial-count", "2^20", "--mu", "0.5%", "--epsilon", "1e-6", "--sim-seed", "3", "--quiet", *harness.ANY_METHOD)


class NobodyListens(harness.ProgramTest):
    def test_closed_pipes(self):
        """Both outputs into a pipe that nobody reads: the exit code of the verb."""
        for words, codes in ((("amplify", *SMALL, "--out", "run"), (0,)), (("inspect", "nothing"), (3,)),
                             (("inspect", "nothing", "--json"), (3,)), (("amplify",), (2,)), (("--help",), (0,)),
                             (("watch", "--once", "run/log.trials"), (0,)), (("watch", "--json", "run/log.trials"), (0,)),
                             (("export", "run/log.trials", "-"), (0,)), (("manual",), (0,)), (("bound", "chsh"), (0,))):
            reading, writing = os.pipe()
            os.close(reading)
            process = self.start(*words, stdout=writing, stderr=writing)
            os.close(writing)
            self.assertIn(process.wait(timeout=300), codes, words)

    def test_a_reader_that_has_enough(self):
        """As `| head -1` does: no word, and the exit code of the verb. A full disk is told."""
        for words, code in ((("manual",), 0), (("verify", "--help"), 0), (("verify", "run"), 0), (("verify", "run", "--json"), 0),
                            (("export", "run/log.trials", "-"), 0), (("certify", "run/log.trials", "--mu", "20%"), 1)):
            if words[0] == "verify" and words[1] == "run" and not (self.folder / "run").exists():
                self.run_program("amplify", *SMALL, "--out", "run")
            process = self.start(*words)
            process.stdout.read(1)
            process.stdout.close()
            err = process.stderr.read().decode()
            self.assertEqual(process.wait(timeout=300), code, words)
            self.assertNotIn("cannot write", err, words)
        for words in (("bound", "chsh"), ("--version",), ("--help",), ("plan", "--help"), ("qkd", "check", "--help"), ("manual",)):
            with open("/dev/full", "w") as full:
                process = self.start(*words, stdout=full)
                self.assertIn(b"cannot write to standard output", process.stderr.read(), words)
                self.assertEqual(process.wait(timeout=300), 3, words)


class Verify(harness.ProgramTest):
    def setUp(self):
        super().setUp()
        self.run_program("certify", "--make-key", "lab")
        self.run_program("certify", "--make-key", "other")

    def failed(self, run):
        out, _ = self.run_program("verify", run, expect=1)
        return out

    def test_everything_that_is_there(self):
        self.run_program("amplify", *SMALL, "--raw-out", "--sign", "lab", "--out", "run")
        run = self.folder / "run"
        key = json.loads((self.folder / "lab.pub").read_text())["public"]
        out, err = self.run_program("verify", "run", "--quiet")
        self.assertIn(f"signed by {key}", out)
        self.assertEqual(err, "")
        for step in ("public certificate", "raw output", "signature of the public certificate"):
            self.assertIn(f"[ok] {step}", out)
        self.assertEqual(self.run_json("verify", "run")["signed_by"], key)
        mode = {p.name: stat.S_IMODE(p.stat().st_mode) for p in run.iterdir()}
        public = {"plan.json", "certificate.public.json", "certificate.public.json.sig"}
        self.assertEqual({name for name, m in mode.items() if m != 0o600}, public, mode)

        raw, sound = run / "output.raw", (run / "output.raw").read_bytes()
        for damaged in (sound[:-1], sound + b"0", bytes([sound[0] ^ 1]) + sound[1:], b""):
            raw.write_bytes(damaged)
            self.assertIn("raw output", self.failed("run").splitlines()[0])
        raw.write_bytes(sound)

        # Files that others may read are told, and are no fault of what was verified.
        os.chmod(raw, 0o644)
        _, err = self.run_program("verify", "run")
        self.assertIn("output.raw is open to other users of this machine (mode 0644", err)
        self.assertEqual(len(self.run_json("verify", "run")["warnings"]), 1)
        os.chmod(raw, 0o600)

        signature = run / "certificate.public.json.sig"
        kept = signature.read_bytes()
        signature.unlink()
        self.assertIn("both forms", self.failed("run"))
        signature.write_bytes(kept)
        (run / "certificate.json.sig").rename(self.folder / "taken")
        self.assertIn("both forms", self.failed("run"))
        signature.unlink()
        out, _ = self.run_program("verify", "run")
        self.assertIn("unsigned", out)
        self.assertNotIn("signed by", out)
        self.assertIsNone(self.run_json("verify", "run")["signed_by"])
        _, err = self.run_program("verify", "run", "--public-key", "lab.pub", expect=3)
        for words in ("not signed", "--sign KEY"):
            self.assertIn(words, err)

    def test_the_public_certificate(self):
        self.run_program("amplify", *SMALL, "--out", "run")
        public = self.folder / "run/certificate.public.json"
        sound = json.loads(public.read_text())

        def with_change(change):
            document = json.loads(public.read_text())
            change(document)
            public.write_text(json.dumps(document))
            out = self.failed("run")
            public.write_text(json.dumps(sound))
            return out

        def observed(document):
            document["score"]["observed_exact"], document["score"]["observed"] = "3/4", 0.75

        for change in (observed, lambda d: d.update(output_bits=d["output_bits"] + 1), lambda d: d.update(more=1), lambda d: d.pop("epsilon"),
                       lambda d: d["assumptions"].pop(), lambda d: d["digests"].update(log="0" * 64)):
            self.assertIn("public certificate does not match", with_change(change))
        public.write_text("{")
        self.assertIn("certificate.public.json", self.run_program("verify", "run", expect=3)[1])
        public.unlink()
        self.run_program("verify", "run")


class KeptProofs(harness.ProgramTest):
    """A bias between those that ship, with a proof of one's own."""

    def test_a_run_moves_to_a_machine_without_the_proof(self):
        run = ("amplify", "--preset", "kulikov-2024", "--mu", "0.6%", "--trial-count", "2^22", "--sim-seed", "1", "--out")
        self.environment["BELLOWS_ENTROPY_PROOFS"] = str(self.folder / "proofs")
        self.run_program(*run, "before")
        self.run_program("prove", "entropy", "--mu", "0.6%", "--lambda", "16", "--slack", "0.01", "--keep")
        self.run_program(*run, "after")
        bits = {name: json.loads((self.folder / name / "certificate.json").read_text())["output_bits"] for name in ("before", "after")}
        self.assertGreater(bits["after"], bits["before"] + 10000)
        self.run_program("verify", "after")
        self.run_program("verify", "before")
        self.environment["BELLOWS_ENTROPY_PROOFS"] = str(self.folder / "none")
        self.run_program("verify", "before")
        out, err = self.run_program("verify", "after", expect=1)
        self.assertIn("entropy proof at hand", out + err)
        self.assertIn(str(self.folder / "none"), out + err)


class Words(harness.ProgramTest):
    def records(self):
        (self.folder / "records.csv").write_text("x,y,a,b\n" + "0,0,1,1\n1,1,0,1\n" * 50)

    def test_import_takes_out(self):
        self.records()
        self.run_program("import", "records.csv", "--out", "log.trials")
        self.run_program("import", "records.csv", "same.trials")
        self.run_program("estimate", "log.trials", "--mu", "1.5%")
        self.run_program("import", "records.csv", "a", "--out", "b", expect=2)
        self.run_program("import", "records.csv", expect=2)
        self.assertFalse((self.folder / "a").exists() or (self.folder / "b").exists())

    def test_estimate_names_the_relabelling_that_wins(self):
        (self.folder / "flipped.csv").write_text("x,y,a,b\n" + "0,0,0,1\n0,1,1,0\n1,0,0,1\n1,1,1,1\n" * 100)
        self.run_program("import", "flipped.csv", "log.trials")
        out, _ = self.run_program("estimate", "log.trials")
        self.assertRegex(out, "1.00000000 with --relabel [abxy]")
        self.run_program("import", "flipped.csv", "other.trials", "--relabel", "auto")
        self.assertNotIn("with --relabel", self.run_program("estimate", "other.trials")[0])

    def test_export_says_that_the_mark_of_a_demonstration_is_lost(self):
        self.run_program("simulate", "--preset", "tsirelson", "--trial-count", "1000", "--out", "log.trials")
        _, err = self.run_program("export", "log.trials", "records.u8")
        self.assertIn("DEMONSTRATION", err)
        self.records()
        self.run_program("import", "records.csv", "real.trials")
        _, err = self.run_program("export", "real.trials", "again.csv")
        self.assertNotIn("DEMONSTRATION", err)

    def test_metadata_do_not_reach_the_terminal(self):
        self.records()
        self.run_program("import", "records.csv", "log.trials", "--set", "run=\x1b]0;owned\x07\nverdict: certified\x9b")
        for words in (("inspect", "log.trials"), ("inspect", "no\x1b[2Jsuch\nfile"), ("watch", "--once", "log.trials")):
            out, err = self.run_program(*words, expect=None)
            for text in (out, err):
                self.assertNotRegex(text, "[\x00-\x08\x0b-\x1f\x7f-\x9f]", words)
                self.assertNotIn("\nverdict", text)

    def test_the_lock_is_no_link(self):
        (self.folder / "run").mkdir()
        (self.folder / "run/.lock").symlink_to(self.folder / "elsewhere")
        _, err = self.run_program("amplify", *SMALL, "--out", "run", expect=3)
        self.assertIn("symbolic link", err)
        self.assertFalse((self.folder / "elsewhere").exists())
        (self.folder / "elsewhere").write_text("")
        self.run_program("amplify", *SMALL, "--out", "run", expect=3)


if __name__ == "__main__":
    harness.main()
