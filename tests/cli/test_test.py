import os
import subprocess

from harness import PROGRAM, ProgramTest, main


class TestVerb(ProgramTest):
    def write(self, name, content):
        (self.folder / name).write_bytes(content)
        return name

    def test_the_nist_example_data(self):
        pi = self.shared("sp800-22/data.pi")
        expected = {}
        for line in self.shared("sp800-22/expected-p-values.csv").read_text().splitlines()[1:]:
            sequence, test, index, p = line.split(",")
            if sequence == "pi":
                expected[test, int(index)] = float(p)
        report = self.run_json("test", "--ascii", pi, "--sequences", 1)
        got = {(row["test"], row["index"]): row["p_values"][0] for row in report["rows"]}
        self.assertEqual(got.keys(), expected.keys())
        for key, p in expected.items():
            self.assertAlmostEqual(got[key], p, delta=1e-6, msg=str(key))
        self.assertEqual(report["verdict"], "passed")

    def test_short_constant_and_alternating_files(self):
        short = self.write("short", os.urandom(13))
        out, _ = self.run_program("test", "--raw", "--bits", 99, short, expect=3)
        self.assertIn("invalid: sequence of 99 bits, at least 100 needed", out)
        self.assertIn("verdict: invalid", out)
        self.assertIn("proves nothing about the origin", out)
        for content in (b"\x00", b"\xff", b"\x55"):
            name = self.write("constant", content * 250000)
            report = self.run_json("test", "--raw", name, expect=1)
            self.assertEqual(report["verdict"], "failed")
        empty = self.write("empty", b"")
        self.assertEqual(self.run_json("test", "--raw", empty, expect=3)["verdict"], "invalid")

    def test_sequences_that_are_too_short_for_their_tests(self):
        name = self.write("random", os.urandom(20000))
        out, _ = self.run_program("test", "--raw", "--any-length", "--sequence-bits", "1e3", name, expect=None)
        self.assertIn("Warning: sequences of 1000 bits are shorter", out)
        self.assertIn("warning", self.run_json("test", "--raw", "--any-length", "--sequence-bits", "1e3", name, expect=None))
        self.assertNotIn("Warning", self.run_program("test", "--raw", name)[0])

    def test_p_values_file_and_pipe(self):
        name = self.write("random", os.urandom(30000))
        self.run_program("test", "--raw", "--sequence-bits", 40000, "--p-values", "p.csv", name)
        lines = (self.folder / "p.csv").read_text().splitlines()
        self.assertEqual(lines[0], "sequence,test,index,p_value")
        self.assertEqual({line.split(",")[0] for line in lines[1:]}, {str(i) for i in range(6)})
        self.run_program("test", "--raw", "--sequence-bits", 40000, "--p-values", "p.csv", name, expect=3)
        done = subprocess.run([PROGRAM, "test", "--raw", "--json", "-"], input=os.urandom(1000), capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_bad_words(self):
        name = self.write("random", os.urandom(1000))
        self.run_program("test", name, expect=3)
        self.run_program("test", "nothing-here", expect=3)
        self.run_program("test", "--raw", "--ascii", name, expect=2)
        self.run_program("test", "--raw", "--sequence-bits", "0", name, expect=2)
        self.run_program("test", "--raw", "--sequence-bits", "many", name, expect=2)
        self.run_program("test", "--raw", "--serial-bits", "40", name, expect=2)
        self.run_program("test", "--raw", "--bits", "9000", name, expect=3)
        _, err = self.run_program("test", "--ascii", name, expect=3)
        self.assertIn("0, 1 or white space", err)


if __name__ == "__main__":
    main()
