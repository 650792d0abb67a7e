"""Runs that were damaged afterwards, configuration files that are wrong, and options that make no sense."""
import json
import os
import shutil

from bad_input import ANY_METHOD, SANITIZED, BadInput, bits_file, main, needs

SMALL = ["--trial-count", "2^20", "--sim-seed", "3", "--mu", "0.5%", "--epsilon", "1e-6", *ANY_METHOD]


class Runs(BadInput):
    def a_run(self):
        run = self.folder / "run"
        self.run_program("amplify", *SMALL, "--out", run, "--quiet")
        return run

    @needs("amplify", "verify")
    def test_verify_names_what_was_changed(self):
        """Every file of a run, changed, cut, lengthened, emptied and missing: never 'everything matches'."""
        run = self.a_run()
        self.run_program("verify", run)
        for name in ("plan.json", "log.trials", "seed.bits", "output.bits", "certificate.json", "certificate.public.json"):
            file = run / name
            sound = file.read_bytes()
            places = [len(sound) * k // 12 for k in range(0, 12, 4 if SANITIZED else 1)] + [len(sound) - 1]
            damages = {f"byte {at}": sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1:] for at in places}
            damages |= {"cut": sound[:-2], "half": sound[: len(sound) // 2], "longer": sound + b"1", "empty": b""}
            for what, data in damages.items():
                with self.subTest(file=name, damage=what):
                    file.write_bytes(data)
                    out, err = self.run_program("verify", run, expect=None)
                    code = self.last_code
                    self.assertIn(code, (1, 3), f"{name} {what}\n{out}\n{err}")
                    self.assertTrue(name.split(".")[0] in out + err or code == 1, f"{out}\n{err}")
            file.unlink()
            with self.subTest(file=name, damage="missing"):
                if name == "certificate.public.json":  # may have been given away; its private form says all of it
                    self.run_program("verify", run)
                    file.write_bytes(sound)
                    continue
                _, err = self.run_program("verify", run, expect=3)
                self.assertIn(name, err)
            file.write_bytes(sound)
        self.run_program("verify", run)

    @needs("amplify", "verify", "report", "test", "watch")
    def test_nothing_waits_for_a_file_that_is_none(self):
        """A named pipe without writer, a device or a folder where a file of the run should be: a word each, no waiting."""
        run = self.a_run()
        makers = {"pipe": os.mkfifo, "folder": os.mkdir, "endless": lambda path: os.symlink("/dev/zero", path)}
        calls = [["verify", run], ["report", run, "--show-output"], ["report", run, "--public"], ["amplify", *SMALL, "--out", run, "--quiet"]]
        reads = {"output.bits": [["test", run / "output.bits"], ["test", "--raw", "--bits", "1000", run / "output.bits"],
                                 ["figure", "kulikov-10", run / "output.bits"]],
                 "log.trials": [["watch", "--once", run / "log.trials"], ["inspect", run / "log.trials"]]}
        for number, name in enumerate(("plan.json", "log.trials", "seed.bits", "output.bits", "certificate.json", "certificate.public.json")):
            file = run / name
            sound = file.read_bytes()
            for kind, make in makers.items():
                if SANITIZED and kind != list(makers)[(number + 2) % 3]:
                    continue
                file.unlink()
                make(file)
                for words in calls + (reads.get(name, []) if kind == "pipe" else []):
                    if name == "certificate.public.json" and words[0] != "verify":
                        continue
                    with self.subTest(file=name, kind=kind, verb=words[0]):
                        process = self.start(*words, text=True)
                        _, err = process.communicate(timeout=20)
                        # Of a finished run amplify only looks at the result.
                        self.assertIn(process.returncode, (0, 1, 3) if words[0] == "amplify" else (1, 3), err)
                        self.assertTrue(err.strip() or words[0] == "verify")
                os.rmdir(file) if kind == "folder" else file.unlink()
                file.write_bytes(sound)
        self.run_program("verify", run)

    @needs("amplify")
    def test_amplify_does_not_build_on_damage(self):
        """A run that was stopped before its certificate, and damaged since: amplify refuses, or ends with the same output."""
        run = self.a_run()
        sound = {p.name: p.read_bytes() for p in run.iterdir() if p.is_file()}
        for name in ("plan.json", "log.trials", "seed.bits", "output.bits"):
            for what in ("flip", "cut", "empty"):
                data = bytearray(sound[name])
                data[len(data) // 2] ^= 4
                with self.subTest(file=name, damage=what):
                    (run / name).write_bytes(data if what == "flip" else data[: len(data) // 2] if what == "cut" else b"")
                    (run / "certificate.json").unlink()
                    (run / "certificate.public.json").unlink()
                    self.run_program("amplify", *SMALL, "--out", run, "--quiet", expect=None)
                    if self.last_code == 0:
                        for same in ("output.bits", "log.trials"):
                            self.assertEqual((run / same).read_bytes(), sound[same], same)
                    else:
                        self.assertIn(self.last_code, (1, 3))
                for kept, content in sound.items():
                    (run / kept).write_bytes(content)

    @needs("amplify")
    def test_a_finished_run_whose_output_was_hurt(self):
        run = self.a_run()
        output = (run / "output.bits").read_bytes()
        for data in (b"", output[:100], output[:-1], output + b"x", bits_file(8, b"x")):
            (run / "output.bits").write_bytes(data)
            with self.subTest(size=len(data)):
                _, err = self.run_program("amplify", *SMALL, "--out", run, "--quiet", expect=3)
                self.assertIn("output.bits", err)
                self.assertEqual((run / "output.bits").read_bytes(), data)
        (run / "output.bits").unlink()
        self.run_program("amplify", *SMALL, "--out", run, "--quiet", expect=3)

    @needs("amplify")
    def test_files_of_others_in_the_folder_stay(self):
        run = self.folder / "run"
        run.mkdir()
        (run / "thesis.tmp").write_text("mine")
        self.run_program("amplify", *SMALL, "--out", run, "--quiet")
        self.assertEqual((run / "thesis.tmp").read_text(), "mine")

    def run_program(self, *words, expect=0, **more):
        process = self.start(*words, text=True, **more)
        out, err = process.communicate(timeout=800)
        self.last_code = process.returncode
        if expect is not None:
            self.assertEqual(process.returncode, expect, f"bellows {' '.join(map(str, words))}\n{out}\n{err}")
        self.assertNotIn(process.returncode, (4, 134, 139, -6, -11), f"bellows {' '.join(map(str, words))}\n{out}\n{err}")
        return out, err

    @needs("amplify")
    def test_plans(self):
        """Plan files, TOML and JSON: unknown keys, numbers that are none, values that make no sense."""
        good = json.loads((self.a_run() / "plan.json").read_text())
        plan = self.folder / "plan.json"
        out = self.folder / "out"

        def refused(document, says=()):
            plan.write_text(document if isinstance(document, str) else json.dumps(document))
            self.refuses("amplify", "--plan", plan, "--out", out, says=says, names=plan)
            self.assertFalse(out.exists() and any(p.name != ".lock" for p in out.iterdir()), list(out.iterdir()) if out.exists() else "")

        refused({**good, "mood": 1}, "mood")
        for number, key in enumerate(("mu", "trial_count", "thresholds", "epsilons", "epsilon")):
            if key in good:
                with self.subTest(missing=key):
                    refused({k: v for k, v in good.items() if k != key})
                for value in (None, "x", float("nan"), float("inf"), -1, 0.7, [], {}, "1e999999999", 2**70)[number % 3 if SANITIZED else 0::3 if SANITIZED else 1]:
                    if value in (0.7,) and key != "mu":
                        continue
                    with self.subTest(key=key, value=value):
                        refused({**good, key: value})
        for text in ("", "{", "[]", "null", '{"mu": 0.01', '{"a":' * 5000, "\0" * 100, "mu = 0.01"):
            with self.subTest(text=text[:20]):
                refused(text)
        duplicate = json.dumps(good)[:-1] + ', "mu": "0.2"}'
        with self.subTest("a key twice"):
            refused(duplicate)

    @needs("amplify")
    def test_toml(self):
        plan, out = self.folder / "plan.toml", self.folder / "out"
        for text in ("mu = nan", "mu = 0.01\nmood = 1", "mu = 0.01\nmu = 0.02", "= 3", "[[[", "mu = inf", "trial_count = -5",
                     "mu = 1e400", "mu = 2020-01-01", 'mu = "a"', "x = [" * 2000):
            with self.subTest(text=text[:30]):
                plan.write_text(text)
                self.refuses("amplify", "--plan", plan, "--out", out, names=plan)

    def test_options(self):
        """Values on the command line: usage errors, exit code 2, and nothing made."""
        log = self.log()
        cases = [["import"], ["export", log], ["inspect"], ["no-such-verb"], [], ["import", "--no-such-option"],
                 ["import", log, self.folder / "o", "--format", "xml"], ["import", log, self.folder / "o"],
                 ["import", "--format", "csv", "--relabel", "turn", log, self.folder / "o"],
                 ["import", "--format", "csv", "--block-trials", "0", log, self.folder / "o"],
                 ["import", "--format", "csv", "--block-trials", "2^23", log, self.folder / "o"],
                 ["import", "--format", "csv", "--block-trials", "2^99", log, self.folder / "o"],
                 ["import", "--format", "csv", "--set", "novalue", log, self.folder / "o"],
                 ["import", "--format", "csv", "--set", "import=1", log, self.folder / "o"],
                 ["export", log, "-", "--json"], ["inspect", "--threads", "-1", log], ["inspect", "--threads", "x", log]]
        for verb, words in (("estimate", [log]), ("amplify", ["--out", self.folder / "o"])):
            for mu in ("0.5", "0.7", "-0.01", "nan", "inf", "", "x", "50%", "1e400", "-inf"):
                cases.append([verb, *words, f"--mu={mu}"])
        for epsilon in ("0", "1", "-1", "2", "nan", "inf", "x", ""):
            cases.append(["amplify", "--out", self.folder / "o", f"--epsilon={epsilon}"])
        for count in ("-1", "2^64", "1e30", "x", "1.5", ""):
            cases.append(["amplify", "--out", self.folder / "o", f"--trial-count={count}"])
        for words in cases[::3] if SANITIZED else cases:
            with self.subTest(words=" ".join(map(str, words))):
                out, err = self.run_program(*words, expect=2)
                self.assertTrue(err)
                self.assertTrue(out == "" or "--json" in words)
                self.assertEqual([p for p in self.folder.glob("o/*") if p.name != ".lock"], [])
        self.environment["BELLOWS_KERNEL"] = "abacus"
        self.refuses("inspect", log, expect=2, says="abacus")

    @needs("amplify")
    def test_seeds(self):
        seed, out = self.folder / "seed.bits", self.folder / "out"
        words = ["amplify", *SMALL, "--seed", seed, "--out", out]
        for what, data in {"short": bits_file(64, bytes(8)), "empty": b"", "no bits": bits_file(0, b""), "text": b"0110" * 9999,
                           "cut": bits_file(10**6, bytes(1000)), "digest": bits_file(80000, os.urandom(10000), True)[:-1] + b"x"}.items():
            seed.write_bytes(data)
            with self.subTest(seed=what):
                self.run_program(*words, expect=3)
                self.assertFalse((out / "output.bits").exists())
            shutil.rmtree(out, ignore_errors=True)


if __name__ == "__main__":
    main()
