import csv
import stat
import struct
import xml.dom.minidom

from harness import ProgramTest, main


class FigureVerb(ProgramTest):
    def size(self, name):
        data = (self.folder / name).read_bytes()
        self.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")
        return struct.unpack(">II", data[16:24])

    def test_figures_of_papers_in_three_formats(self):
        for name in ("masanes-2", "brandao-6"):
            for ending in ("svg", "png", "csv"):
                out, _ = self.run_program("figure", name, "--out", f"{name}.{ending}")
                self.assertEqual(out.strip(), f"{name}.{ending}")
            xml.dom.minidom.parse(str(self.folder / f"{name}.svg"))
            self.assertGreater(self.size(f"{name}.png")[0], 1000)
            self.assertTrue((self.folder / f"{name}.csv").read_text().startswith("panel,series,"))
        self.run_program("figure", "masanes-2", "--out", "masanes-2.svg", expect=3)
        self.run_program("figure", "masanes-2", "--out", "masanes-2.svg", "--overwrite")

    def test_trials_against_violation(self):
        self.run_program("figure", "kulikov-2", "--mu", "0.75%", "--out", "a.csv")
        rows = list(csv.reader((self.folder / "a.csv").read_text().splitlines()))[1:]
        published = next(row for row in rows if row[2] == "Kulikov 2024")
        self.assertAlmostEqual(float(published[3]), 2.271)
        near = min((row for row in rows if row[1].startswith("mu = 0.75 %") and row[4]), key=lambda row: abs(float(row[3]) - 2.271))
        # A million bits at S = 2.271 and mu = 0.75 % take some ten million trials, far fewer than the published run had.
        self.assertTrue(3e6 < float(near[4]) < 1e8, near)

    def test_output_bits_as_pixels_and_as_a_pad(self):
        self.run_program("import", "--help")
        bits = self.folder / "a.bits"
        payload = bytes(range(256)) * 8
        bits.write_bytes(b"BELLBITS" + struct.pack("<IIQ", 1, 0, len(payload) * 8) + bytes(40) + payload)
        self.run_program("figure", "kulikov-10", bits, "--columns", "128", "--out", "a.png")
        self.assertEqual(self.size("a.png"), (128, 128))
        self.assertEqual(stat.S_IMODE((self.folder / "a.png").stat().st_mode), 0o600)
        self.run_program("figure", "kulikov-10", bits, "--out", "a.svg")
        xml.dom.minidom.parse(str(self.folder / "a.svg"))
        self.run_program("figure", "kulikov-10", bits, "--bits", "10", "--columns", "4", "--out", "a.csv")
        self.assertEqual((self.folder / "a.csv").read_text(), "0,0,0,0\n0,0,0,0\n1,0\n")
        self.run_program("figure", "kulikov-10", bits, "--bits", "600", "--columns", "5", "--out", "image.png")
        _, err = self.run_program("figure", "kulikov-11", bits, "--image", "image.png", "--out", "pad.png")
        self.assertIn("used up", err)
        self.assertEqual(self.size("pad.png"), (18, 120))
        self.run_program("figure", "kulikov-11", bits, "--image", "a.png", "--out", "b.png", expect=2)  # pad too short
        self.run_program("figure", "kulikov-11", bits, "--image", bits, "--out", "b.png", expect=3)

    def test_bad_words(self):
        self.run_program("figure", "nothing", expect=2)
        self.run_program("figure", "masanes-2", "--out", "a.gif", expect=2)
        self.run_program("figure", "kulikov-4", expect=2)
        self.run_program("figure", "kulikov-4", "nowhere", expect=3)
        self.run_program("figure", "kulikov-2", "--mu", "60%", expect=2)
        self.run_program("figure", "kulikov-11", "nowhere", expect=2)


if __name__ == "__main__":
    main()
