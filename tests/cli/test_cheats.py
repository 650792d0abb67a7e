"""Devices that hold no entropy, through the whole program: refused, with no output."""
import harness


class Cheats(harness.ProgramTest):
    def refused(self, *words):
        out, _ = self.run_program("amplify", *words, "--sim-seed", 1, "--out", "run", expect=1)
        self.assertIn("not certified", out)
        self.assertFalse((self.folder / "run/output.bits").exists())
        for file in (self.folder / "run").iterdir():
            file.unlink()
        (self.folder / "run").rmdir()

    def test_every_cheat_is_refused(self):
        for preset in ("cheat-win", "cheat-mdl", "mixture", "memory-last-pair", "memory-history"):
            for mu in ("0.0075", "0.05"):
                self.refused("--preset", preset, "--trial-count", "2^20", "--mu", mu)


if __name__ == "__main__":
    harness.main()
