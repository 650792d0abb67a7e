"""certify, plan and locality as people use them."""
import hashlib
import json
import os
import pathlib
import stat
import unittest

from harness import ProgramTest, main

PUBLISHED = ["--trials", "20*2^26", "--mu", "0.75%", "--epsilon", "1e-12"]


class Certify(ProgramTest):
    def test_compare_published(self):
        document = self.run_json("certify", "--compare", "--preset", "kulikov-2024")
        rows = {(row["method"], row["extractor"]): row for row in document["rows"]}
        self.assertAlmostEqual(rows["mdl-as-printed", "shift-matrix"]["output_bits"] / 20431465, 1, delta=0.02)
        self.assertAlmostEqual(rows["as printed", "shift-matrix"]["output_bits"] / 20431465, 1, delta=0.02)
        for extractor in ("toeplitz", "circulant"):
            self.assertGreaterEqual(rows["win", extractor]["output_bits"], 225.5e6)
        self.assertGreaterEqual(rows["win", "short-seed"]["output_bits"], 226.5e6)
        self.assertGreaterEqual(rows["win", "short-seed"]["mu_max"], 0.0342)
        self.assertTrue(0.013 <= rows["mdl-as-printed", "shift-matrix"]["mu_max"] <= 0.014)
        wide = self.run_json("certify", "--compare", "--preset", "kulikov-2024", "--mu", "3%")
        bits = {(row["method"], row["extractor"]): row["output_bits"] for row in wide["rows"]}
        self.assertGreaterEqual(bits["win", "short-seed"], 37e6)
        self.assertEqual(bits["mdl-as-printed", "shift-matrix"], 0)

    def test_numbers_only(self):
        words = ["certify", *PUBLISHED, "--threshold", "0.783875", "--score", "0.783875"]
        certificate = self.run_json(*words)
        self.assertEqual(sorted(certificate), ["adversary", "assumptions", "digests", "epsilon", "hypothetical", "losses", "method",
                                               "min_entropy_bits", "output_bits", "plan", "protocol", "score", "simulated", "trials",
                                               "verdict"])
        self.assertTrue(certificate["hypothetical"])
        self.assertEqual(certificate["digests"], {})
        self.assertGreaterEqual(certificate["output_bits"], 226.5e6)
        self.assertIn("Guarantee", certificate["assumptions"][0])
        out, _ = self.run_program(*words, "--full")
        self.assertTrue(out.startswith("HYPOTHETICAL"))
        refused = self.run_json("certify", *PUBLISHED, "--threshold", "0.76", "--score", "0.7599", expect=1)
        self.assertEqual(refused["verdict"], "not_certified")

    def test_bad_values(self):
        for words in (["--trials", "0", "--score", "0.8"], ["--trials", "1000", "--score", "nan"],
                      ["--trials", "1000", "--score", "0.8", "--mu", "0.5"], ["--trials", "1000", "--score", "0.8", "--mu", "-0.1"],
                      ["--trials", "1000", "--score", "0.8", "--epsilon", "0"], ["--trials", "1000", "--score", "0.8", "--epsilon", "1"],
                      ["--trials", "1000", "--score", "0.8", "--threshold", "0.9"], ["--trials", "1000"],
                      ["--trials", "1e6", "--score", "1", "--mu", "0.0075"], ["--trials", "1e6", "--score", "0.84", "--mu", "0.0075", "--method", "mdl"],
                      ["--trials", "1000", "--score", "0.8", "--method", "magic"], []):
            bias = [] if "--mu" in words else ["--mu", "0.01"]
            _, err = self.run_program("certify", *words, *bias, expect=2)
            self.assertIn("bellows certify:", err)
            self.assertNotIn("its owner asserts", err)
        self.run_program("certify", "missing.trials", expect=3)

    def test_no_certificate_without_the_signature_that_was_asked_for(self):
        words = ["certify", *PUBLISHED, "--threshold", "0.783875", "--score", "0.783875", "--method", "win", "--out", "c.json", "--sign"]
        self.run_program("certify", "--make-key", "lab")
        (self.folder / "empty.json").write_text("{}")
        for key in ("lab.pub", "missing", "empty.json"):
            before = sorted(self.folder.iterdir())
            _, err = self.run_program(*words, key, expect=3)
            self.assertIn(key, err)
            self.assertEqual(sorted(self.folder.iterdir()), before)
        for taken in ("c.json", "c.public.json", "c.json.sig", "c.public.json.sig"):
            (self.folder / taken).write_text("mine")
            before = sorted(self.folder.iterdir())
            _, err = self.run_program(*words, "lab", expect=3)
            self.assertIn(taken, err)
            self.assertEqual(sorted(self.folder.iterdir()), before)
            self.assertEqual((self.folder / taken).read_text(), "mine")
            (self.folder / taken).unlink()
        self.run_program(*words, "lab")
        self.run_program(*words, "lab", "--overwrite")
        self.run_program("certify", "--check", "c.public.json", "--key", "lab.pub")
        key = (self.folder / "lab").read_bytes()
        _, err = self.run_program(*words[:words.index("--out")], "--out", "lab", "--sign", "./lab", "--overwrite", expect=2)
        self.assertIn("take the place of what it is made from", err)
        self.assertEqual((self.folder / "lab").read_bytes(), key)
        (self.folder / "run").mkdir()
        for name in ("log.trials", "plan.json"):
            (self.folder / "run" / name).write_text("mine")
            self.run_program("certify", "run", "--out", f"run/{name}", "--overwrite", expect=2)
            self.assertEqual((self.folder / "run" / name).read_text(), "mine")
        (self.folder / "other.pub").write_text("mine")
        self.run_program("certify", "--make-key", "other", expect=3)
        self.assertFalse((self.folder / "other").exists())

    def test_against_whom(self):
        words = ["certify", *PUBLISHED, "--threshold", "0.783875", "--score", "0.783875"]
        usual, classical = self.run_json(*words), self.run_json(*words, "--adversary", "classical")
        self.assertEqual((usual["adversary"], classical["adversary"], classical["plan"]["adversary"]), ("quantum", "quantum", "classical"))
        self.assertEqual(usual["output_bits"], classical["output_bits"])
        out, _ = self.run_program(*words, "--adversary", "classical")
        self.assertIn("against a quantum adversary", out.splitlines()[0])
        self.assertIn("this covers classical, which the plan asks for", out)
        _, err = self.run_program(*words, "--adversary", "no-signalling", expect=2)
        self.assertIn("method two-sided is proved against the adversary quantum, and that does not cover no-signalling", err)
        _, err = self.run_program(*words, "--adversary", "magic", expect=2)
        self.assertIn("quantum, no-signalling, classical", err)
        toml = 'mu = 0.01\ntrial_count = "2^18"\nmethod = "win"\nadversary = "{}"\n[thresholds]\nlist = ["0.82"]\n[epsilons]\ntotal = "1e-9"\n'
        (self.folder / "p.toml").write_text(toml.format("no-signalling"))
        _, err = self.run_program("plan", "--read", "p.toml", expect=3)
        self.assertIn("method win is proved against the adversary quantum, and that does not cover no-signalling", err)
        (self.folder / "p.toml").write_text(toml.format("classical"))
        self.run_program("plan", "--read", "p.toml", "--out", "p.json")
        self.run_program("certify", "--plan", "p.json", "--score", "0.83", "--adversary", "quantum", expect=1)
        self.run_program("amplify", "--plan", "p.json", "--preset", "tsirelson", "--sim-seed", "1", "--out", "run")
        verified = self.run_json("verify", "run")
        self.assertEqual((verified["verified"], verified["adversary"], verified["epsilon"], verified["simulated"]), (True, "quantum", "1e-9", True))
        out, _ = self.run_program("verify", "run")
        self.assertIn("DEMONSTRATION (simulated device); epsilon 1e-9, against a quantum adversary", out)
        self.assertIn("quantum memory", (self.folder / "run" / "report.html").read_text())
        rows = self.run_json("certify", "--compare")["rows"]
        self.assertEqual({row["adversary"] for row in rows}, {"quantum"})

    def test_no_option_is_dropped(self):
        self.run_program("plan", "--threshold", "0.8", "--trials", "2^20", "--mu", "0.01", "--out", "p.json")
        for words in (["--compare", "--score", "0.78"], ["--compare", "--method", "win"], ["--compare", "--trials", "0"], ["--compare", "--epsilon", "5"],
                      ["--make-key", "k", "--full"], ["--plan", "p.json", "--preset", "tsirelson", "--score", "0.8"]):
            self.run_program("certify", *words, expect=2)
        self.assertFalse((self.folder / "k").exists())
        for option, value in (("--trials", "5"), ("--publish", "score")):
            _, err = self.run_program("certify", "--plan", "p.json", "--score", "0.8", option, value, expect=1)
            self.assertIn("is not the plan's", err)
        self.run_program("simulate", "--trial-count", "1000", "--out", "s.trials")
        self.run_program("certify", "s.trials", "--score", "0.8", expect=2)

    def test_nobody_else_asserts_the_bias(self):
        (self.folder / "r.u8").write_bytes(bytes(i * 7 % 16 for i in range(1000)))
        self.run_program("import", "r.u8", "r.trials", "--format", "xyab-u8")
        for words in (["r.trials"], ["r.trials", "--epsilon", "1e-6"], ["--trials", "2^24", "--score", "0.82"]):
            _, err = self.run_program("certify", *words, expect=2)
            self.assertIn("what its owner asserts", err)
        # The same words as amplify's.
        _, same = self.run_program("amplify", "--trials", "r.trials", "--out", "run", expect=2)
        self.assertEqual(same.replace("bellows amplify", "bellows certify"), err)
        self.run_program("certify", "r.trials", "--mu", "0.01", expect=1)
        self.run_program("certify", "r.trials", "--preset", "kulikov-2024", "--trials", "1000", expect=1)
        self.run_program("simulate", "--trial-count", "1000", "--out", "s.trials")
        self.run_program("certify", "s.trials", expect=1)  # a demonstration

    def test_keys_and_signatures(self):
        self.run_program("certify", "--make-key", "key")
        self.assertEqual(stat.S_IMODE(os.stat(self.folder / "key").st_mode), 0o600)
        words = ["certify", "--trials", "2^24", "--mu", "0.01", "--epsilon", "1e-9", "--score", "0.82", "--out", "c.json", "--sign", "key"]
        self.run_program(*words)
        self.assertEqual(stat.S_IMODE(os.stat(self.folder / "c.json").st_mode), 0o600)
        self.assertTrue((self.folder / "c.public.json").exists())
        self.run_program("certify", "--check", "c.json", "--key", "key.pub")
        self.run_program(*words, expect=3)  # exists
        text = (self.folder / "c.json").read_text()
        (self.folder / "c.json").write_text(text.replace('"trials": 16777216', '"trials": 16777215'))
        self.run_program("certify", "--check", "c.json", expect=3)
        (self.folder / "c.json").write_text(text + "\n")
        _, err = self.run_program("certify", "--check", "c.json", expect=1)
        self.assertIn("signature", err)


