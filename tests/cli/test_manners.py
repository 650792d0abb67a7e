import json
import os
import pty
import random
import re
import shutil
import signal
import subprocess
import threading
import unittest

from harness import ANY_METHOD, PROGRAM, SANITIZED, ProgramTest, main


class Completion(ProgramTest):
    def complete(self, *words):
        """What bash offers for the last of the words."""
        script, _ = self.run_program("completion", "bash")
        line = " ".join(f'"{word}"' for word in words)
        done = subprocess.run(["bash", "-c", f'{script}\nCOMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _bellows; printf "%s\\n" "${{COMPREPLY[@]}}"'],
                              capture_output=True, text=True, cwd=self.folder)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_bash_offers_verbs_options_and_words(self):
        self.assertIn("report", self.complete("bellows", "re"))
        self.assertIn("--version", self.complete("bellows", "--v"))
        self.assertIn("--sequence-bits", self.complete("bellows", "test", "--seq"))
        self.assertIn("kulikov-10", self.complete("bellows", "figure", "kulikov-1"))
        self.assertEqual(sorted(self.complete("bellows", "completion", "")), ["bash", "fish", "zsh"])
        (self.folder / "some.bits").write_text("")
        self.assertEqual(self.complete("bellows", "test", "so"), ["some.bits"])
        self.assertEqual(self.complete("bellows", "test", "--p-values", "so"), ["some.bits"])

    def test_scripts_are_well_formed(self):
        for shell, check in (("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "--no-execute"])):
            script, _ = self.run_program("completion", shell)
            self.assertIn("sequence-bits", script)
            self.assertEqual(self.run_json("completion", shell)["script"], script)
            if not shutil.which(check[0]):
                continue
            (self.folder / "script").write_text(script)
            done = subprocess.run([*check, "script"], cwd=self.folder, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""), shell)
        self.run_program("completion", "tcsh", expect=2)

    def test_fish_completes(self):
        if not shutil.which("fish"):
            self.skipTest("fish is not installed")
        script, _ = self.run_program("completion", "fish")
        (self.folder / "c.fish").write_text(script)
        done = subprocess.run(["fish", "-c", "source c.fish; complete -C 'bellows test --seq'"], cwd=self.folder, capture_output=True,
                              text=True, env={**os.environ, "HOME": str(self.folder)})
        self.assertIn("--sequence-bits", done.stdout)

    def test_parts_of_a_verb_and_option_groups_are_completed(self):
        for shell in ("bash", "zsh", "fish"):
            script, _ = self.run_program("completion", shell)
            for word in ("alice", "hash-seed", "out-bob", "curves", "cheat"):
                self.assertIn(word, script, shell)
        if shutil.which("bash"):
            script, _ = self.run_program("completion", "bash")
            (self.folder / "c.bash").write_text(script)
            done = subprocess.run(["bash", "-c", "source ./c.bash; COMP_WORDS=(bellows qkd al); COMP_CWORD=2; _bellows; echo ${COMPREPLY[@]}; "
                                   "COMP_WORDS=(bellows qkd alice --hash); COMP_CWORD=3; _bellows; echo ${COMPREPLY[@]}"],
                                  cwd=self.folder, capture_output=True, text=True)
            self.assertEqual(done.stdout.split(), ["alice", "--hash-seed"], done.stderr)


class Manual(ProgramTest):
    def test_man_page_holds_every_verb_and_option(self):
        page, _ = self.run_program("manual")
        helped, _ = self.run_program("--help")
        verbs = [line.split()[0] for line in helped.split("Subcommands:")[1].splitlines() if line.startswith("  ") and line[2] != " "]
        self.assertGreater(len(verbs), 5)
        for verb in verbs:
            self.assertTrue(f".SS bellows {verb}".replace("-", "\\-") in page, verb)
        self.assertTrue("\\-\\-sequence\\-bits" in page)
        plain = page.replace("\\-", "-")
        for verb in verbs:
            helped, _ = self.run_program(verb, "--help")
            _, found, rest = helped.partition("\nSubcommands:\n")
            parts = [line.split()[0] for line in rest.split("\n\n")[0].splitlines() if line.startswith("  ") and line[2] != " "] if found else []
            self.assertEqual(bool(parts), verb == "qkd", verb)
            section = plain.split(f".SS bellows {verb}")[1]
            for words in ((verb,), *((verb, part) for part in parts)):
                helped = self.run_program(*words, "--help")[0]
                section = plain.split(".SS bellows " + " ".join(words))[1].split("\n.SS")[0]
                for option in re.findall(r"^ +(?:-\w,)?(--[\w-]+)", helped.split("Options:", 1)[1], re.M):
                    self.assertIn(option, section, words)
                self.assertEqual(helped.count("Exit codes:"), section.count("Exit codes:"), words)
        if shutil.which("groff"):
            done = subprocess.run(["groff", "-man", "-Tascii", "-P-cbou", "-ww"], input=page, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0)
            self.assertNotIn("error", done.stderr)
            self.assertTrue("EXIT STATUS" in done.stdout, "no exit status in the formatted page")


class Terminal(ProgramTest):
    def on_terminal(self, *words, columns=80, stop_after=None, **variables):
        """Standard output and error on a terminal; Ctrl-C after so many seconds."""
        try:
            main_end, other = pty.openpty()
        except OSError as error:
            self.skipTest(f"this machine gives no terminal: {error}")
        import fcntl
        import struct
        import termios
        fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        environment = {key: value for key, value in self.environment.items() if key != "NO_COLOR"}
        process = subprocess.Popen([PROGRAM, *map(str, words)], stdout=other, stderr=other, cwd=self.folder, env={**environment, **variables})
        os.close(other)
        if stop_after:
            threading.Timer(stop_after, process.send_signal, [signal.SIGINT]).start()
        out = b""
        while True:
            try:
                piece = os.read(main_end, 65536)
            except OSError:
                break
            if not piece:
                break
            out += piece
        os.close(main_end)
        process.wait()
        return out.decode()

    def test_colour_only_where_wanted(self):
        (self.folder / "random").write_bytes(os.urandom(20000))
        coloured = self.on_terminal("test", "--raw", "random")
        self.assertIn("\033[32mpassed", coloured)
        self.assertNotIn("\033[32m", self.on_terminal("test", "--raw", "random", NO_COLOR="1"))
        plain, _ = self.run_program("test", "--raw", "random")
        self.assertNotIn("\033", plain)

    def test_lines_fit_the_terminal(self):
        (self.folder / "random").write_bytes(os.urandom(125000))
        self.run_program("simulate", "--preset", "cheat-win", "--trial-count", "2^18", "--sim-seed", 1, "--out", "log.trials")
        for columns in (80, 60, 40):
            for words in (("test", "--raw", "random"), ("test", "--raw", "--bits", "1000", "random"),
                          ("watch", "--once", "--mu", "0.1%", "log.trials")):
                text = re.sub("\033\\[[0-9;]*[mK]", "", self.on_terminal(*words, columns=columns))
                for line in text.replace("\r", "\n").splitlines():
                    self.assertLessEqual(len(line), columns, line)
        for words in (("bound", "--paper", "majority-five"), ("bound", "--paper", "chained"), ("protocol", "attacks", "--runs", "2"),
                      ("bound", "four-party", "--event", "00**@1000", "--at-most", "1/100")):
            text = re.sub("\033\\[[0-9;]*[mK]", "", self.on_terminal(*words, columns=80))
            for line in text.replace("\r", "\n").splitlines():
                self.assertLessEqual(len(line), 80, words)

    @unittest.skipIf(SANITIZED, "minutes before the solver begins")
    def test_a_long_program_tells_and_can_be_stopped(self):
        dice = random.Random(1)
        lines = [f"{a:07b} {x:07b} {dice.randint(-9, 9)}" for x in range(128) for a in range(128)]
        (self.folder / "seven.txt").write_text("bellows-functional 1\nsettings 2 2 2 2 2 2 2\n" + "\n".join(lines) + "\n")
        text = self.on_terminal("bound", "--file", "seven.txt", stop_after=4)  # by itself it would take minutes
        self.assertIn("linear program: ", text)
        self.assertNotIn("no-signalling boxes", text)

    def test_quiet_when_not_a_terminal(self):
        (self.folder / "random").write_bytes(os.urandom(500000))
        _, err = self.run_program("test", "--raw", "random")
        self.assertEqual(err, "")
        self.assertIn("testing: ", self.on_terminal("test", "--raw", "random"))
        self.assertNotIn("testing: ", self.on_terminal("test", "--raw", "--quiet", "random"))
        for words in (("bound", "--paper", "four-weighted"), ("figure", "masanes-2", "--out", "a.csv")):
            _, err = self.run_program(*words)
            self.assertEqual(err, "")

    def test_results_stand_on_lines_of_their_own(self):
        """Not behind a progress line that was left open, whichever verb left it."""
        self.run_program("amplify", "--preset", "tsirelson", "--mu", "0.75%", "--trial-count", "2^18" if SANITIZED else "2^22", "--sim-seed", 1,
                         "--out", "run", *ANY_METHOD)
        for words, result in ((("report", "run"), "run/report.html"), (("figure", "kulikov-4", "run", "--out", "a.svg"), "a.svg"),
                              (("figure", "kulikov-2", "--mu", "0.75%", "--out", "b.csv"), "b.csv")):
            text = self.on_terminal(*words)
            self.assertIn("%)", text)
            self.assertIn(result, text.replace("\r\n", "\n").split("\n"), repr(text))

    def test_json_is_one_document(self):
        (self.folder / "random").write_bytes(os.urandom(2000))
        out, _ = self.run_program("test", "--raw", "--json", "random")
        json.loads(out)


if __name__ == "__main__":
    main()
