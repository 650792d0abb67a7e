"""The main job from the outside: results, continuation, refusals, and that nothing is lost."""
import json
import shutil
import os
import random
import re
import signal
import stat
import threading
import time

import harness

TRIALS = 2**21 if harness.SANITIZED else 2**23
SMALL = ("--preset", "kulikov-2024", "--trial-count", TRIALS, *harness.ANY_METHOD)


class Amplify(harness.ProgramTest):
    def amplify(self, name, *words, expect=0):
        return self.run_json("amplify", *words, "--out", self.folder / name, expect=expect)

    def read(self, run, name):
        return (self.folder / run / name).read_bytes()

    def test_a_run_and_its_files(self):
        result = self.amplify("run", *SMALL, "--sim-seed", "1")
        self.assertEqual(result["verdict"], "certified")
        self.assertGreater(result["output_bits"], 100_000 if harness.SANITIZED else 500_000)
        self.assertTrue(result["simulated"])
        for name in ("log.trials", "seed.bits", "output.bits", "certificate.json", "simulation.key"):
            mode = stat.S_IMODE(os.stat(self.folder / "run" / name).st_mode)
            self.assertEqual(mode, 0o600, name)
        keys = set(json.loads(self.read("run", "certificate.json")))
        self.assertLessEqual({"protocol", "method", "adversary", "verdict", "output_bits", "min_entropy_bits", "epsilon", "trials", "score",
                              "losses", "assumptions", "digests", "plan", "simulated", "hypothetical"}, keys)
        text = self.run_program("amplify", *SMALL, "--sim-seed", "1", "--out", self.folder / "run")[0]
        self.assertIn("DEMONSTRATION", text.splitlines()[0])
        self.run_program("verify", self.folder / "run")

    def test_same_key_same_output_whatever_the_threads_and_kernel(self):
        self.amplify("a", *SMALL, "--sim-seed", "7", "--threads", "1")
        self.environment["BELLOWS_KERNEL"] = "portable"
        self.environment["XDG_STATE_HOME"] = str(self.folder / "other-state")
        self.amplify("b", *SMALL, "--sim-seed", "7", "--threads", "3")
        for name in ("log.trials", "seed.bits", "output.bits", "certificate.json"):
            self.assertEqual(self.read("a", name), self.read("b", name), name)

    def test_real_records(self):
        for name, mu, least in (("Hanoi11_14Circuit13", "1.5%", 49_000), ("Cairo13_14Circuit13", "3%", 13_500)):
            records = self.shared(f"bell-ibmq/{name}.xyab.u8")
            result = self.amplify(name, "--trials", records, "--format", "xyab-u8", "--relabel", "auto", "--mu", mu, "--epsilon", "1e-9",
                                  "--method", "win")
            self.assertEqual(result["verdict"], "certified")
            self.assertGreater(result["output_bits"], least)
            self.assertFalse(result["simulated"])
            self.run_program("verify", self.folder / name)
        # Both outcomes of the first: about 160 kbit are asked for, 50 from one.
        both = self.amplify("both", "--trials", self.shared("bell-ibmq/Hanoi11_14Circuit13.xyab.u8"), "--format", "xyab-u8", "--relabel",
                            "auto", "--mu", "1.5%", "--epsilon", "1e-9")
        self.assertEqual((both["method"], both["verdict"]), ("two-sided", "certified"))
        self.assertGreater(both["output_bits"], 160_000)
        refused = self.amplify("none", "--trials", self.shared("bell-ibmq/Hanoi11_14Circuit4.xyab.u8"), "--format", "xyab-u8", "--relabel",
                               "auto", "--mu", "1.5%", "--epsilon", "1e-9", expect=1)
        self.assertEqual((refused["verdict"], refused["output_bits"]), ("not_certified", 0))
        self.assertFalse((self.folder / "none/output.bits").exists())
        self.run_program("verify", self.folder / "none")

    def test_settings_that_speak_against_the_claim(self):
        records = self.shared("bell-ibmq/Hanoi11_14Circuit13.xyab.u8")
        words = ("--trials", records, "--format", "xyab-u8", "--relabel", "auto", "--mu", "0.5%", "--epsilon", "1e-9")
        result = self.amplify("said", *words)
        self.assertFalse(result["score"]["settings_consistent"])
        text = self.run_program("amplify", *words, "--out", self.folder / "said")[0]
        self.assertIn("SETTINGS INCONSISTENT", "\n".join(text.splitlines()[:3]))
        self.run_program("amplify", *words, "--strict", "--out", self.folder / "strict", expect=1)
        self.assertFalse((self.folder / "strict/output.bits").exists())

    def test_another_plan_in_the_folder_is_refused(self):
        self.amplify("run", *SMALL, "--sim-seed", "1")
        before = self.read("run", "output.bits")
        self.run_program("amplify", *SMALL, "--mu", "1%", "--sim-seed", "1", "--out", self.folder / "run", expect=1)
        self.run_program("amplify", *SMALL, "--sim-seed", "2", "--out", self.folder / "run", expect=1)
        self.assertEqual(self.read("run", "output.bits"), before)

    def test_plans_given_and_plans_that_differ(self):
        self.amplify("run", *SMALL, "--sim-seed", "1")
        plan, log = self.folder / "run/plan.json", self.folder / "run/log.trials"
        again = self.amplify("again", *SMALL, "--sim-seed", "1", "--plan", plan)
        self.assertEqual(self.read("again", "output.bits"), self.read("run", "output.bits"))
        self.assertEqual(again["plan"]["origin"], "built-in")
        self.amplify("from-log", "--trials", log, "--plan", plan, "--seed", self.folder / "run/seed.bits")
        self.assertEqual(self.read("from-log", "output.bits"), self.read("run", "output.bits"))
        self.run_program("verify", self.folder / "from-log")
        self.run_program("amplify", *SMALL, "--plan", plan, "--mu", "1%", "--out", self.folder / "contradiction", expect=2)
        other = json.loads(plan.read_text())
        other["mu"], other["origin"] = "0.01", "file"
        (self.folder / "other.json").write_text(json.dumps(other))
        _, err = self.run_program("amplify", "--trials", log, "--plan", self.folder / "other.json", "--out", self.folder / "refused", expect=1)
        self.assertIn("plan", err)
        _, err = self.run_program("amplify", "--trials", log, "--mu", "1%", "--out", self.folder / "refused", expect=1)
        self.assertIn("plan", err)
        self.assertFalse((self.folder / "refused/output.bits").exists())
        for text in ("mu = nan", "mu = 0.01\nno_such_key = 1", "mu = ["):
            (self.folder / "bad.toml").write_text(text)
            self.run_program("amplify", *SMALL, "--plan", self.folder / "bad.toml", "--out", self.folder / "bad", expect=3)
            self.assertFalse((self.folder / "bad/plan.json").exists())

    def test_a_plan_that_came_after_the_records_is_called_so(self):
        records = self.shared("bell-ibmq/Hanoi11_14Circuit13.xyab.u8")
        words = ("--trials", records, "--format", "xyab-u8", "--relabel", "auto", "--mu", "1.5%", "--epsilon", "1e-9")
        first = self.amplify("first", *words)
        self.assertTrue(any("NOT MET" in sentence and "1800" in sentence for sentence in first["assumptions"]))
        plan = json.loads((self.folder / "first/plan.json").read_text())
        plan["thresholds"].pop("grid")
        plan["thresholds"]["list"] = ["0.84557"]
        plan["epsilons"] = {"total": "1e-9", "smoothing": "1e-10", "accumulation": "5e-11", "extraction": "1e-10"}
        (self.folder / "plan.json").write_text(json.dumps(plan))
        _, err = self.run_program("amplify", *words, "--plan", self.folder / "plan.json", "--out", self.folder / "liar", expect=1)
        self.assertIn("built-in", err)
        plan["origin"] = "file"
        (self.folder / "plan.json").write_text(json.dumps(plan))
        imported = self.folder / "late.trials"
        self.run_program("import", records, imported, "--format", "xyab-u8", "--plan", self.folder / "plan.json")
        late = self.run_json("certify", imported, "--plan", self.folder / "plan.json")
        self.assertTrue(any("operator's word" in sentence for sentence in late["assumptions"]))
        second = self.amplify("second", *words, "--plan", self.folder / "plan.json", "--note", "measured on a Tuesday")
        self.assertTrue(any("operator's word" in sentence for sentence in second["assumptions"]))
        self.assertTrue(any("Tuesday" in sentence for sentence in second["assumptions"]))
        self.run_program("verify", self.folder / "second")
        certificate = self.folder / "second/certificate.json"
        document = json.loads(certificate.read_text())
        document["assumptions"] = [sentence for sentence in document["assumptions"] if "NOT MET" not in sentence]
        certificate.write_text(json.dumps(document))
        self.assertIn("assumptions", self.run_program("verify", self.folder / "second", expect=1)[0])

    def test_other_records_into_a_folder_are_refused(self):
        hanoi, never = (self.shared(f"bell-ibmq/Hanoi11_14Circuit{k}.xyab.u8") for k in (13, 4))
        words = ("--format", "xyab-u8", "--relabel", "auto", "--mu", "1.5%", "--epsilon", "1e-9", "--out", self.folder / "run")
        self.run_program("amplify", "--trials", hanoi, *words)
        _, err = self.run_program("amplify", "--trials", never, *words, expect=1)
        self.assertIn("other records", err)
        for name in ("certificate.json", "output.bits"):
            (self.folder / "run" / name).unlink()
        self.run_program("amplify", "--trials", never, *words, expect=1)
        self.assertFalse((self.folder / "run/output.bits").exists())

    def test_a_continued_run_knows_where_its_seed_came_from(self):
        hanoi = self.shared("bell-ibmq/Hanoi11_14Circuit13.xyab.u8")
        words = ("--trials", hanoi, "--format", "xyab-u8", "--relabel", "auto", "--mu", "1.5%", "--epsilon", "1e-9")
        self.amplify("run", *words)
        drawn = self.read("run", "seed.bits")
        (self.folder / "my.seed").write_bytes(drawn)
        self.environment["XDG_STATE_HOME"] = str(self.folder / "state")
        first = self.amplify("mine", *words, "--seed", self.folder / "my.seed")
        self.assertTrue(any(s.startswith("Seed: from a file") for s in first["assumptions"]))
        for name in ("certificate.json", "output.bits"):
            (self.folder / "mine" / name).unlink()
        again = self.amplify("mine", *words)
        self.assertEqual(first["assumptions"], again["assumptions"])
        (self.folder / "mine/certificate.json").unlink()
        (self.folder / "mine/output.bits").unlink()
        seed = self.read("mine", "seed.bits")
        (self.folder / "my.seed").write_bytes(seed[:-1] + bytes([seed[-1] ^ 1]))
        self.run_program("amplify", *words, "--seed", self.folder / "my.seed", "--out", self.folder / "mine", expect=3)

    def test_strict_holds_for_a_finished_run(self):
        words = ("--trials", self.shared("bell-ibmq/Hanoi11_14Circuit13.xyab.u8"), "--format", "xyab-u8", "--relabel", "auto", "--mu", "0.5%",
                 "--epsilon", "1e-9")
        self.amplify("run", *words)
        _, err = self.run_program("amplify", *words, "--strict", "--out", self.folder / "run", expect=1)
        self.assertIn("strict", err)

    def test_strict_refuses_settings_that_come_again(self):
        """At 1.5 % these settings are within the claim; but one list of 1,800 serves ten times."""
        records = self.shared("bell-ibmq/Hanoi11_14Circuit13.xyab.u8")
        words = ("--trials", records, "--format", "xyab-u8", "--relabel", "auto", "--mu", "1.5%", "--epsilon", "1e-9", *harness.ANY_METHOD)
        refused = self.amplify("strict", *words, "--strict", expect=1)
        self.assertTrue(refused["score"]["settings_consistent"])
        self.assertIn("strict: the records do not have fresh settings", refused["score"]["reason"])
        self.assertFalse((self.folder / "strict/output.bits").exists())
        self.run_program("verify", "strict")  # rightly not certified
        self.run_program("verify", "strict/certificate.public.json")
        self.amplify("run", *words)
        self.assertIn("not fresh", self.run_program("amplify", *words, "--strict", "--out", "run", expect=1)[1])
        _, err = self.run_program("estimate", "run/log.trials", "--mu", "1.5%", "--strict", expect=1)
        self.assertIn("not fresh", err)

    def test_mixed_up_labels_are_named_where_nothing_is_certified(self):
        records = self.shared("bell-ibmq/Hanoi11_14Circuit13.xyab.u8")
        words = ("--trials", records, "--format", "xyab-u8", "--mu", "1.5%", "--epsilon", "1e-9", *harness.ANY_METHOD)
        out, _ = self.run_program("amplify", *words, "--out", "plain", expect=1)
        self.assertIn("Give --relabel auto", out)
        self.assertIn("hint", self.amplify("again", *words, expect=1))
        self.assertNotIn("hint", self.amplify("auto", *words, "--relabel", "auto"))
        out, _ = self.run_program("amplify", "--preset", "cheat-win", "--trial-count", "2^18", "--sim-seed", "1", "--out", "cheat", expect=1)
        self.assertNotIn("hint:", out)

    def test_the_length_of_the_seed_is_said(self):
        out, _ = self.run_program("amplify", *SMALL, "--sim-seed", "1", "--out", "run")
        count, file, words = re.search(r"assumptions: (\d+), in the report and in (\S+); bellows (certify run --full)", out).groups()
        assumptions = json.loads((self.folder / file).read_text())["assumptions"]
        self.assertEqual(len(assumptions), int(count))
        printed = re.findall("^- (.*)", self.run_program(*words.split())[0], re.M)
        self.assertEqual([words for words in assumptions if not words.startswith("Seed:")], printed)
        bits = re.search(r"(\d+) seed bits", out)[1]
        self.assertIn(f"seed: run/seed.bits, {bits} bits used", out)
        self.assertIn(f"{bits} seed bits", self.run_program("certify", "run/log.trials", "--plan", "run/plan.json")[0])

    def test_a_finished_run_may_be_signed(self):
        self.run_program("certify", "--make-key", "lab")
        self.amplify("run", *SMALL, "--sim-seed", "1")
        self.amplify("run", *SMALL, "--sim-seed", "1", "--sign", "lab")
        self.assertIn("the key asked for", self.run_program("verify", "run", "--public-key", "lab.pub")[0])

    def test_a_bias_is_asserted_by_somebody(self):
        records = self.shared("bell-ibmq/Hanoi11_14Circuit13.xyab.u8")
        _, err = self.run_program("amplify", "--trials", records, "--format", "xyab-u8", "--out", self.folder / "run", expect=2)
        self.assertIn("--mu", err)

    def test_simulated_records_claim_their_bias_themselves(self):
        # At 0.75 % both logs give bits; what the one says of its source is 20 %.
        for mu, verdict in (("20%", 1), ("2%", 0)):
            log = f"{mu[:-1]}.trials"
            self.run_program("simulate", "--preset", "tsirelson", "--mu", mu, "--trial-count", "2^18", "--sim-seed", "1", "--out", log)
            for words in (("certify", log, *harness.ANY_METHOD), ("amplify", "--trials", log, "--out", "run" + mu[:-1], *harness.ANY_METHOD)):
                out, _ = self.run_program(*words, expect=verdict)
                self.assertNotIn("asserted by", out)
                self.assertIn("DEMONSTRATION", out)
            certificate = self.run_json("certify", log, *harness.ANY_METHOD, expect=verdict)
            self.assertEqual(certificate["plan"]["mu"], str(float(mu[:-1]) / 100))
            self.assertFalse([words for words in certificate["assumptions"] if "asserted by" in words])
            out, _ = self.run_program("certify", log, *harness.ANY_METHOD, expect=verdict)
            self.assertIn(f"mu = {float(mu[:-1]) / 100} (asserted of a simulated source", out)
            plan = json.loads((self.folder / f"run{mu[:-1]}/plan.json").read_text())
            self.assertEqual(plan["mu"], str(float(mu[:-1]) / 100))
        out, err = self.run_program("certify", "20.trials", "--mu", "3/400", *harness.ANY_METHOD)
        self.assertIn("mu = 3/400", out)
        self.assertIn("the log claims the bias 0.2", err)

    def test_a_plan_whose_seed_is_too_short(self):
        self.amplify("run", *SMALL, "--sim-seed", "1")
        plan = json.loads((self.folder / "run/plan.json").read_text())
        plan["seed_bits"] = 100
        (self.folder / "plan.json").write_text(json.dumps(plan))
        _, err = self.run_program("amplify", *SMALL, "--plan", self.folder / "plan.json", "--out", self.folder / "short", expect=3)
        self.assertIn("seed", err)

    def test_a_folder_with_foreign_files_is_left_alone(self):
        (self.folder / "run").mkdir()
        (self.folder / "run/output.bits").write_bytes(b"precious")
        self.run_program("amplify", *SMALL, "--out", self.folder / "run", expect=3)
        self.assertEqual(self.read("run", "output.bits"), b"precious")

    def test_usage_and_bad_input(self):
        for words in (("--mu", "0.5"), ("--mu", "-0.1"), ("--mu", "nan"), ("--epsilon", "0"), ("--epsilon", "1"), ("--trial-count", "0"),
                      ("--trial-count", "2^70"), ("--preset", "no-such-preset"), ("--method", "hope")):
            code = 1 if words == ("--trial-count", "0") else 2
            self.run_program("amplify", *words, "--out", self.folder / "bad", expect=code)
            self.assertFalse((self.folder / "bad/plan.json").exists(), words)
        (self.folder / "short.u8").write_bytes(b"")
        self.run_program("amplify", "--trials", self.folder / "short.u8", "--format", "xyab-u8", "--out", self.folder / "bad", expect=1)
        (self.folder / "foreign.u8").write_bytes(bytes([1, 2, 16]))
        _, err = self.run_program("amplify", "--trials", self.folder / "foreign.u8", "--format", "xyab-u8", "--out", self.folder / "bad", expect=3)
        self.assertIn("byte 2", err)

    def test_seed_too_short_or_from_the_log(self):
        records = self.shared("bell-ibmq/Hanoi11_14Circuit13.xyab.u8")
        words = ("--trials", records, "--format", "xyab-u8", "--relabel", "auto", "--mu", "1.5%", "--epsilon", "1e-9")
        self.amplify("run", *words)
        header = self.read("run", "seed.bits")[:64]
        (self.folder / "short.bits").write_bytes(b"BELLBITS" + bytes([1, 0, 0, 0]) + bytes(4) + (64).to_bytes(8, "little") + bytes(40) + b"8 bytes.")
        self.run_program("amplify", *words, "--seed", self.folder / "short.bits", "--out", self.folder / "short", expect=3)
        self.assertFalse((self.folder / "short/output.bits").exists())
        self.assertEqual(header[:8], b"BELLBITS")
        plane = bytearray()  # party A's settings as recorded: x is bit 3 of each record
        data = records.read_bytes()
        for i in range(0, len(data) - 7, 8):
            plane.append(sum((data[i + j] >> 3 & 1) << j for j in range(8)))
        size = len(plane) * 8
        payload = bytes(plane) * 40
        (self.folder / "log.bits").write_bytes(b"BELLBITS" + bytes([1, 0, 0, 0]) + bytes(4) + (size * 40).to_bytes(8, "little") + bytes(40) + payload)
        # Under another relabelling the log's own planes are not what was recorded; both are looked through.
        for relabel in ("auto", "none"):
            plain = [w if w != "auto" else relabel for w in words]
            _, err = self.run_program("amplify", *plain, "--seed", self.folder / "log.bits", "--out", self.folder / "copied", expect=3)
            self.assertIn("copy of bits of the log", err)
            shutil.rmtree(self.folder / "copied")

    def test_a_seed_serves_one_set_of_trials(self):
        words = ("--format", "xyab-u8", "--relabel", "auto", "--mu", "1.5%", "--epsilon", "1e-9")
        hanoi = self.shared("bell-ibmq/Hanoi11_14Circuit13.xyab.u8")
        self.amplify("first", "--trials", hanoi, *words)
        seed = self.folder / "first/seed.bits"
        self.amplify("same-use", "--trials", hanoi, *words, "--seed", seed)
        self.assertEqual(self.read("same-use", "output.bits"), self.read("first", "output.bits"))
        _, err = self.run_program("amplify", "--trials", hanoi, *words[:-2], "--epsilon", "1e-8", "--seed", seed, "--out", self.folder / "other-plan", expect=1)
        self.assertIn("seed", err)
        other = self.folder / "other.u8"
        records = hanoi.read_bytes()
        # The same list of settings, since this record repeats it; other outcomes.
        other.write_bytes(records[90_000:] + records[:90_000])
        self.run_program("amplify", "--trials", other, *words, "--seed", seed, "--out", self.folder / "other-trials", expect=1)
        for name in ("other-plan", "other-trials"):
            self.assertFalse((self.folder / name / "output.bits").exists())

    def test_the_same_trials_with_another_seed_are_warned_of(self):
        words = ("--trials", self.shared("bell-ibmq/Hanoi11_14Circuit13.xyab.u8"), "--format", "xyab-u8", "--relabel", "auto", "--mu", "1.5%",
                 "--epsilon", "1e-9", *harness.ANY_METHOD)
        _, err = self.run_program("amplify", *words, "--out", "first")
        self.assertNotIn("extracted before", err)
        _, err = self.run_program("amplify", *words, "--out", "second")
        self.assertIn("none covers both together", err)
        self.assertNotEqual(self.read("first", "output.bits"), self.read("second", "output.bits"))
        self.assertTrue(self.amplify("third", *words)["extracted_before"])
        other_plan = ["1e-8" if word == "1e-9" else word for word in words]
        self.assertFalse(self.amplify("other", *other_plan)["extracted_before"])

    def test_two_runs_in_one_folder(self):
        first = self.start("amplify", "--preset", "kulikov-2024", "--trial-count", "2^27", "--sim-seed", "1", "--out", self.folder / "run")
        try:
            while not (self.folder / "run/.lock").exists():
                time.sleep(0.01)
            time.sleep(0.2)
            if first.poll() is None:
                self.run_program("amplify", "--preset", "kulikov-2024", "--trial-count", "2^27", "--sim-seed", "1", "--out", self.folder / "run", expect=3)
        finally:
            first.send_signal(signal.SIGINT)
            first.communicate()
        self.assertEqual(first.returncode, 130)

    def test_disk_full(self):
        if not os.access("/dev/full", os.W_OK):
            self.skipTest("no /dev/full")
        import resource
        limit = TRIALS // 2  # bytes that a file of the run may have: the log does not fit

        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        self.run_program("amplify", *SMALL, "--sim-seed", "3", "--out", self.folder / "full", expect=3, preexec_fn=small_files)
        self.assertFalse((self.folder / "full/certificate.json").exists())
        self.amplify("full", *SMALL, "--sim-seed", "3")  # room again: it goes on
        self.environment["XDG_STATE_HOME"] = str(self.folder / "other-state")
        self.amplify("reference", *SMALL, "--sim-seed", "3")
        self.assertEqual(self.read("full", "output.bits"), self.read("reference", "output.bits"))

    def test_kill_at_random_moments(self):
        self.kill_at_random_moments(200 if harness.LONG else 3 if harness.SANITIZED else 20, *SMALL, "--sim-seed", "11")

    def test_kill_with_a_scheming_source(self):
        for source in ("scheming", "remembering"):
            self.kill_at_random_moments(50 if harness.LONG else 2 if harness.SANITIZED else 4, *SMALL, "--sim-seed", "12", "--source", source,
                                        label=source)

    def test_kill_with_settings_from_a_file(self):
        (self.folder / "weak.raw").write_bytes(random.Random(5).randbytes(6_000_000))
        words = (*SMALL, "--sim-seed", "13", "--source", "file:path=weak.raw")
        self.kill_at_random_moments(50 if harness.LONG else 2 if harness.SANITIZED else 4, *words, label="file")
        # After the log, before the seed; and before the log's end record: the seed still comes after the settings.
        for name, cut_bytes in (("no-seed", 0), ("no-end", 1)):
            run = self.folder / name
            run.mkdir(mode=0o700)
            for file in ("plan.json", "simulation.key", "log.trials"):
                (run / file).write_bytes((self.folder / "file-reference" / file).read_bytes())
            if cut_bytes:
                with open(run / "log.trials", "r+b") as log:
                    log.truncate((run / "log.trials").stat().st_size - cut_bytes)
            self.environment["XDG_STATE_HOME"] = str(self.folder / f"state-{name}")
            self.amplify(name, *words)
            for file in ("output.bits", "certificate.json", "log.trials", "seed.bits"):
                self.assertEqual(self.read(name, file), self.read("file-reference", file), f"{name}/{file}")

    def kill_at_random_moments(self, moments, *words, label="key"):
        self.environment["XDG_STATE_HOME"] = str(self.folder / f"{label}-state")
        start = time.monotonic()
        self.amplify(f"{label}-reference", *words)
        whole = time.monotonic() - start
        dice = random.Random(12)
        killed, run = 0, 0
        while killed < moments:
            run += 1
            name = f"{label}-run{run}"
            self.environment["XDG_STATE_HOME"] = str(self.folder / f"{label}-state{run}")
            for _ in range(4):  # several kills of one run
                process = self.start("amplify", *words, "--out", self.folder / name)
                killer = threading.Timer(dice.random() * whole, process.kill)
                killer.start()
                process.communicate()
                killer.cancel()
                if process.returncode == 0:
                    break
                killed += 1
            self.amplify(name, *words)
            for file in ("output.bits", "certificate.json", "log.trials", "seed.bits"):
                self.assertEqual(self.read(name, file), self.read(f"{label}-reference", file), f"{name}/{file}")
            self.assertFalse(list((self.folder / name).glob("*.tmp")), "a temporary file was left behind")


