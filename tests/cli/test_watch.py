import json
import signal
import time

from harness import ProgramTest, main


class WatchVerb(ProgramTest):
    def test_looks_once(self):
        self.run_program("simulate", "--preset", "kulikov-2024", "--trial-count", "2^20", "--sim-seed", 1, "--out", "log.trials")
        state = self.run_json("watch", "--once", "--mu", "0.0075", "log.trials")
        self.assertEqual(state["trials"], 2**20)
        self.assertTrue(state["complete"])
        self.assertEqual(state["alarms"], [])
        self.assertIn("no part of the proof", state["note"])
        out, _ = self.run_program("watch", "--once", "log.trials")
        self.assertIn("complete, 1,048,576 trials", out)
        self.assertNotIn("nan", out)

    def test_follows_until_the_log_is_complete(self):
        writer = self.start("simulate", "--preset", "kulikov-2024", "--trial-count", "2^26", "--sim-seed", 1, "--out", "log.trials", "--quiet")
        while not (self.folder / "log.trials").exists():
            time.sleep(0.01)
        out, _ = self.run_program("watch", "--json", "--interval", "0.1", "log.trials")
        states = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(writer.wait(), 0)
        self.assertEqual(states[-1]["trials"], 2**26)
        self.assertTrue(states[-1]["complete"])
        self.assertEqual([s["trials"] for s in states], sorted(s["trials"] for s in states))
        writer.stdout.close()
        writer.stderr.close()

    def test_a_cheat_and_bad_words(self):
        self.run_program("simulate", "--preset", "cheat-win", "--trial-count", "2^18", "--sim-seed", 1, "--out", "cheat.trials")
        state = self.run_json("watch", "--once", "--mu", "0.0075", "cheat.trials")
        self.assertLess(state["summary"]["omega"]["value"], 0.7625)
        (self.folder / "foreign").write_text("no log")
        self.run_program("watch", "--once", "foreign", expect=3)
        self.run_program("watch", "--once", "nowhere", expect=3)
        self.run_program("watch", "--once", "--mu", "0.5", "cheat.trials", expect=2)
        self.run_program("watch", "--once", "--html", "70000", "cheat.trials", expect=2)
        self.run_program("watch", "--once", "--interval", "nan", "cheat.trials", expect=2)

    def test_ends_with_ctrl_c(self):
        self.run_program("simulate", "--trial-count", "2^18", "--sim-seed", 1, "--out", "log.trials")
        watch = self.start("watch", "--html", "0", "log.trials")
        self.assertIn(b"http://127.0.0.1:", watch.stderr.readline())
        watch.send_signal(signal.SIGINT)
        watch.communicate(timeout=20)
        self.assertEqual(watch.returncode, 130)


if __name__ == "__main__":
    main()