class Plan(ProgramTest):
    def test_plan_files_that_nothing_can_follow(self):
        self.run_program("plan", "--grid", "--preset", "kulikov-2024", "--out", "plan.json")
        good = json.loads((self.folder / "plan.json").read_text())
        for change, words in (({"relabelling": "zzz"}, "relabelling is unknown"), ({"seed_bits": 2**64 - 1}, "seed is longer"),
                              ({"relabelling": "a:flip,x:flip"}, "another spelling")):
            (self.folder / "bad.json").write_text(json.dumps({**good, **change, "origin": "file"}))
            _, err = self.run_program("plan", "--read", "bad.json", "--out", "out.json", expect=None)
            self.assertIn(words, err)
            self.assertFalse((self.folder / "out.json").exists())

    def test_no_option_is_dropped(self):
        search = ["plan", "--score", "0.7839", "--trials", "2^30", "--mu", "0.0075", "--epsilon", "1e-12"]
        public = self.run_json(*search, "--mode", "public", "--out", "p.json")
        self.assertEqual(public["plan"]["publish"]["mode"], "public")
        self.assertEqual(json.loads((self.folder / "p.json").read_text())["publish"]["mode"], "public")
        for words in ([*search, "--csv", "c.csv"], [*search, "--witness-file", "mdl"], [*search, "--points", "3"],
                      [*search[:1], *search[3:], "--threshold", "0.78", "--bits", "5"], [*search, "--tilt", "30"],
                      ["plan", "--read", "p.json", "--bits", "5"], ["plan", "--read", "p.json", "--mu", "0.01"],
                      ["plan", "--grid", "--preset", "kulikov-2024", "--chance", "0.9"],
                      ["plan", "--grid", "--trials", "2^30"], ["plan", "--figure2", "--trials", "2^30"],
                      ["plan", "--witness", "--counts", ",".join(["1"] * 16), "--tilt", "30"],
                      ["plan", "--witness", "--bits", "5"]):
            _, err = self.run_program(*words, expect=2)
            self.assertNotIn("got none", err)
        own = self.run_json("plan", *search[3:], "--threshold", "0.78", "--score", "0.7839")
        self.assertEqual(own["plan"]["thresholds"]["list"], ["0.78"])
        self.assertGreater(own["expected"]["output_bits"], 0)
        limit = self.run_json("plan", "--score", "0.85", "--trials", "2^34", "--mu", "0.0001", "--bits", "10")
        self.assertTrue(limit["epsilon_at_limit"])
        out, _ = self.run_program("plan", "--score", "0.85", "--trials", "2^34", "--mu", "0.0001", "--bits", "10")
        self.assertIn("the smallest that is looked for", out)
        out, _ = self.run_program("plan", "--help")
        self.assertIn("0.999", out)
        self.assertEqual(self.run_json(*search, "--chance", "99%"), self.run_json(*search, "--chance", "0.99"))
        bright = ["plan", "--witness", "--mu", "1%"]
        self.assertEqual(self.run_json(*bright, "--efficiency-a", "95%"), self.run_json(*bright, "--efficiency-a", "0.95"))

    def test_slips_are_answered_with_what_helps(self):
        numbers = ["--trials", "1e9", "--epsilon", "1e-12"]
        for words in (["plan", "--score", "0.78", *numbers, "--mu", "1.5"], ["certify", "--score", "0.78", *numbers, "--mu", "1.5"],
                      ["plan", "--figure2", "--mu", "1.5"], ["certify", "--compare", "--mu", "1.5"], ["simulate", "--mu", "1.5", "--out", "x"],
                      ["amplify", "--mu", "1.5", "--out", "x"], ["prove", "entropy", "--mu", "1.5", "--score", "0.8"],
                      ["protocol", "brandao-1", "--mu", "1.5"], ["figure", "kulikov-2", "--mu", "1.5"]):
            _, err = self.run_program(*words, expect=2)
            self.assertIn("1.5 per cent is written 1.5%", err, words)
        _, err = self.run_program("certify", "--score", "0.78", *numbers, "--mu", "60%", expect=2)
        self.assertNotIn("is written", err)
        for words, hint in ((["certify", "--score", "2.271", "--mu", "1%"], "win-frequency 0.783875"),
                            (["certify", "--score", "2.271", "--mu", "1%", "--method", "mdl"], "mdl-value 0.0024"), (["plan", "--score", "2.271", "--mu", "1%"], "given as S"),
                            (["certify", "--score", "0.78", "--mu", "1%", "--method", "mdl"], "symmetric noise have 0.0019515"),
                            (["plan", "--score", "0.78"], "output bits, mu left out"), (["plan", "--score", "0.78", "--mu", "1%", "--chance", "99.9"], "0.999"),
                            (["certify", "--score", "0.78", "--mu", "1e-6000"], "exponents up to 5000")):
            self.assertIn(hint, self.run_program(*words, *numbers, expect=2)[1])
        for words, hint in ((["--S", "2.5", "--trials", "1e9", "--bits", "100", "--mu", "0.3"], "largest bias is about 0.066"),
                            (["--S", "1.9", "--trials", "1e9", "--bits", "100", "--mu", "0.01"], "local devices reach this score"),
                            (["--S", "2.5", "--trials", "1000", "--mu", "0.01", "--epsilon", "1e-9"], "trials would do")):
            self.assertIn(hint, self.run_program("plan", *words, expect=1)[1])
        # Plans under which nothing will be certified say so, and which bias could do.
        far = self.run_json("plan", "--grid", "--mu", "0.2", "--trials", "1e9", expect=1)
        self.assertTrue(far["certifies_nothing"])
        self.assertTrue(0.1 < far["largest_mu"] < 0.13, far["largest_mu"])
        self.assertIsNone(self.run_json("plan", "--grid", "--mu", "0.01", "--trials", "10", expect=1)["largest_mu"])
        # The largest bias is that of the plan's own threshold, and a seed's length does not make a plan that gives something.
        numbers = ["--trials", "1e9", "--epsilon", "1e-12"]
        bias_of = {}
        for mu in ("0.0303", "0.05"):
            own = self.run_json("plan", "--threshold", "0.78", *numbers, "--mu", mu, "--method", "win", expect=1)
            self.assertTrue(own["certifies_nothing"])
            bias_of[mu] = own["largest_mu"]
            self.assertLess(own["largest_mu"], 0.0303)
        self.assertEqual(bias_of["0.0303"], bias_of["0.05"])
        self.assertFalse(self.run_json("plan", "--threshold", "0.78", *numbers, "--mu", str(bias_of["0.05"]), "--method", "win")["certifies_nothing"])
        document = {**own["plan"], "mu": "0.2", "seed_bits": 100000}
        (self.folder / "far.json").write_text(json.dumps(document))
        self.assertTrue(self.run_json("plan", "--read", "far.json", expect=1)["certifies_nothing"])
        for words in (["plan", "--grid"], ["certify", "--score", "0.9"]):
            _, err = self.run_program(*words, "--mu", "0.499999999", "--trials", "1e9", expect=1)
            self.assertIn("no device gets beyond local ones", err)
        good = self.run_json("plan", "--grid", "--mu", "0.01", "--trials", "1e9")
        self.assertFalse(good["certifies_nothing"])
        self.assertGreater(good["plan"]["seed_bits"], 1e9)

    def test_each_unknown(self):
        known = {"--S": "2.271", "--trials": "20*2^26", "--mu": "0.0075", "--epsilon": "1e-12", "--bits": "1000000"}
        for left_out in known:
            words = [word for pair in known.items() if pair[0] != left_out for word in pair]
            solved = self.run_json("plan", *words)
            self.assertGreaterEqual(solved["output_bits"], 1000000, left_out)
            self.assertEqual(solved["bound"]["output_bits"], solved["output_bits"])
            self.assertGreater(solved["bits_per_mille_of_S"], 0)
        here, there = (self.run_json("plan", "--S", s, "--trials", "5e6", "--mu", "1%", "--epsilon", "1e-10") for s in ("2.4", "2.4024"))
        gain = there["output_bits"] - here["output_bits"]
        self.assertLess(abs(here["bits_per_mille_of_S"] / gain - 1), 0.02, "one per mille of 2.4 is 0.0024")
        self.assertGreaterEqual(self.run_json("plan", "--S", "2.271", "--trials", "20*2^26", "--epsilon", "1e-12", "--bits", "1e6")["mu"], 0.0342)
        self.run_program("plan", "--S", "2.271", "--mu", "0.01", expect=2)
        _, err = self.run_program("plan", "--S", "2.271", "--trials", "2^30", "--mu", "0.1", "--epsilon", "1e-9", expect=1)
        self.assertIn("largest bias", err)

    def test_plan_files(self):
        self.run_program("plan", "--grid", "--preset", "kulikov-2024", "--out", "plan.json")
        self.run_program("plan", "--grid", "--preset", "kulikov-2024", "--out", "plan.json", expect=3)
        certificate = self.run_json("certify", "--plan", "plan.json", "--score", "0.783875")
        self.assertGreaterEqual(certificate["output_bits"], 10.2e6)
        expected = self.run_json("plan", "--read", "plan.json", "--score", "0.783875")["expected"]
        self.assertGreater(expected["power"], 0.999)
        self.assertEqual(expected["output_bits"], certificate["output_bits"])
        for option, value in (("--mu", "0.01"), ("--epsilon", "1e-9"), ("--threshold", "0.78"), ("--extractor", "toeplitz")):
            _, err = self.run_program("certify", "--plan", "plan.json", "--score", "0.783875", option, value, expect=1)
            self.assertIn("is not the plan's", err)
        self.run_program("certify", "--plan", "plan.json", "--score", "1.5", expect=2)
        (self.folder / "plan.toml").write_text('mu = 0.01\ntrial_count = "2^24"\n[thresholds]\nlist = ["0.8"]\n[epsilons]\ntotal = "1e-9"\n')
        first = self.run_json("plan", "--read", "plan.toml", "--out", "p.json")
        again = self.run_json("plan", "--read", "p.json")
        self.assertEqual(first["digest"], again["digest"])
        self.assertGreater(first["plan"]["seed_bits"], 0)
        (self.folder / "beyond.toml").write_text('mu = 0.01\ntrial_count = 100000\n[thresholds]\nlist = ["0.95"]\n[epsilons]\ntotal = "1e-9"\n')
        for verb in (["plan", "--read"], ["certify", "--score", "0.8", "--plan"]):
            _, err = self.run_program(*verb, "beyond.toml", expect=3)
            self.assertIn("beyond.toml", err)
        for bad in ("mu = nan\n", "nu = 0.01\n", 'mu = 0.01\ntrial_count = 100\n[thresholds]\nlist = ["0.9"]\n[epsilons]\ntotal = "1e-9"\n'):
            (self.folder / "bad.toml").write_text(bad)
            _, err = self.run_program("plan", "--read", "bad.toml", expect=None)
            self.assertIn("bellows plan:", err)

    def test_curves(self):
        words = ["--S", "2.4", "--mu", "1%", "--epsilon", "1e-9"]
        curve = self.run_json("plan", "--vary", "trials=1e4:1e8", *words, "--points", "9", "--csv", "c.csv", "--svg", "c.svg")
        self.assertEqual((curve["varied"], curve["found"]), ("trials", "bits"))
        lines = (self.folder / "c.csv").read_text().splitlines()
        self.assertEqual(lines[0], "score,trials,bits,mu,epsilon,threshold,proved_bits")
        bits = [point["bits"] for point in curve["points"]]
        self.assertIsNone(bits[0], "too few trials for a bit")
        self.assertEqual(lines[1], ",10000,,,,,")
        some = [value for value in bits if value is not None]
        self.assertEqual(some, sorted(some))
        self.assertEqual(some[-1], self.run_json("plan", *words, "--trials", "1e8")["output_bits"], "as for one point")
        self.assertIn("output bits against trials", (self.folder / "c.svg").read_text())
        bias = self.run_json("plan", "--vary", "bits=1e3:1e7", "--S", "2.4", "--trials", "1e8", "--epsilon", "1e-9", "--points", "5", "--method", "win")
        self.assertEqual([point["mu"] for point in bias["points"]], sorted((p["mu"] for p in bias["points"]), reverse=True))
        for name, limits, left_out in (("S", "2.3:2.8", "--S"), ("mu", "0%:3%", "--mu"), ("epsilon", "1e-20:1e-3", "--epsilon")):
            rest = [w for i in range(0, 6, 2) if words[i] != left_out for w in words[i:i + 2]]
            points = self.run_json("plan", "--vary", f"{name}={limits}", *rest, "--bits", "1e5", "--points", "3", "--method", "win")["points"]
            self.assertTrue(all(point["trials"] > 1e5 for point in points), points)
        for bad in ("trials", "trials=5", "trials=9:5", "trials=0:5", "noise=1:2", "mu=a:b", "S=2.3:2.4", "score=0.78:0.8"):
            self.run_program("plan", "--vary", bad, *words, expect=2)
        self.run_program("plan", "--vary", "S=2.2:2.8", "--score", "0.78", "--trials", "1e8", "--mu", "1%", "--epsilon", "1e-9", expect=2)
        # An epsilon that no double holds is not shown as zero.
        tiny = self.run_json("plan", "--vary", "bits=1:100", "--mu", "1%", "--trials", "1e7", "--S", "2.5", "--method", "win", "--points", "2",
                             "--csv", "e.csv", "--svg", "e.svg")
        self.assertTrue(all(point["epsilon"] > 0 for point in tiny["points"]), tiny)
        for point, line in zip(tiny["points"], (self.folder / "e.csv").read_text().splitlines()[1:], strict=True):
            self.assertEqual(line.split(",")[4], point["epsilon_exact"])
            self.assertRegex(point["epsilon_exact"], r"2\^-\d{4}")
        self.assertIn("1.5 per cent", self.run_program("plan", "--vary", "mu=0:1.5", "--S", "2.5", "--trials", "1e7", "--epsilon", "1e-9", expect=2)[1])
        self.run_program("plan", "--vary", "mu=0:0.7", "--S", "2.4", "--trials", "1e8", "--epsilon", "1e-9", expect=2)
        _, err = self.run_program("plan", "--vary", "mu=0.2:0.3", "--S", "2.4", "--trials", "1e8", "--epsilon", "1e-9", expect=1)
        self.assertIn("largest bias", err)

    def test_figure_two(self):
        self.run_program("plan", "--figure2", "--points", "9", "--csv", "c.csv", "--svg", "c.svg")
        lines = (self.folder / "c.csv").read_text().splitlines()
        self.assertEqual(lines[0], "method,extractor,mu,S,trials")
        self.assertEqual(len(lines), 1 + 3 * 5 * 9)  # the published bound, one outcome, both outcomes
        table = {}
        for line in lines[1:]:
            method, _, mu, chsh, trials = line.split(",")
            if trials:
                table[method, mu, chsh] = float(trials)
        for (method, mu, chsh), trials in table.items():
            if method == "mdl-as-printed":
                self.assertLess(table["win", mu, chsh], trials)
        self.assertIn("Kulikov 2024", (self.folder / "c.svg").read_text())


    def test_a_plan_that_certifies_nothing_says_why_and_is_not_written(self):
        for words, why in ((("--threshold", "0.7", "--trials", "1e9"), r"0\.7, .*0\.7 does not reach beyond 0\.75744375, which local devices reach.*no smaller bias either"),
                           (("--threshold", "0.78", "--trials", "1e9", "--mu", "5%", "--method", "win"), r"which local devices reach.*largest bias with a certified bit .* is mu = 0\.030"),
                           (("--threshold", "0.76", "--trials", "1000"), r"too few trials .*about 2.4e\+07 trials would do"),
                           (("--grid", "--trials", "10"), r"0\.853553391, the best .*: too few trials .* would do")):
            out, _ = self.run_program("plan", "--mu", "0.0075", *words, "--out", "none.json", expect=1) if "--mu" not in words else \
                self.run_program("plan", *words, "--out", "none.json", expect=1)
            self.assertRegex(out, "output +none, not even at the score " + (why if why.startswith("0") else ".*" + why))
            self.assertIn("not written none.json", out)
            self.assertFalse((self.folder / "none.json").exists())
        self.run_program("plan", "--threshold", "0.78", "--trials", "1e9", "--mu", "0.0075", "--out", "some.json")
        self.assertTrue((self.folder / "some.json").exists())

    def test_a_weaker_adversary_is_named_beside_the_one_that_covers_it(self):
        for way in (("--threshold", "0.78"), ("--S", "2.271")):
            words = ("plan", *way, "--trials", "20*2^26", "--mu", "0.0075", "--epsilon", "1e-12")
            self.assertIn("against a quantum adversary, which covers the classical one that was asked for",
                          self.run_program(*words, "--adversary", "classical")[0])
            self.assertNotIn("covers", self.run_program(*words)[0])
        # What --help says of epsilon's default.
        self.assertEqual(self.run_json("plan", "--threshold", "0.78", "--trials", "20*2^26", "--mu", "0.0075")["plan"]["epsilons"]["total"], "1e-12")
        self.assertEqual(self.run_json("plan", "--S", "2.271", "--trials", "20*2^26", "--mu", "0.0075", "--bits", "1e6")["found"], "epsilon")
        self.assertIn("else what is looked for", self.run_program("plan", "--help")[0])

    def test_a_witness_that_separates_nothing(self):
        words = ("plan", "--witness", "--visibility-z", "0.5", "--visibility-x", "0.5", "--mu", "1%", "--save", "w.json")
        out, _ = self.run_program(*words, expect=1)
        self.assertIn("no linear witness separates", out)
        self.assertIn("entropy: none, since local strategies do as well", out)
        self.assertIn("not saved: w.json", out)
        self.assertNotIn("bellows prove", out)
        document = self.run_json(*words, expect=1)
        self.assertEqual((document["separates"], document["entropy"]), (False, "not_certified"))
        self.assertFalse((self.folder / "w.json").exists())

    def test_the_hint_to_make_a_proof_can_be_typed(self):
        self.environment["BELLOWS_ENTROPY_PROOFS"] = str(self.folder / "proofs")
        out, _ = self.run_program("plan", "--witness", "--tilt", "25", "--mu", "0.02", "--save", "w.json")
        hint = out.split("'bellows ")[1].split("'")[0].split()
        self.assertIn("value " + hint[hint.index("--score") + 1][:8], out, "the value over the largest weight, as it is printed")
        below = ["plan", "--witness-file", "w.json", "--trials", "1e8", "--threshold", "0.027"]
        out, _ = self.run_program(*below, expect=1)
        typed = out.split("'bellows ")[1].split("'")[0].replace("FILE", "w.json").split()
        self.assertEqual(typed, [*hint[:6], "--score", "0.027", "--keep"])
        for words in (["certify", *below[1:], "--score", "0.027"], ["plan", *below[1:5], "--score", "0.027", "--epsilon", "1e-9"]):
            out, err = self.run_program(*words, expect=1)
            self.assertIn("--mu 0.02 --score 0.027 ", out + err)
        _, err = self.run_program("plan", *below[1:5], "--epsilon", "1e-9", "--bits", "5", expect=1)
        self.assertIn("--score W --keep' (W: the expected value, over the file's largest weight)", err)
        # The search for the best line takes long; a line that is given does not.
        at = typed.index("--score")
        self.run_program(*typed[:at], "--lambda", "25", "--slack", "0.1", "--keep")
        self.run_program(*below)

    def test_witness(self):
        tilted = self.run_json("plan", "--witness", "--tilt", "30", "--mu", "0.02", "--save", "w.json")
        self.assertTrue(tilted["separates"])
        self.assertGreater(tilted["largest_mu"]["witness"], tilted["largest_mu"]["win"])
        self.assertTrue(self.run_json("plan", "--witness", "--check-witness", "w.json")["holds"])
        document = json.loads((self.folder / "w.json").read_text())
        document["mu"] = "0.2"
        (self.folder / "w.json").write_text(json.dumps(document))
        self.run_program("plan", "--witness", "--check-witness", "w.json", expect=1)
        self.run_program("plan", "--witness", "--efficiency-a", "2", expect=2)