class SingleStages(harness.ProgramTest):
    """plan, import, certify and extract one by one, as a laboratory would."""

    def test_the_stages_one_by_one(self):
        records = self.shared("bell-ibmq/Hanoi11_14Circuit13.xyab.u8")
        self.run_program("import", records, "log.trials", "--format", "xyab-u8", "--relabel", "auto")
        certified = self.run_json("certify", "log.trials", "--mu", "1.5%", "--epsilon", "1e-9", "--out", "certificate.json", "--locality-stated",
                                  "not met: one chip")
        self.assertEqual(certified["verdict"], "certified")
        (self.folder / "seed.raw").write_bytes(random.Random(1).randbytes(100_000))
        words = ("extract", "--certificate", "certificate.json", "--log", "log.trials", "--seed", "seed.raw", "--raw", "--bits", 800_000)
        self.assertEqual(self.run_json(*words, "--out", "output.bits")["output_bits"], certified["output_bits"])
        self.run_program(*words, "--out", "output.bits", expect=3)  # exists
        self.run_program(*words[:-1], 1000, "--out", "short.bits", expect=3)

        document = json.loads((self.folder / "certificate.json").read_text())
        for change in ({"output_bits": document["output_bits"] + 1}, {"min_entropy_bits": document["min_entropy_bits"] + 1000}):
            (self.folder / "greedy.json").write_text(json.dumps({**document, **change}))
            greedy = ["greedy.json" if word == "certificate.json" else word for word in words]
            _, err = self.run_program(*greedy, "--out", "greedy.bits", expect=None)
            self.assertFalse((self.folder / "greedy.bits").exists(), change)

        refused = self.run_json("certify", "log.trials", "--mu", "20%", "--epsilon", "1e-9", "--out", "refused.json", expect=1)
        self.assertEqual(refused["verdict"], "not_certified")
        self.run_program("extract", "--certificate", "refused.json", "--log", "log.trials", "--seed", "seed.raw", "--raw", "--bits", 800_000,
                         "--out", "refused.bits", expect=1)


