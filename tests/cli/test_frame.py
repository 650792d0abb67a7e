"""What every verb shares: help, version, usage errors, the choice of kernels."""
import re
import subprocess

import harness


class Frame(harness.ProgramTest):
    def test_version_and_help(self):
        self.assertRegex(self.run_program("--version")[0], r"^bellows \d+\.\d+\.\d+")
        top = self.run_program("--help")[0]
        verbs = re.findall(r"^  ([a-z][a-z-]*) ", top.split("Subcommands:")[1], re.M)
        self.assertIn("amplify", verbs)
        for verb in verbs:
            self.assertIn("--json", self.run_program(verb, "--help")[0], verb)

    def test_usage_errors_exit_2(self):
        for words in ([], ["no-such-verb"], ["amplify", "--no-such-option"], ["amplify"]):
            _, err = self.run_program(*words, expect=2)
            self.assertTrue(err.strip(), words)

    def test_kernel_names(self):
        self.environment["BELLOWS_KERNEL"] = "avx1024"
        _, err = self.run_program("inspect", "nothing", expect=2)
        self.assertIn("portable", err)


if __name__ == "__main__":
    harness.main()