class Locality(ProgramTest):
    FILE = """
[distance]
A_to_B_m = 33
B_to_A_m = 32.928
uncertainty_m = 0.01
[[segment]]
name = "generator"
duration_ns = 17.1
[[segment]]
name = "detection"
direction = "A->B"
duration_ns = 90
[[segment]]
name = "detection"
direction = "B->A"
duration_ns = {0}
"""

    def test_verdicts(self):
        (self.folder / "good.toml").write_text(self.FILE.format(86))
        (self.folder / "late.toml").write_text(self.FILE.format(98))
        self.assertTrue(self.run_json("locality", "good.toml")["closed"])
        late = self.run_json("locality", "late.toml", expect=1)
        self.assertAlmostEqual(late["directions"][1]["sum_ns"], 115.1)
        (self.folder / "bad.toml").write_text(self.FILE.format(-1))
        _, err = self.run_program("locality", "bad.toml", expect=3)
        self.assertIn("negative duration", err)

    PULSES = "time_h,station,early_ns,late_ns,granularity_ns\n0,A,1,1.1,1.66\n1,A,1,1.2,1.66\n"

    def test_the_verdict_stands_in_the_certificate(self):
        (self.folder / "good.toml").write_text(self.FILE.format(86))
        (self.folder / "late.toml").write_text(self.FILE.format(98))
        (self.folder / "pulses.csv").write_text(self.PULSES)
        digest = hashlib.sha256(self.FILE.format(86).encode()).hexdigest()
        numbers = ["certify", "--trials", "2^24", "--mu", "0.01", "--score", "0.82"]
        sentence = lambda words: next(s for s in words["assumptions"] if s.startswith("Space"))
        passed = sentence(self.run_json(*numbers, "--locality", "good.toml", "--strict"))
        self.assertTrue(passed.startswith("Space-time check by this program: passed; A->B: "), passed)
        self.assertIn(f"SHA-256 {digest}", passed)
        with_pulses = sentence(self.run_json(*numbers, "--locality", "good.toml", "--pulses", "pulses.csv"))
        self.assertIn(hashlib.sha256(self.PULSES.encode()).hexdigest(), with_pulses)
        out, _ = self.run_program(*numbers, "--locality", "late.toml")
        self.assertIn("SPACE-TIME CHECK FAILED; A->B", "".join(out.splitlines()[:2]))
        self.assertEqual(out.lower().count("space-time check"), 1, "once is right")
        out, _ = self.run_program(*numbers, "--locality", "late.toml", "--strict", expect=1)
        self.assertIn("not certified: strict: the space-time check failed", out.splitlines()[0])
        # Typed words never look like a check, whatever they say.
        typed = sentence(self.run_json(*numbers, "--locality-stated", "passed; A->B: 1 ns"))
        self.assertTrue(typed.startswith("Space-time check NOT made by this program; as stated by the operator: passed"), typed)
        out, _ = self.run_program(*numbers, "--locality-stated", "FAILED; by far")
        self.assertNotIn("SPACE-TIME CHECK", out)
        self.run_program(*numbers, "--locality", "passed, as everybody saw", expect=3)
        self.run_program(*numbers, "--pulses", "pulses.csv", expect=2)
        self.run_program(*numbers, "--locality", "good.toml", "--locality-stated", "words", expect=2)

    def test_a_run_keeps_and_verifies_the_check(self):
        (self.folder / "good.toml").write_text(self.FILE.format(86))
        (self.folder / "late.toml").write_text(self.FILE.format(98))
        (self.folder / "pulses.csv").write_text(self.PULSES)
        words = ["amplify", "--preset", "tsirelson", "--trial-count", "2^18", "--sim-seed", "1"]
        _, err = self.run_program(*words, "--out", "strict", "--locality", "late.toml", "--strict", expect=1)
        self.assertIn("the space-time check failed", err)
        self.assertFalse((self.folder / "strict" / "log.trials").exists(), "refused before the first trial")
        out, _ = self.run_program(*words, "--out", "late", "--locality", "late.toml")
        self.assertIn("SPACE-TIME CHECK FAILED", "".join(out.splitlines()[:2]))
        self.assertIn("Space-time check by this program: FAILED", (self.folder / "late" / "report.html").read_text())
        self.run_program("verify", "late")

        run = self.folder / "run"
        self.run_program(*words, "--out", run, "--locality", "good.toml", "--pulses", "pulses.csv")
        self.run_program(*words, "--out", run, "--locality", "good.toml", "--pulses", "pulses.csv")
        self.run_program(*words, "--out", run, "--locality", "late.toml", expect=1)
        for name in ("locality.toml", "pulses.csv"):
            self.assertEqual(stat.S_IMODE(os.stat(run / name).st_mode), 0o600)
        steps = {step["what"]: step["matches"] for step in self.run_json("verify", run)["steps"]}
        self.assertTrue(steps["space-time check"])
        text = (run / "locality.toml").read_text()
        (run / "locality.toml").write_text(text.replace("86", "85"))
        self.assertEqual(self.run_json("verify", run, expect=1)["first_mismatch"], "space-time check")
        (run / "locality.toml").unlink()
        self.assertIn("not made again", self.run_json("verify", run)["warnings"][0])
        self.run_program("verify", run, "--locality", "good.toml")
        # The sentence belongs to what the certificate's digest covers.
        certificate = (run / "certificate.json").read_text()
        (run / "certificate.json").write_text(certificate.replace("program: passed; A->B", "program: passed, A->B"))
        self.run_program("verify", run, expect=3)


if __name__ == "__main__":
    main()
