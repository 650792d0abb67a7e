"""What a stranger can see of a published certificate."""
import json
import shutil
import subprocess
import unittest

from harness import ANY_METHOD, ProgramTest, main

SMALL = ["--trial-count", "2^20", "--mu", "0.01", "--epsilon", "1e-9", "--sim-seed", "3", "--quiet", *ANY_METHOD]


class Alone(ProgramTest):
    def published(self, *more):
        """A folder with the public certificate and nothing else, and what the owner's folder is called."""
        self.run_program("amplify", *SMALL, *more, "--out", "run")
        shutil.copytree(self.folder / "run", self.folder / "alone", ignore=lambda _, names: [n for n in names if ".public." not in n])
        return self.folder / "alone/certificate.public.json"

    def refused(self, file, what):
        process = self.start("verify", file, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.assertIn(process.wait(timeout=300), (1, 3), what)

    def test_what_follows_without_a_log(self):
        self.run_program("certify", "--make-key", "lab")
        file = self.published("--sign", "lab")
        sound = json.loads(file.read_text())
        self.assertNotIn("log", sound["digests"])
        log_digest = json.loads((self.folder / "run/certificate.json").read_text())["digests"]["log"]
        self.assertNotIn(log_digest, file.read_text())
        out, _ = self.run_program("verify", file, "--public-key", "lab.pub")
        self.assertIn(f"as far as it goes: {sound['output_bits']} certified bits", out)
        self.assertEqual(out.count("not checked"), 2)
        self.assertIn("the key asked for", out)
        report = self.run_json("verify", file)
        self.assertTrue(report["verified"])
        self.assertEqual(len(report["not_checked"]), 2)
        self.assertIn("entropy, losses and length follow from plan and threshold", [step["what"] for step in report["steps"]])
        # With the signature any change is found; without it, every one that contradicts the plan.
        file.write_text(json.dumps(sound))
        self.run_program("verify", file, expect=1)
        file.with_name(file.name + ".sig").unlink()
        self.run_program("verify", file)
        self.assertIn("not signed", self.run_program("verify", file, "--public-key", "lab.pub", expect=3)[1])

        def next_threshold(d):
            d["score"]["threshold_index"] += 1

        def loss(d):
            d["losses"][0]["bits"] -= 1

        def entropy(d):
            d["min_entropy_bits"] += 1

        def more_output(d):
            d["output_bits"] += 1
            d["losses"][-1]["parameters"]["output_bits"] += 1

        def assumption_gone(d):
            d["assumptions"].pop(6)

        def weaker_assumption(d):
            d["assumptions"][4] = d["assumptions"][4].replace("mu = 0.01", "mu = 0.02")

        def simulated(d):
            d["simulated"] = False

        for change in (next_threshold, loss, entropy, more_output, assumption_gone, weaker_assumption, simulated):
            document = json.loads(json.dumps(sound))
            change(document)
            self.assertNotEqual(document, sound, change.__name__)
            file.write_text(json.dumps(document))
            self.refused(file, change.__name__)
        # A plan that was made to measure and calls itself built-in.
        document = json.loads(json.dumps(sound))
        document["plan"]["thresholds"]["count"] = 3
        file.write_text(json.dumps(document))
        self.refused(file, "grid")

    def test_not_certified(self):
        self.run_program("amplify", "--device", "cheat-win", *SMALL, "--out", "run", expect=1)
        file = self.folder / "run/certificate.public.json"
        shutil.copy(file, self.folder / "alone.json")
        out, _ = self.run_program("verify", "alone.json")
        self.assertIn("as far as it goes: not certified", out)
        self.assertEqual(json.loads(file.read_text())["score"]["reason"], "")
        self.assertIn("[ok] certificate follows from plan and log", self.run_program("verify", file)[0])

    def test_public_mode(self):
        file = self.published("--mode", "public")
        certificate = json.loads(file.read_text())
        private = json.loads((self.folder / "run/certificate.json").read_text())
        self.assertEqual(certificate["digests"]["log"], private["digests"]["log"])
        self.assertIn(("publication: log-digest", 256), [(loss["step"], loss.get("bits")) for loss in certificate["losses"]])
        self.assertIn("not checked", self.run_program("verify", file)[0])
        # Then log, seed and output are published too.
        for name in ("plan.json", "log.trials", "seed.bits", "output.bits"):
            shutil.copy(self.folder / "run" / name, file.parent)
        out, _ = self.run_program("verify", file)
        self.assertIn("bits follow from log and seed", out)
        for step in ("log digest", "certificate follows from plan and log", "seed digest", "output"):
            self.assertIn(f"[ok] {step}", out)
        self.assertNotIn("not checked", out)
        for name in ("log.trials", "seed.bits", "output.bits", "plan.json"):
            sound = (file.parent / name).read_bytes()
            (file.parent / name).write_bytes(sound[:-9] + bytes([sound[-9] ^ 1]) + sound[-8:])
            self.refused(file, name)
            (file.parent / name).write_bytes(sound)
        # Another's log.
        self.run_program("amplify", *[w if w != "3" else "4" for w in SMALL], "--mode", "public", "--out", "other")
        self.assertIn("log digest does not match", self.run_program("verify", file, "--log", "other/log.trials", expect=1)[0])

    def test_a_folder_without_its_private_certificate(self):
        self.published()
        (self.folder / "run/certificate.json").unlink()
        _, err = self.run_program("verify", "run", expect=3)
        self.assertIn("bellows verify run/certificate.public.json", err)
        out, _ = self.run_program("verify", "run/certificate.public.json")
        self.assertIn("bits follow from log and seed", out)


if __name__ == "__main__":
    main()