class Verify(harness.ProgramTest):
    def test_names_what_does_not_match(self):
        run = self.folder / "run"
        self.run_program("amplify", *SMALL, "--sim-seed", "5", "--out", run)
        self.run_program("verify", run)

        def tampered(name, change, expect):
            good = (run / name).read_bytes()
            (run / name).write_bytes(change(good))
            out, err = self.run_program("verify", run, expect=expect)
            (run / name).write_bytes(good)
            return out + err

        flip = lambda at: lambda data: data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
        self.assertIn("output", tampered("output.bits", flip(1000), 1))
        self.assertIn("log.trials", tampered("log.trials", flip(100_000), 3))
        self.assertIn("seed.bits", tampered("seed.bits", flip(1000), 3))
        self.assertIn("plan", tampered("plan.json", lambda data: data.replace(b'"0.0075"', b'"0.0076"'), 1))

        def more_bits(data):
            document = json.loads(data)
            document["output_bits"] += 1
            document["losses"] = document["losses"]
            return json.dumps(document).encode()

        self.assertTrue(tampered("certificate.json", more_bits, None))
        self.assertIn("certificate", tampered("certificate.json", lambda data: data[: len(data) // 2], 3))
        (run / "output.bits").unlink()
        self.run_program("verify", run, expect=3)


if __name__ == "__main__":
    harness.main()
