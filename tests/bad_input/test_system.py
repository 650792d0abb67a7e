"""Disks that fill up and pipes that close."""
import os
import resource
import signal
import subprocess

from bad_input import PROGRAM, BadInput, digest_of, main, needs


def small_files(size_bytes):
    """To be run in the child: files may not grow beyond this, as on a disk that is full."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, size_bytes))

    return limit


class System(BadInput):
    def test_disk_full(self):
        records, log = self.records(count=1_000_000), self.log("log.trials", 1_000_000)
        self.refuses("import", records, self.folder / "out.trials", preexec_fn=small_files(100_000), says="cannot write")
        self.refuses("export", log, self.folder / "out.u8", preexec_fn=small_files(100_000), says="cannot write")
        with open("/dev/full", "wb") as full:
            for words in (["export", log, "-"], ["inspect", log], ["inspect", "--json", log], ["estimate", log]):
                process = self.start(*words, stdout=full)
                _, err = process.communicate()
                self.assertEqual(process.returncode, 3, words)
                self.assertIn(b"cannot write", err)

    @needs("simulate")
    def test_simulate_on_a_full_disk_goes_on_later(self):
        words = ["simulate", "--trial-count", "2^21", "--sim-seed", "5", "--quiet", "--out"]
        self.run_program(*words, self.folder / "whole.trials")
        cut = self.folder / "cut.trials"
        self.refuses(*words, cut, preexec_fn=small_files(200_000), says="cannot write", names=cut, changes=True)
        self.refuses(*words, cut, says="exists already", names=cut)
        self.run_program(*words, cut, "--continue")
        self.assertEqual(cut.read_bytes(), (self.folder / "whole.trials").read_bytes())

    def test_closed_pipe(self):
        log = self.log("log.trials", 1_000_000)
        for words in (["export", log, "-"], ["inspect", log], ["inspect", "--json", log]):
            read, write = os.pipe()
            os.close(read)
            process = self.start(*words, stdout=write)
            os.close(write)
            _, err = process.communicate()
            self.assertEqual((process.returncode, err), (0, b""), words)  # a reader that has enough is no fault

    def test_pipes_in(self):
        records = self.records().read_bytes()
        done = subprocess.run([PROGRAM, "import", "--format", "xyab-u8", "-", "in.trials"], input=records, cwd=self.folder)
        self.assertEqual(done.returncode, 0)
        back = subprocess.run([PROGRAM, "export", "in.trials", "-"], stdout=subprocess.PIPE, cwd=self.folder)
        self.assertEqual(back.stdout, records)
        process = self.start("import", "--format", "xyab-u8", "--relabel", "auto", "-", "b.trials", stdin=subprocess.PIPE)
        _, err = process.communicate(records)
        self.assertEqual(process.returncode, 3)
        self.assertIn(b"reads the file twice", err)

    def test_records_of_a_pipe_survive_a_full_disk(self):
        records = self.records().read_bytes()
        piped = (records * (800_000 // len(records) + 1))[:800_000]
        words = ["import", "--format", "xyab-u8", "--block-trials", "100000", "-", "in.trials"]
        done = subprocess.run([PROGRAM, *words], input=piped, cwd=self.folder, capture_output=True, preexec_fn=small_files(200_000))
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"cannot write", done.stderr)
        self.assertIn(b"300000 trials that came before are kept in in.trials", done.stderr)
        done = subprocess.run([PROGRAM, "import", "--continue", "-", "in.trials"], input=piped[300_000:], cwd=self.folder)
        self.assertEqual(done.returncode, 0)
        back = subprocess.run([PROGRAM, "export", "in.trials", "-"], stdout=subprocess.PIPE, cwd=self.folder)
        self.assertEqual(back.stdout, piped)

    @needs("amplify")
    def test_amplify_on_a_full_disk_goes_on_later(self):
        words = ["amplify", "--trial-count", "2^20", "--sim-seed", "7", "--out"]
        self.run_program(*words, self.folder / "whole", "--quiet", expect=None)
        self.refuses(*words, self.folder / "run", preexec_fn=small_files(200_000), says="cannot write", changes=True)
        self.run_program(*words, self.folder / "run", "--quiet", expect=None)
        whole, again = digest_of(self.folder / "whole"), digest_of(self.folder / "run")
        for name in ("log.trials", "seed.bits", "output.bits"):
            self.assertEqual(whole.get(name), again.get(name), name)


if __name__ == "__main__":
    main()
