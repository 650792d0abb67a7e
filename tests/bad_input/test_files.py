"""The committed hostile files: each must give the error that its name says."""
from bad_input import HERE, BadInput, main


class Files(BadInput):
    def test_each_gives_the_error_of_its_name(self):
        files = sorted((HERE / "files").iterdir())
        self.assertGreater(len(files), 30)
        for file in files:
            words = file.name.split(".")[0].replace("-", " ").replace("_", ":").replace("NPY", ".npy").replace("BITS", ".bits")
            with self.subTest(file.name):
                if file.suffix in (".trials", ".bits"):
                    self.refuses("inspect", "--check", file, says=words, names=file)
                else:
                    message = self.refuses("import", file, self.folder / "out.trials", says=words, names=file)
                    self.assertIn("at byte", message)

    def test_kinds_are_not_mixed_up(self):
        log = self.log()
        bits = self.folder / "a.bits"
        bits.write_bytes(b"BELLBITS" + bytes(100))
        self.refuses("export", bits, self.folder / "out.u8", says="not a trial log", names=bits)
        self.refuses("estimate", bits, says="not a trial log", names=bits)
        for form in ("csv", "npy", "xyab-u8"):
            self.refuses("import", "--format", form, log, self.folder / "out", names=log)
        self.refuses("test", log, says="not a .bits file", names=log)


if __name__ == "__main__":
    main()
