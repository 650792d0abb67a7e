"""Logs that are cut, corrupted byte by byte, or something else altogether, for every verb that reads one."""
import os
import struct

from bad_input import LONG, SANITIZED, BadInput, main, needs


class Damage(BadInput):
    def test_every_byte_of_the_header(self):
        log = self.log()
        sound = log.read_bytes()
        header_bytes = struct.unpack_from("<I", sound, 12)[0]
        hurt = self.folder / "hurt.trials"
        calls = self.readers_of_logs(hurt)
        step = 1 if LONG else 61 if SANITIZED else 3
        for number, words in enumerate(calls.values()):
            # Every byte by `inspect`; by the others, which open logs with the same code, one in so many.
            for at in range(number, header_bytes, 1 if words[0] == "inspect" and not SANITIZED else step):
                data = bytearray(sound)
                data[at] ^= 0x41
                hurt.write_bytes(data)
                with self.subTest(verb=words[0], byte=at):
                    self.refuses(*words, says="at byte", names=hurt)

    def test_random_bytes_of_the_body(self):
        log = self.log("log.trials", 5000, "--block-trials", "700")
        sound = log.read_bytes()
        hurt = self.folder / "hurt.trials"
        places = range(300, len(sound), 7 if LONG else 1501 if SANITIZED else 331)
        for words in self.readers_of_logs(hurt).values():
            for at in places:
                data = bytearray(sound)
                data[at] ^= 0x10
                hurt.write_bytes(data)
                with self.subTest(verb=words[0], byte=at):
                    self.refuses(*words, says="at byte", names=hurt)

    def test_cut_anywhere(self):
        log = self.log("log.trials", 5000, "--block-trials", "700")
        sound = log.read_bytes()
        hurt = self.folder / "hurt.trials"
        header_bytes = struct.unpack_from("<I", sound, 12)[0]
        for words in self.readers_of_logs(hurt).values():
            for size in [0, 1, 7, 8, 63, 64, header_bytes - 1, header_bytes, header_bytes + 1, header_bytes + 64, 1000,
                         len(sound) - 65, len(sound) - 64, len(sound) - 1]:
                hurt.write_bytes(sound[:size])
                if words[0] in ("inspect", "estimate", "figure", "watch") and size >= header_bytes:
                    continue  # they show a log that is being written as far as it goes
                with self.subTest(verb=words[0], size=size):
                    self.refuses(*words, names=hurt)

    def test_a_cut_log_says_so(self):
        log = self.log("log.trials", 5000, "--block-trials", "700")
        cut = self.folder / "cut.trials"
        cut.write_bytes(log.read_bytes()[:-1000])
        shown = self.run_json("inspect", cut)
        self.assertFalse(shown["complete"])
        self.assertGreater(shown["cut_bytes"], 0)
        self.assertLess(shown["trials"], 5000)
        out, _ = self.run_program("inspect", cut)
        self.assertIn("not complete", out)
        self.refuses("export", cut, self.folder / "out.u8", says="still being written, or was cut", names=cut)
        self.run_program("export", "--whole-blocks", cut, self.folder / "out.u8")
        self.assertEqual((self.folder / "out.u8").stat().st_size, shown["trials"])

    def test_foreign_files(self):
        foreign = {
            "empty.trials": b"",
            "text.trials": b"x,y,a,b\n0,1,1,0\n",
            "png.trials": b"\x89PNG\r\n\x1a\n" + bytes(1000),
            "zeros.trials": bytes(5000),
            "hdf5.trials": b"\x89HDF\r\n\x1a\n" + bytes(1000),
            "json.trials": b'{"protocol": "kulikov"}',
            "appended.trials": self.log().read_bytes() + b"x",
            "twice.trials": self.log("b.trials").read_bytes() * 2,
        }
        for name, data in foreign.items():
            path = self.folder / name
            path.write_bytes(data)
            for words in self.readers_of_logs(path).values():
                with self.subTest(verb=words[0], file=name):
                    self.refuses(*words, names=path)

    def test_what_is_no_file(self):
        for path in (self.folder, self.folder / "missing", "/dev/null"):
            for words in self.readers_of_logs(path).values():
                with self.subTest(verb=words[0], path=str(path)):
                    self.refuses(*words, names=path)
        if os.geteuid() != 0:
            log = self.log()
            log.chmod(0)
            for words in self.readers_of_logs(log).values():
                self.refuses(*words, says="ermission", names=log)

    def test_no_trials(self):
        empty = self.folder / "empty.u8"
        empty.write_bytes(b"")
        self.refuses("import", empty, self.folder / "out", expect=1, says="no trials", names=empty)
        # A log that its writer finished without a trial: header and end record.
        source = self.log("one.trials", 1)
        data = source.read_bytes()
        header_bytes = struct.unpack_from("<I", data, 12)[0]
        log = self.folder / "none.trials"
        log.write_bytes(data[:header_bytes] + end_record(data[:header_bytes]))
        self.assertTrue(self.run_json("inspect", "--check", log)["complete"])
        for verb, words in self.readers_of_logs(log).items():
            if verb not in ("inspect", "watch"):
                with self.subTest(verb=verb):
                    self.refuses(*words, expect=1, says="no trials")

    @needs("amplify")
    def test_amplify_on_records_of_laboratories(self):
        path = self.folder / "bad.csv"
        for text, says in [("time,channel\n1,2\n", "time stamps are not supported yet"),
                           ("0,1,2,0\n", "third outcome"), ("a,b\n", "missing"), ("\0\1\2", "number of columns")]:
            path.write_text(text)
            with self.subTest(text=text):
                self.refuses("amplify", "--trials", path, "--mu", "0.01", "--out", self.folder / "out", says=says, names=path)


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def end_record(header: bytes) -> bytes:
    import hashlib
    record = struct.pack("<8sQQ32s4x", b"TRIALEND", 0, 0, hashlib.sha256(header).digest())
    return record + struct.pack("<I", crc32c(record))


if __name__ == "__main__":
    main()
