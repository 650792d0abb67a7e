"""The key distribution as two parties use it: two processes, two folders, one line."""
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import unittest

from harness import PROGRAM, ROOT, SANITIZED, ProgramTest, main


class KeyDistribution(ProgramTest):
    def prepare(self, pairs="600000", noise="0", settings="7", messages="100", **more):
        for name in ("a", "b"):
            (self.folder / f"{name}.raw").write_bytes(os.urandom(int(pairs) // 2 + 8192))
        out = self.run_json("qkd", "simulate", "--raw", "--pairs", pairs, "--noise", noise, "--settings", settings,
                            "--gamma", more.pop("gamma", "0.8775"), "--alice-bits", "a.raw", "--bob-bits", "b.raw", "--alice", "A.trials", "--bob", "B.trials",
                            *[word for key, value in more.items() for word in ("--" + key, value)])
        self.run_program("qkd", "secret", "--out-alice", "A.secret", "--out-bob", "B.secret", "--messages", messages)
        return out

    def parties(self, *words, expect=(0, 0), alice=(), bob=()):
        a = self.start("qkd", "alice", "--listen", "127.0.0.1:0", "--records", "A.trials", "--secret", "A.secret", "--key", "A.key",
                       "--timeout", "30", "--json", *words, *alice, text=True)
        line = a.stderr.readline()
        port = re.search(r"port (\d+)", line)
        self.assertTrue(port, line + a.stderr.read() if not port else "")
        b = self.start("qkd", "bob", "--connect", f"127.0.0.1:{port[1]}", "--records", "B.trials", "--secret", "B.secret", "--key", "B.key",
                       "--timeout", "30", "--json", *words, *bob, text=True)
        b_out, b_err = b.communicate(timeout=300)
        a_out, a_err = a.communicate(timeout=300)
        self.assertEqual((a.returncode, b.returncode), expect, a_out + a_err + b_out + b_err)
        return (json.loads(a_out), json.loads(b_out)) if a_out and b_out else (a_err, b_err)

    def test_a_key_its_certificates_and_no_second_key(self):
        made = self.prepare()
        self.assertGreater(made["random_bits_used"]["alice"], 600000)
        alice, bob = self.parties()
        self.assertEqual(alice["verdict"], "key")
        self.assertEqual((self.folder / "A.key").read_bytes(), (self.folder / "B.key").read_bytes())
        self.assertEqual((self.folder / "A.key").stat().st_mode & 0o777, 0o600)
        checked = self.run_json("qkd", "check", "A.key.certificate.json", "B.key.certificate.json")
        self.assertEqual(checked["key_bits"], alice["key_bits"])
        self.assertEqual(alice["files"]["key"], "A.key")
        self.assertEqual((checked["simulated"], checked["certified"], checked["adversary"], checked["epsilon"]), (True, True, "no-signalling", "1e-9"))
        out, _ = self.run_program("qkd", "check", "A.key.certificate.json")
        self.assertTrue(out.startswith("DEMONSTRATION"), out)
        self.assertEqual(out.splitlines()[1], f"{alice['key_bits']} bits of key, epsilon 1e-9, against a no-signalling adversary")
        for assumption in alice["certificate"]["assumptions"]:
            self.assertIn("assumes: " + assumption, out)
        self.assertIn("nothing is signed", out)
        # One certificate twice is not two that agree.
        _, err = self.run_program("qkd", "check", "A.key.certificate.json", "A.key.certificate.json", expect=1)
        self.assertIn("one party", err)
        lying = json.loads((self.folder / "A.key.certificate.json").read_text())
        lying["key_bits"] += 1
        (self.folder / "lying.json").write_text(json.dumps(lying))
        self.run_program("qkd", "check", "lying.json", expect=1)
        for text, word in (("{}", "'what' is missing"), ('{"what": "bellows key certificate", "version": 4, "party": 7}', "of the wrong type"), ("3", "")):
            (self.folder / "lying.json").write_text(text)
            _, err = self.run_program("qkd", "check", "lying.json", expect=3)
            self.assertNotIn("json.exception", err)
            self.assertIn(word, err)
        # A file of another kind is named, with the command that reads it.
        self.run_program("certify", "--trials", "1e8", "--mu", "1%", "--score", "0.84", "--method", "win", "--out", "c.json")
        self.run_program("certify", "--make-key", "lab")
        self.run_program("plan", "--grid", "--trials", "1e9", "--mu", "1%", "--method", "win", "--out", "plan.json")
        for words, kind, reader in ((("qkd", "check", "c.json"), "a certificate of random bits", "bellows verify"),
                                    (("qkd", "check", "c.public.json"), "a certificate of random bits", "bellows verify"),
                                    (("verify", "A.key.certificate.json"), "a key certificate", "bellows qkd check"),
                                    (("certify", "--check", "A.key.certificate.json"), "a key certificate", "bellows qkd check"),
                                    (("verify", "plan.json"), "a plan", "bellows plan --read"),
                                    (("plan", "--read", "c.json"), "a certificate of random bits", "bellows verify"),
                                    (("plan", "--check-witness", "plan.json"), "a plan", "bellows plan --read"),
                                    (("certify", "--trials", "1e8", "--mu", "1%", "--score", "0.84", "--out", "d.json", "--sign", "lab.pub"), "a public key", "bellows certify --check"),
                                    (("qkd", "alice", "--listen", "127.0.0.1:0", "--records", "A.trials", "--secret", "A.secret", "--key", "X",
                                      "--random-certificate", "A.key.certificate.json"), "a key certificate", "bellows qkd check")):
            _, err = self.run_program(*words, expect=3)
            self.assertIn("another kind of file", err, words)
            self.assertIn(f"got {kind}, which '{reader}", err, words)
        # Existing key file; then records that were used.
        out, err = self.run_program("qkd", "alice", "--listen", "127.0.0.1:0", "--records", "A.trials", "--secret", "A.secret", "--key", "A.key",
                                    expect=3)
        self.assertIn("exists", err)
        for name in ("A.key", "B.key"):
            (self.folder / name).rename(self.folder / ("old-" + name))
        # Not with another secret either, nor under another name.
        self.run_program("qkd", "secret", "--out-alice", "A2.secret", "--out-bob", "B2.secret")
        shutil.copy(self.folder / "A.trials", self.folder / "A2.trials")
        for records, secret in (("A", "A"), ("A", "A2"), ("A2", "A2")):
            _, err = self.run_program("qkd", "alice", "--listen", "127.0.0.1:0", "--records", records + ".trials", "--secret", secret + ".secret",
                                      "--key", "A.key", expect=1)
            self.assertIn("records make one key at most", err)

    def test_a_party_takes_its_own_records_only(self):
        self.prepare(pairs="100000")
        for party, where, own, other in (("alice", ("--listen", "127.0.0.1:0"), "A", "B"), ("bob", ("--connect", "127.0.0.1:9"), "B", "A")):
            _, err = self.run_program("qkd", party, *where, "--timeout", "1", "--records", other + ".trials", "--secret", own + ".secret", "--key", "K", expect=3)
            self.assertIn("the other party's records", err)
            self.assertIn(other + ".trials", err)
            self.assertFalse((self.folder / (own + ".secret.ledger")).exists())

    def test_random_bits_make_one_secret(self):
        payload = os.urandom(4000)
        (self.folder / "random.bits").write_bytes(struct.pack("<8sIIQ32s8s", b"BELLBITS", 1, 0, 8 * len(payload), bytes(32), bytes(8)) + payload)
        self.run_program("qkd", "secret", "--messages", "40", "--from", "random.bits", "--out-alice", "A.secret", "--out-bob", "B.secret")
        _, err = self.run_program("qkd", "secret", "--messages", "41", "--from", "random.bits", "--out-alice", "C.secret", "--out-bob", "D.secret", expect=1)
        self.assertIn("used already", err)

    def test_nothing_half_made_stays(self):
        few, enough = self.folder / "few.raw", self.folder / "b.raw"
        few.write_bytes(os.urandom(1000))
        enough.write_bytes(os.urandom(100000))
        words = ("qkd", "simulate", "--raw", "--pairs", "100000", "--gamma", "0.8775", "--bob-bits", "b.raw")
        logs = ("--alice", "A.trials", "--bob", "B.trials")
        before = sorted(path.name for path in self.folder.iterdir())
        _, err = self.run_program(*words, *logs, "--alice-bits", "few.raw", expect=3)
        self.assertRegex(err, r"expected about \d+ bits for 100000 pairs.*of alice's")
        _, err = self.run_program(*words, "--alice", "A.trials", "--bob", "no-folder/B.trials", "--alice-bits", "few.raw", expect=3)
        self.assertIn("no such folder", err)
        for wrong in (("--alice", "A.trials", "--bob", "A.trials"), ("--alice", "A.trials", "--bob", "./A.trials")):
            _, err = self.run_program(*words, *wrong, "--alice-bits", "few.raw", expect=2)
            self.assertIn("one file", err)
        _, err = self.run_program(*words, *logs, "--alice-bits", "b.raw", expect=2)
        self.assertIn("the same random bits", err)
        _, err = self.run_program("qkd", "secret", "--out-alice", "A.secret", "--out-bob", "./A.secret", expect=2)
        self.assertIn("one file", err)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir() if path.name != "state"), before)
        # A name that is taken is found before the random bits are used up.
        payload = os.urandom(4000)
        (self.folder / "random.bits").write_bytes(struct.pack("<8sIIQ32s8s", b"BELLBITS", 1, 0, 8 * len(payload), bytes(32), bytes(8)) + payload)
        (self.folder / "B.secret").write_text("mine")
        secret = ("qkd", "secret", "--messages", "40", "--from", "random.bits", "--out-alice", "A.secret", "--out-bob", "B.secret")
        self.run_program(*secret, expect=3)
        self.assertFalse((self.folder / "A.secret").exists())
        self.assertEqual((self.folder / "B.secret").read_text(), "mine")
        (self.folder / "B.secret").unlink()
        self.run_program(*secret)

    def test_a_run_as_planned_keeps_the_promise(self):
        plan = self.run_json("qkd", "plan", "--noise", "0", "--settings", "7", "--key-bits", "500")
        self.prepare(pairs=str(plan["pairs"]), gamma=str(plan["gamma"]))
        alice, bob = self.parties()
        self.assertGreaterEqual(alice["key_bits"], plan["key_bits"])
        # Each side holds the other's certificate, and can check it with neither key nor secret.
        for name in ("A.key", "A.secret", "B.key", "B.secret"):
            (self.folder / name).unlink()
        self.run_program("qkd", "check", "A.key.certificate.json", "A.key.peer.json")
        self.run_program("qkd", "check", "B.key.peer.json")
        touched = json.loads((self.folder / "B.key.peer.json").read_text())
        touched["assumptions"].pop(0)
        (self.folder / "touched.json").write_text(json.dumps(touched))
        _, err = self.run_program("qkd", "check", "touched.json", expect=1)
        self.assertIn("assumptions", err)

    def test_a_key_that_is_not_certified_says_so_first(self):
        self.prepare()
        alice, bob = self.parties("--correction", "ldpc")
        self.assertFalse(alice["certified"])
        self.assertEqual(alice["certificate"]["verdict"], "not_certified")
        self.assertEqual((self.folder / "A.key").read_bytes(), (self.folder / "B.key").read_bytes())
        out, _ = self.run_program("qkd", "check", "A.key.certificate.json")
        self.assertTrue(out.startswith("NOT CERTIFIED"), out)
        # A code that cannot correct so many errors.
        thin = json.loads((self.folder / "A.key.certificate.json").read_text())
        thin["error_correction"]["rows"] = 10
        (self.folder / "thin.json").write_text(json.dumps(thin))
        _, err = self.run_program("qkd", "check", "thin.json", expect=3)
        self.assertIn("error-correction scheme", err)

    def test_a_code_that_may_fail_is_certified_by_how_seldom(self):
        self.prepare()
        alice, _ = self.parties("--correction", "concatenated")
        self.assertTrue(alice["certified"])
        certificate = alice["certificate"]
        self.assertEqual(certificate["error_correction"]["code"], "concatenated")
        self.assertTrue(any("deal of the error correction" in a for a in certificate["assumptions"]))
        self.assertEqual((self.folder / "A.key").read_bytes(), (self.folder / "B.key").read_bytes())
        self.run_program("qkd", "check", "A.key.certificate.json", "B.key.certificate.json")
        # One that fails more often than the certificate's epsilon allows.
        certificate["error_correction"]["rows"] = certificate["error_correction"]["rows"][:-4]
        (self.folder / "thin.json").write_text(json.dumps(certificate))
        _, err = self.run_program("qkd", "check", "thin.json", expect=3)
        self.assertIn("fails too often", err)

    def test_noise_gives_no_key_and_exit_code_1(self):
        self.prepare(pairs="300000", noise="0.03")
        alice, bob = self.parties(expect=(1, 1))
        self.assertEqual(alice["verdict"], "no key")
        self.assertFalse((self.folder / "A.key").exists())

    def test_local_boxes_give_no_key(self):
        self.prepare(pairs="300000", model="local")
        self.parties(expect=(1, 1))

    def test_parties_must_agree(self):
        self.prepare(pairs="20000", gamma="57511/65536")
        for answer in self.parties(expect=(1, 1), bob=("--epsilon", "1e-6")):
            self.assertEqual(answer["verdict"], "stopped")  # and not "no key"
            self.assertIn(answer["incident"], ("none", "peer stopped"))
            self.assertFalse(answer["in_doubt"])
        # A certificate of random bits must be one.
        (self.folder / "none.json").write_text('{"verdict": "refused", "output_bits": 0, "adversary": "nobody at all"}')
        self.run_program("qkd", "alice", "--listen", "127.0.0.1:0", "--records", "A.trials", "--secret", "A.secret", "--key", "A.key",
                         "--random-certificate", "none.json", expect=3)

    @unittest.skipIf(SANITIZED, "MasanesPlan makes plans there")
    def test_plan_names_the_pairs_and_refuses_the_impossible(self):
        plan = self.run_json("qkd", "plan", "--noise", "0.005", "--key-bits", "220000")
        self.assertEqual((plan["settings"], plan["correction"], plan["certified"]), (7, "concatenated", True))
        self.assertLess(plan["pairs"], 1e8)
        self.assertGreater(plan["session_random_bits"], plan["raw_bits"] + plan["key_bits"])
        bch = self.run_json("qkd", "plan", "--noise", "0.005", "--key-bits", "220000", "--correction", "bch")
        self.assertEqual((bch["correction"], bch["certified"]), ("bch", True))
        self.assertGreater(bch["pairs"], plan["pairs"])
        self.assertLess(self.run_json("qkd", "plan", "--noise", "0.02")["pairs"], 2.5e7)
        ldpc = ("--correction", "ldpc")
        plan = self.run_json("qkd", "plan", "--noise", "0.005", "--key-bits", "240000", *ldpc)
        self.assertEqual((plan["correction"], plan["certified"]), ("ldpc", False))
        self.assertLess(plan["pairs"], 1.1e8)
        out, _ = self.run_program("qkd", "plan", "--noise", "0.005", *ldpc)
        self.assertTrue(out.startswith("NOT CERTIFIED"), out)
        self.run_json("qkd", "plan", "--noise", "0.03", expect=1)
        # What is promised with a chance is less than what the expected counts give, and less than the asymptotic rate.
        certain, expected = (self.run_json("qkd", "plan", "--pairs", "1e8", "--chance", chance, *ldpc)["key_bits"] for chance in ("0.999", "0"))
        self.assertLess(certain, expected)
        self.assertLess(expected, 270000)
        self.assertGreater(certain, 245000)
        self.assertLess(self.run_json("qkd", "plan", "--noise", "0.025", "--key-bits", "256", *ldpc)["pairs"], 5e8)
        certified = self.run_json("qkd", "plan", "--noise", "0.025", "--key-bits", "256")
        self.assertEqual((certified["correction"], certified["certified"]), ("concatenated", True))
        self.assertLess(certified["pairs"], 1.5e10)
        out, _ = self.run_program("qkd", "plan", "--noise", "0.026", expect=1)
        self.assertIn("--correction ldpc", out)
        self.assertNotIn("ldpc", self.run_program("qkd", "plan", "--noise", "0.03", expect=1)[0])
        self.run_program("qkd", "plan", "--correction", "turbo", expect=2)
        self.run_program("qkd", "plan", "--chance", "1", expect=2)
        self.run_program("qkd", "plan", "--epsilon", "1e-30", expect=2)
        self.run_json("qkd", "plan", "--noise", "0.03", "--adversary", "quantum")
        rows = {row["settings"]: row for row in self.run_json("qkd", "plan", "--table")["asymptotic"]}
        self.assertAlmostEqual(rows[7]["rate"], 0.004159, delta=1e-6)
        self.assertAlmostEqual(rows[7]["largest_noise"], 0.02757, delta=1e-5)

    @unittest.skipIf(SANITIZED, "the release run has the whole figure")
    def test_curves(self):
        points = self.run_json("qkd", "plan", "--curves")["curves"]
        rates = {pairs: [p["rate"] for p in points if p["pairs"] == pairs] for pairs in (10**6, 10**8, 10**12)}
        self.assertEqual([len(rates[pairs]) for pairs in rates], [11, 11, 11])
        for fewer, more in ((10**6, 10**8), (10**8, 10**12)):
            self.assertTrue(all(a <= b for a, b in zip(rates[fewer], rates[more])))
        self.assertGreater(rates[10**8][0], 0.0025)
        self.assertGreater(rates[10**12][9], 0)
        self.assertEqual([rates[pairs][10] for pairs in rates], [0, 0, 0])

    def test_few_pairs_at_the_best_gamma(self):
        for pairs in (1, 1000, 30000):
            for name in ("a", "b"):
                (self.folder / f"{name}.raw").write_bytes(os.urandom(pairs // 2 + 8192))
            made = self.run_json("qkd", "simulate", "--raw", "--pairs", pairs, "--alice-bits", "a.raw", "--bob-bits", "b.raw",
                                 "--alice", f"A{pairs}.trials", "--bob", f"B{pairs}.trials")
            self.assertEqual(made["pairs"], pairs)

    def test_the_preset_of_simulate_makes_the_same_halves(self):
        self.prepare(pairs="20000")
        self.run_json("simulate", "--preset", "masanes", "--trial-count", "20000", "--gamma", "0.8775", "--raw", "--alice-bits", "a.raw",
                      "--bob-bits", "b.raw", "--sim-seed", "1", "--out", "other")
        for name in ("A", "B"):
            other = self.folder / ("other." + {"A": "alice", "B": "bob"}[name] + ".trials")
            self.assertEqual(other.read_bytes(), (self.folder / f"{name}.trials").read_bytes())
        self.run_program("simulate", "--preset", "masanes", "--trial-count", "20000", "--out", "third", expect=2)

    def test_the_circle_closes(self):
        """Weak bits, amplified, into choices, settings, secret and hash; a key at the end (examples/circle)."""
        done = subprocess.run([sys.executable, ROOT / "examples/circle", PROGRAM, self.folder / "circle"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        report = json.loads((self.folder / "circle/report.json").read_text())
        self.assertGreater(report["key_bits"], 500)
        certificate = json.loads((self.folder / "circle/alice.key.certificate.json").read_text())
        self.assertIn("WEAKER OF TWO CLAIMS", certificate["claim"])
        self.assertEqual(certificate["hash"]["seed_origin"], "file")
        self.assertEqual([entry["party"] for entry in certificate["random_bits"]], ["alice", "bob"])
        self.assertFalse((self.folder / "circle/secret.bits").exists())

    def test_usage(self):
        self.run_program("qkd", expect=2)
        self.run_program("qkd", "alice", "--listen", "nowhere", "--secret", "x", expect=2)
        self.run_program("qkd", "plan", "--adversary", "friendly", expect=2)
        for words, hint in ((("--noise", "2"), "2 per cent is written 2%"), (("--noise", "-0.1"), "0 to 1"), (("--noise", "two"), "such as 0.02, 2%"),
                            (("--chance", "99"), "99 per cent is written 99%"), (("--pairs", "0"), "expected 1 to 2^50"), (("--pairs", "2^51"), "1 to 2^50"),
                            (("--key-bits", "0"), "expected 1 to 2^50"), (("--key-bits", "1e18"), "1 to 2^50"), (("--settings", "200"), "expected 2 to 100"),
                            (("--settings", "1"), "2 to 100"), (("--pairs", "1e7", "--key-bits", "256"), "one longest key")):
            self.assertIn(hint, self.run_program("qkd", "plan", *words, expect=2)[1], words)
        self.assertEqual(self.run_json("qkd", "plan", "--noise", "1.5%", "--chance", "99%", "--pairs", "1e8"),
                         self.run_json("qkd", "plan", "--noise", "0.015", "--chance", "0.99", "--pairs", "1e8"))
        for option in ("--noise", "--cheat"):
            _, err = self.run_program("qkd", "simulate", option, "2", "--alice-bits", "a", "--bob-bits", "b", "--alice", "A", "--bob", "B", expect=2)
            self.assertIn("2 per cent is written 2%", err)
        self.run_program("qkd", "bob", "--connect", "127.0.0.1:1", "--secret", "missing", "--settle", expect=3)


if __name__ == "__main__":
    main()
